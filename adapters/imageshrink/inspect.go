package imageshrink

import "bytes"

// The formats that are decoded.
const (
	formatJPEG = "jpeg"
	formatPNG  = "png"
	formatTIFF = "tiff"
)

// What an image may cost beside its pixels.
const (
	maxWidth   = 1600
	maxHeight  = 1<<16 - 1 // of a JPEG
	maxMemory  = 64 << 20  // bytes of a decoded image, and of the one that is made
	maxScratch = 192 << 20 // bytes that a decoder needs beside it
	maxPasses  = 12        // times that each pixel of the largest image may be visited: scans of a progressive JPEG
)

// picture is what is known of an image before it is decoded.
type picture struct {
	format        string
	width, height int
	orientation   int    // as in EXIF, 1 to 8
	profile       []byte // ICC, of the color space RGB

	pixelBytes int   // of the decoded image
	scratch    int64 // bytes that the decoder needs beside it
	work       int64 // pixels that the decoder visits
}

// inspect finds out what an image is and what decoding it costs. It reports false for what must stay as it came: what is no
// image, or more than one picture, or would look different afterwards.
func inspect(content []byte) (picture, bool) {
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return inspectJPEG(content)
	case bytes.HasPrefix(content, []byte(pngHead)):
		return inspectPNG(content)
	case bytes.HasPrefix(content, []byte("II*\x00")), bytes.HasPrefix(content, []byte("MM\x00*")):
		return inspectTIFF(content)
	}
	return picture{}, false
}

// isAffordable reports whether the image fits into the budget.
func (p picture) isAffordable(maxPixels int) bool {
	if p.width < 1 || p.height < 1 || p.width > min(maxPixels, maxMemory/p.pixelBytes)/p.height {
		return false
	}
	columns, rows := scaledSize(p.width, p.height, maxWidth)
	return rows <= maxHeight && columns*rows <= maxMemory/4 && p.scratch <= maxScratch && p.work <= int64(maxPasses)*int64(maxPixels)
}

// isSquare reports whether the pixels of an image are as wide as high, give or take two percent: a fax is not, and would look
// squashed without its resolution.
func isSquare(x, y float64) bool {
	return x == 0 || y == 0 || max(x, y) <= 1.02*min(x, y)
}
