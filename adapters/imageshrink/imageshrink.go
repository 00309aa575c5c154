// Package imageshrink makes scans and photographs smaller for people who download many: never larger, never upside down, and
// never at the price of a page. It spends a bounded amount of time, work and memory on an image, whatever the image claims; what
// it does not understand in full or cannot afford, it leaves as it came. Start reading at Shrinker.Shrink; what an image holds
// and may cost is found out by inspect, before anything is decoded.
package imageshrink

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"time"

	"golang.org/x/image/tiff"

	"surgicase/adapters/internal/slots"
)

// MaxBytes is how large an image may be to be looked at: it is in memory meanwhile.
const MaxBytes = 24 << 20

const minBytes = 100 << 10 // smaller ones are fine as they are

// Budget is what an image may cost. What would cost more is left as it came.
type Budget struct {
	Megapixels int           // of an image
	Time       time.Duration // from asking to the answer, waiting included
	Slots      int           // images that are decoded at once: each takes much memory
	Share      int           // of them for one caller
}

// Shrinker makes images smaller within a budget.
type Shrinker struct {
	budget Budget
	slots  *slots.Slots
}

// New returns a shrinker with a budget.
func New(b Budget) *Shrinker {
	return &Shrinker{budget: b, slots: slots.New(b.Slots, b.Share)}
}

// Shrink returns an image as a smaller JPEG. It reports false where that would not be smaller, would lose a page, cannot be done,
// or costs more than the budget, and at once when the context ends. Go's decoders cannot be interrupted: one that overruns its
// time is left behind with its slot until the work it was admitted for is done, and nobody waits for it.
// Source: spec/reference-rules.md 9.2.
func (s *Shrinker) Shrink(ctx context.Context, caller string, content []byte) ([]byte, bool) {
	if len(content) < minBytes || len(content) > MaxBytes {
		return nil, false
	}
	p, ok := inspect(content)
	if !ok || !p.isAffordable(s.budget.Megapixels<<20) {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, s.budget.Time)
	release, err := s.slots.Take(ctx, caller)
	if err != nil {
		cancel()
		return nil, false
	}
	smaller := make(chan []byte, 1)
	go func() {
		defer cancel()
		defer release()
		defer runtime.GC()                              // the next image takes the place of this one, not a place beside it
		defer func() { _ = recover() }()                // an image must not end the program
		defer func() { close(smaller) }()               // after a panic, too
		if out := shrunk(ctx, p, content); out != nil { // nil: as it came
			smaller <- out
		}
	}()
	select {
	case out, ok := <-smaller:
		return out, ok
	case <-ctx.Done():
		return nil, false
	}
}

// shrunk decodes and encodes, and returns nil where that fails or is no gain.
func shrunk(ctx context.Context, p picture, content []byte) []byte {
	from, err := p.decode(&bounded{ctx, bytes.NewReader(content)})
	if err != nil || from.Bounds().Dx() != p.width || from.Bounds().Dy() != p.height {
		return nil
	}
	quality, width := aim(len(content))
	small, err := scaled(ctx, from, width)
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(small, p.orientation), &jpeg.Options{Quality: quality}); err != nil {
		return nil
	}
	whole := withProfile(out.Bytes(), p.profile)
	if len(whole) >= len(content) {
		return nil
	}
	return whole
}

// decode calls the decoder of the format itself: image.Decode would hide from the one of TIFF that it can read anywhere.
func (p picture) decode(from *bounded) (image.Image, error) {
	switch p.format {
	case formatPNG:
		return png.Decode(onlyReader{from})
	case formatTIFF:
		return tiff.Decode(from)
	}
	return jpeg.Decode(onlyReader{from})
}

type onlyReader struct{ io.Reader }

// bounded reads as long as the context lives: every decoder ends with an error soon after.
type bounded struct {
	ctx  context.Context //nolint:containedctx // the decoders take none
	from *bytes.Reader
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.from.Read(p)
}

func (b *bounded) ReadAt(p []byte, offset int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.from.ReadAt(p, offset)
}

// aim is the quality and the greatest width for an image of this many bytes.
func aim(size int) (quality, width int) {
	switch {
	case size > 10<<20:
		return 60, 1200
	case size > 5<<20:
		return 70, 1400
	}
	return 75, maxWidth
}

// scaledSize is how large an image comes out; it is never enlarged.
func scaledSize(w, h, width int) (int, int) { return min(w, width), max(1, h*min(w, width)/w) }

// scaled puts the image on white, no wider than the width. Each pixel is the mean of those it stands for, a few lines at a time:
// the filters of x/image hold the whole picture as floats.
func scaled(ctx context.Context, from image.Image, width int) (*image.RGBA, error) {
	b := from.Bounds()
	w, h := b.Dx(), b.Dy()
	columns, rows := scaledSize(w, h, width)
	out := image.NewRGBA(image.Rect(0, 0, columns, rows))
	strip := image.NewRGBA(image.Rect(0, 0, w, h/rows+2))
	for y := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		top := y * h / rows
		lines := max(1, (y+1)*h/rows-top)
		part := image.Rect(0, 0, w, lines)
		draw.Draw(strip, part, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, part, from, image.Pt(b.Min.X, b.Min.Y+top), draw.Over)
		average(out.Pix[y*out.Stride:][:4*columns], strip, lines)
	}
	return out, nil
}

// average writes one line of means of the lines of a strip.
func average(to []uint8, strip *image.RGBA, lines int) {
	w, columns := strip.Rect.Dx(), len(to)/4
	for x := range columns {
		left := x * w / columns
		right := max(left+1, (x+1)*w/columns)
		var sum [3]int
		for line := range lines {
			for at := line*strip.Stride + 4*left; at < line*strip.Stride+4*right; at += 4 {
				sum[0], sum[1], sum[2] = sum[0]+int(strip.Pix[at]), sum[1]+int(strip.Pix[at+1]), sum[2]+int(strip.Pix[at+2])
			}
		}
		n := lines * (right - left)
		for i, s := range sum {
			to[4*x+i] = uint8(s / n) //nolint:gosec // a mean of bytes
		}
		to[4*x+3] = 0xff
	}
}
