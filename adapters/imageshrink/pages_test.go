package imageshrink

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"slices"
	"testing"
)

// chunked puts a chunk behind the header of a PNG.
func chunked(content []byte, kind string, part []byte) []byte {
	const header = 8 + 25
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(part)))
	chunk = append(append(chunk, kind...), part...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(content[:header], chunk, content[header:])
}

// marked puts a segment behind the first marker of a JPEG.
func marked(content []byte, marker byte, part string) []byte {
	segment := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(part)+2))
	return slices.Concat(content[:2], segment, []byte(part), content[2:])
}

// exif is a directory with an orientation, as a number of two bytes or of four, in either byte order.
func exif(order binary.AppendByteOrder, kind uint16, orientation uint32) []byte {
	out := []byte("II*\x00\x08\x00\x00\x00\x01\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		out = []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	}
	out = order.AppendUint16(order.AppendUint16(out, tagOrientation), kind)
	out = order.AppendUint32(out, 1)
	if kind == 3 {
		return append(order.AppendUint16(out, uint16(orientation)), make([]byte, 6)...)
	}
	return append(order.AppendUint32(out, orientation), make([]byte, 4)...)
}

func profile(space string) string {
	p := make([]byte, 300)
	copy(p[16:], space)
	return string(p)
}

func TestShrinker_Shrink_leavesWhatIsMoreThanOnePicture(t *testing.T) {
	photo, shot := jpegOf(t, noisy(400, 300), 1), pngOf(t, noisy(300, 300))
	resolution := func(x, y uint16) string {
		return string(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte("JFIF\x00\x01\x01\x01"), x), y)) + "\x00\x00"
	}
	physical := func(x, y uint32) []byte {
		return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, x), y), 1)
	}
	for what, content := range map[string][]byte{
		"a TIFF of two pages":                  scanned(600, 400, 8),
		"a TIFF with directories inside":       scanned(600, 400, 0, [4]uint32{tagSubIFDs, 4, 1, 8}),
		"a TIFF with its colors apart":         scanned(600, 400, 0, [4]uint32{tagPlanar, 3, 1, 2}),
		"a TIFF with its bits turned around":   scanned(600, 400, 0, [4]uint32{tagFillOrder, 3, 1, 2}),
		"a JPEG of several pictures (MPO)":     marked(photo, 0xe2, "MPF\x00II*\x00"),
		"two JPEGs in one file":                append(slices.Clone(photo), photo...),
		"two JPEGs with something in between":  append(append(slices.Clone(photo), make([]byte, 99)...), photo...),
		"a PNG that moves":                     chunked(shot, "acTL", make([]byte, 8)),
		"a PNG with EXIF in a text":            chunked(shot, "zTXt", []byte("Raw profile type exif\x00\x00x")),
		"a JPEG of pixels that are not square": marked(photo, 0xe0, resolution(204, 98)),
		"a PNG of pixels that are not square":  chunked(shot, "pHYs", physical(8031, 3858)),
		"a JPEG with a profile of grey":        marked(photo, 0xe2, profileHead+"\x01\x01"+profile("GRAY")),
		"a JPEG with half a profile":           marked(photo, 0xe2, profileHead+"\x01\x02"+profile("RGB ")),
	} {
		if _, ok := shrink(content); ok {
			t.Errorf("%s became one JPEG", what)
		}
	}
	for what, content := range map[string][]byte{
		"a JPEG of square pixels": marked(photo, 0xe0, resolution(300, 300)), "a PNG of square pixels": chunked(shot, "pHYs", physical(2835, 2835)),
		"a PNG with a text": chunked(shot, "tEXt", []byte("Title\x00x")), "a JPEG with bytes behind its end": append(slices.Clone(photo), make([]byte, 99)...),
		"a JPEG with a fill byte": slices.Concat(photo[:2], []byte{0xff}, photo[2:]),
	} {
		if _, ok := shrink(content); !ok {
			t.Errorf("%s stayed as it came", what)
		}
	}
}

func decoded(t *testing.T, what string, content []byte) image.Image {
	t.Helper()
	out, ok := shrink(content)
	if !ok {
		t.Fatalf("%s stayed as it came", what)
	}
	img, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestShrinker_Shrink_standsEveryFormatUpright(t *testing.T) {
	photo, shot := jpegOf(t, noisy(400, 300), 1), pngOf(t, noisy(400, 300))
	plain := slices.Concat(photo[:2], photo[2+2+34:]) // without the EXIF part of jpegOf
	for what, content := range map[string][]byte{
		"a TIFF":                             scanned(600, 400, 0, [4]uint32{tagOrientation, 3, 1, 6}),
		"a TIFF with a long number":          scanned(600, 400, 0, [4]uint32{tagOrientation, 4, 1, 6}),
		"a PNG":                              chunked(shot, "eXIf", exif(binary.BigEndian, 3, 6)),
		"a JPEG with EXIF behind JFIF":       marked(marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 3, 6))), 0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
		"a JPEG with EXIF behind XMP":        marked(marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.BigEndian, 4, 6))), 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>"),
		"a JPEG with a fill byte before":     slices.Concat(plain[:2], []byte{0xff}, marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 3, 6)))[2:]),
		"a JPEG with a long number, MM":      marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.BigEndian, 4, 6))),
		"a JPEG with a long number, II":      marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 4, 6))),
		"a JPEG with EXIF behind a profile":  marked(marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 3, 6))), 0xe2, profileHead+"\x01\x01"+profile("RGB ")),
		"a JPEG with EXIF behind a comment ": marked(marked(plain, 0xe1, "Exif\x00\x00"+string(exif(binary.LittleEndian, 3, 6))), 0xfe, "hello"),
	} {
		if b := decoded(t, what, content).Bounds(); b.Dx() >= b.Dy() {
			t.Errorf("%s lies on its side: %v", what, b)
		}
	}
}

func TestShrinker_Shrink_keepsTheColors(t *testing.T) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write([]byte(profile("RGB ")))
	_ = z.Close()
	for what, content := range map[string][]byte{
		"a JPEG": marked(marked(jpegOf(t, noisy(400, 300), 1), 0xe2, profileHead+"\x02\x02"+profile("RGB ")[150:]), 0xe2, profileHead+"\x01\x02"+profile("RGB ")[:150]),
		"a PNG":  chunked(pngOf(t, noisy(300, 300)), "iCCP", append([]byte("Display P3\x00\x00"), packed.Bytes()...)),
	} {
		out, ok := shrink(content)
		if !ok {
			t.Fatalf("%s stayed as it came", what)
		}
		var j jpegParts
		j.fine = true
		j.walk(out)
		if kept, ok := joinProfile(j.pieces); !ok || string(kept) != profile("RGB ") {
			t.Errorf("%s lost its profile: %d bytes", what, len(kept))
		}
	}
	long := bytes.Repeat([]byte("x"), 200_000)
	var j jpegParts
	j.walk(withProfile([]byte("\xff\xd8\xff\xd9"), long))
	if len(j.pieces) != 4 || len(j.pieces[3])-2 != 200_000-3*maxPiece {
		t.Errorf("a long profile has %d pieces", len(j.pieces))
	}
}
