package imageshrink

import (
	"encoding/binary"
	"image"
)

// orientation reads how a camera was held from the EXIF part of a JPEG: 1 to 8, 1 for upright or unknown.
// Source: EXIF 2.3, 4.6.2.
func orientation(content []byte) int {
	for at := 2; at+4 <= len(content) && content[0] == 0xff && content[at] == 0xff; {
		marker, length := content[at+1], int(binary.BigEndian.Uint16(content[at+2:]))
		if length < 2 || at+2+length > len(content) || marker == 0xda { // the picture begins
			return 1
		}
		if part := content[at+4 : at+2+length]; marker == 0xe1 && len(part) > 14 && string(part[:6]) == "Exif\x00\x00" {
			return fromTIFF(part[6:])
		}
		at += 2 + length
	}
	return 1
}

func fromTIFF(t []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if string(t[:2]) == "MM" {
		order = binary.BigEndian
	}
	first := int(order.Uint32(t[4:]))
	if first < 8 || first+2 > len(t) {
		return 1
	}
	for i := range int(order.Uint16(t[first:])) {
		at := first + 2 + 12*i
		if at+12 > len(t) {
			return 1
		}
		if order.Uint16(t[at:]) == 0x0112 {
			if is := int(order.Uint16(t[at+8:])); is >= 1 && is <= 8 {
				return is
			}
			return 1
		}
	}
	return 1
}

// upright turns and mirrors an image by its orientation.
func upright(from *image.RGBA, orientation int) image.Image {
	w, h := from.Rect.Dx(), from.Rect.Dy()
	places := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return h - 1 - y, x },
		7: func(x, y int) (int, int) { return h - 1 - y, w - 1 - x },
		8: func(x, y int) (int, int) { return y, w - 1 - x },
	}
	place, turned := places[orientation]
	if !turned {
		return from
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := place(x, y)
			to.SetRGBA(tx, ty, from.RGBAAt(x, y))
		}
	}
	return to
}
