// Package imageshrink makes scans and photographs smaller for people who download many: never larger, and
// never upside down.
package imageshrink

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // is decoded

	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff" // is decoded
)

// Most is how large an image may be, in bytes, to be looked at: it is in memory meanwhile.
const Most = 24 << 20

const (
	smallest   = 100 << 10 // smaller ones are fine as they are
	mostPixels = 16 << 20  // decoded, more would take too much memory
)

// Shrink gives an image as a smaller JPEG. It says no where that would not be smaller, or where it cannot be
// done. Source: spec/reference-rules.md 9.2.
func Shrink(content []byte) ([]byte, bool) {
	if len(content) < smallest || len(content) > Most {
		return nil, false
	}
	is, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || is.Width < 1 || is.Height < 1 || is.Width > mostPixels/is.Height {
		return nil, false
	}
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

// scaled puts the image on white, no wider than the width; it is never enlarged.
func scaled(from image.Image, width int) *image.RGBA {
	b := from.Bounds()
	to := image.Rect(0, 0, b.Dx(), b.Dy())
	if b.Dx() > width {
		to = image.Rect(0, 0, width, max(1, b.Dy()*width/b.Dx()))
	}
	out := image.NewRGBA(to)
	draw.Draw(out, to, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, to, from, b, draw.Over, nil)
	return out
}
