package imageshrink

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"surgicase/test/hostile"
)

func TestShrinker_Shrink_refusesWhatItCannotAfford(t *testing.T) {
	bomb := hostile.Padded(hostile.JPEG(8192, 500))
	t.Logf("%d bytes", len(bomb))
	start := time.Now()
	if _, ok := shrink(bomb); ok {
		t.Error("five hundred scans were decoded")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, ok := inspect(hostile.Padded(hostile.JPEG(1024, 10))); !ok {
		t.Error("ten scans of a small image are refused")
	}
}

// TestShrinker_Shrink_endsWithItsTime: a decoder that cannot be stopped holds its slot, and nobody waits for it.
func TestShrinker_Shrink_endsWithItsTime(t *testing.T) {
	slow := hostile.Padded(hostile.JPEG(4096, 40)) // fits the budget of a gigapixel
	if p, ok := inspect(slow); !ok || !p.isAffordable(1<<30) {
		t.Fatalf("%+v, %v", p, ok)
	}
	good := pngOf(t, noisy(300, 300))
	s := New(Budget{Megapixels: 1024, Time: time.Minute, Slots: 2, Share: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, ok := s.Shrink(ctx, "hostile", slow); ok {
		t.Fatal("the slow one was decoded in time")
	}
	if ctx.Err() == nil {
		t.Fatal("it gave up before its time")
	}
	if _, ok := s.Shrink(t.Context(), "another", good); !ok {
		t.Error("another caller's image waits for it")
	}
	if _, ok := s.Shrink(ctx, "another", good); ok {
		t.Error("an image is decoded for a request that has ended")
	}
	if _, ok := s.Shrink(t.Context(), "hostile", good); !ok {
		t.Error("the slot was not given back when the work was done")
	}
}

// tiff is a grey TIFF, little-endian: entries are tag, kind, count, value.
func tiffOf(next uint32, content []byte, entries ...[4]uint32) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(8+len(content)))
	out = append(out, content...)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	for _, e := range entries {
		out = binary.LittleEndian.AppendUint16(out, uint16(e[0]))
		out = binary.LittleEndian.AppendUint16(out, uint16(e[1]))
		out = binary.LittleEndian.AppendUint32(out, e[2])
		out = binary.LittleEndian.AppendUint32(out, e[3])
	}
	return binary.LittleEndian.AppendUint32(out, next)
}

// scanned is a grey TIFF of w × h pixels with a pattern and a dark corner at the upper left, and more entries.
func scanned(w, h int, next uint32, more ...[4]uint32) []byte {
	pixels := make([]byte, w*h)
	for i := range pixels {
		if pixels[i] = byte(128 + i*7919>>3%128); i%w < w/4 && i/w < h/4 {
			pixels[i] = 0
		}
	}
	entries := [][4]uint32{
		{tagWidth, 3, 1, uint32(w)}, {tagHeight, 3, 1, uint32(h)}, {tagBits, 3, 1, 8}, {tagCompression, 3, 1, 1}, {262, 3, 1, 1}, {273, 4, 1, 8},
	}
	var before, after [][4]uint32
	for _, e := range more {
		if e[0] < tagRows {
			before = append(before, e)
		} else {
			after = append(after, e)
		}
	}
	entries = append(append(entries, before...), [4]uint32{tagRows, 3, 1, uint32(h)}, [4]uint32{tagStripBytes, 4, 1, uint32(w * h)})
	return tiffOf(next, pixels, append(entries, after...)...)
}

func TestInspect_tiffBombs(t *testing.T) {
	if _, ok := shrink(scanned(600, 400, 0)); !ok {
		t.Fatal("an honest one is refused")
	}
	fax := func(blocks, each uint32) []byte { // as many tiny strips, all of them the same bytes, or each the whole file
		counts := bytes.Repeat(binary.LittleEndian.AppendUint32(nil, each), int(blocks))
		return tiffOf(0, counts, [4]uint32{tagWidth, 3, 1, 64}, [4]uint32{tagHeight, 4, 1, blocks}, [4]uint32{tagBits, 3, 1, 8}, [4]uint32{tagCompression, 3, 1, 8},
			[4]uint32{262, 3, 1, 1}, [4]uint32{273, 4, blocks, 8}, [4]uint32{tagRows, 3, 1, 1}, [4]uint32{tagStripBytes, 4, blocks, 8})
	}
	for what, content := range map[string][]byte{
		"a million strips":         fax(1<<20, 1),
		"strips that overlap":      fax(1<<15, 1<<17),
		"an image that claims all": tiffOf(0, make([]byte, 200<<10), [4]uint32{tagWidth, 4, 1, 1 << 30}, [4]uint32{tagHeight, 4, 1, 1 << 30}, [4]uint32{tagStripBytes, 4, 1, 9}),
		"tiles beyond the image": tiffOf(0, make([]byte, 200<<10), [4]uint32{tagWidth, 4, 1, 100}, [4]uint32{tagHeight, 4, 1, 100}, [4]uint32{tagCompression, 3, 1, 8},
			[4]uint32{tagTileWidth, 4, 1, 1 << 25}, [4]uint32{tagTileLength, 4, 1, 1 << 25}, [4]uint32{tagTileBytes, 4, 1, 9}),
		"a deflated block of a gigabyte": tiffOf(0, make([]byte, 200<<10), [4]uint32{tagWidth, 4, 1, 8000}, [4]uint32{tagHeight, 4, 1, 8000}, [4]uint32{tagBits, 3, 1, 8}, [4]uint32{tagCompression, 3, 1, 8},
			[4]uint32{tagRows, 4, 1, 8000}, [4]uint32{tagStripBytes, 4, 1, 9}),
		"directories beyond the end": append([]byte("II*\x00\xff\xff\xff\xff"), make([]byte, 200<<10)...),
	} {
		if p, ok := inspect(content); ok && p.isAffordable(64<<20) {
			t.Errorf("%s is decoded", what)
		}
		shrink(content) // never panics
	}
}
