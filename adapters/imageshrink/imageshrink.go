// Package imageshrink makes scans and photographs smaller for people who download many: never larger, and
// never upside down.
package imageshrink

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // is decoded
	"runtime"
	"sync"

	_ "golang.org/x/image/tiff" // is decoded
)

// Most is how large an image may be, in bytes, to be looked at: it is in memory meanwhile.
const Most = 24 << 20

const (
	smallest   = 100 << 10 // smaller ones are fine as they are
	mostMemory = 64 << 20  // of a decoded image
)

// one picture at a time is decoded, whoever asks: each takes much memory.
var one sync.Mutex

// Shrink gives an image as a smaller JPEG. It says no where that would not be smaller, or where it cannot be
// done. Source: spec/reference-rules.md 9.2.
func Shrink(content []byte) ([]byte, bool) {
	if len(content) < smallest || len(content) > Most {
		return nil, false
	}
	is, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || is.Width < 1 || is.Height < 1 || is.Width > mostMemory/bytesOf(is.ColorModel)/is.Height {
		return nil, false
	}
	one.Lock()
	defer one.Unlock()
	defer runtime.GC() // the next picture takes the place of this one, not a place beside it
	from, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, false
	}
	quality, width := aim(len(content))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(scaled(from, width), orientation(content)), &jpeg.Options{Quality: quality}); err != nil || out.Len() >= len(content) {
		return nil, false
	}
	return out.Bytes(), true
}

// bytesOf is how much memory a pixel takes.
func bytesOf(model color.Model) int {
	switch model {
	case color.GrayModel:
		return 1
	case color.YCbCrModel:
		return 3
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel:
		return 4
	}
	return 8
}

// aim is the quality and the greatest width for an image of this many bytes.
func aim(size int) (quality, width int) {
	switch {
	case size > 10<<20:
		return 60, 1200
	case size > 5<<20:
		return 70, 1400
	}
	return 75, 1600
}

// scaled puts the image on white, no wider than the width; it is never enlarged. Each pixel is the mean of
// those it stands for, a few lines at a time: the filters of x/image hold the whole picture as floats.
func scaled(from image.Image, width int) *image.RGBA {
	b := from.Bounds()
	w, h := b.Dx(), b.Dy()
	out := image.NewRGBA(image.Rect(0, 0, min(w, width), max(1, h*min(w, width)/w)))
	rows := out.Rect.Dy()
	strip := image.NewRGBA(image.Rect(0, 0, w, h/rows+2))
	for y := range rows {
		top := y * h / rows
		lines := max(1, (y+1)*h/rows-top)
		part := image.Rect(0, 0, w, lines)
		draw.Draw(strip, part, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, part, from, image.Pt(b.Min.X, b.Min.Y+top), draw.Over)
		average(out.Pix[y*out.Stride:][:4*out.Rect.Dx()], strip, lines)
	}
	return out
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
