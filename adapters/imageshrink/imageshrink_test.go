package imageshrink

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
	"time"
)

// noisy is an image that does not compress, with a red corner at the upper left.
func noisy(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(r.IntN(100)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
			if x < w/4 && y < h/4 {
				img.SetRGBA(x, y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
	return img
}

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, img image.Image, orientation byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte{0xff, 0xe1, 0, 34}, "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"...)
	exif = append(exif, orientation, 0, 0, 0, 0, 0, 0, 0)
	return append(append([]byte{0xff, 0xd8}, exif...), b.Bytes()[2:]...)
}

// shrink makes an image smaller with time to spare.
func shrink(content []byte) ([]byte, bool) {
	return New(Budget{Megapixels: 64, Time: time.Minute, Slots: 1, Share: 1}).Shrink(context.Background(), "a", content)
}

func TestImagesBecomeSmallerAndNeverLarger(t *testing.T) {
	large := pngOf(t, noisy(2000, 1000))
	out, ok := shrink(large)
	if !ok || len(out) >= len(large) {
		t.Fatalf("%v, %d of %d bytes", ok, len(out), len(large))
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if _, width := aim(len(large)); err != nil || img.Bounds().Dx() != width || img.Bounds().Dy() != width/2 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
	poor, err2 := func() ([]byte, error) {
		var b bytes.Buffer
		err := jpeg.Encode(&b, noisy(1500, 1500), &jpeg.Options{Quality: 10})
		return b.Bytes(), err
	}()
	if _, ok := shrink(poor); err2 != nil || len(poor) < minBytes || ok {
		t.Errorf("an image of poor quality (%d bytes) became larger", len(poor))
	}
	for what, content := range map[string][]byte{
		"a small one": pngOf(t, noisy(50, 50)), "no image": make([]byte, 200<<10), "a cut one": large[:len(large)/2], "nothing": nil,
		"a huge claim": append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\x00\x00\x00"), make([]byte, 200<<10)...),
	} {
		if _, ok := shrink(content); ok {
			t.Errorf("%s was made smaller", what)
		}
	}
}

// TestImagesStandUpright: where the red corner must be for each way to hold a camera.
func TestImagesStandUpright(t *testing.T) {
	corners := map[byte][2]bool{ // right, low
		1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true}, 5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	}
	for orientation, want := range corners {
		out, ok := shrink(jpegOf(t, noisy(400, 300), orientation))
		if !ok {
			t.Fatalf("%d: not smaller", orientation)
		}
		img, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		x, y := 5, 5
		if want[0] {
			x = b.Dx() - 6
		}
		if want[1] {
			y = b.Dy() - 6
		}
		if r, g, _, _ := img.At(x, y).RGBA(); r>>8 < 200 || g>>8 > 80 || (b.Dx() > b.Dy()) != (orientation < 5) {
			t.Errorf("orientation %d: %v, the corner is %v", orientation, b, img.At(x, y))
		}
	}
}
