package imageshrink

import "encoding/binary"

// Tags of TIFF. Source: TIFF 6.0, and its technical note 1 for subIFDs.
const (
	tagWidth, tagHeight, tagBits, tagCompression = 256, 257, 258, 259
	tagFillOrder, tagOrientation, tagRows        = 266, 274, 278
	tagStripBytes, tagXResolution, tagYRes       = 279, 282, 283
	tagPlanar, tagT4Options                      = 284, 292
	tagTileWidth, tagTileLength, tagTileBytes    = 322, 323, 325
	tagSubIFDs, tagProfile                       = 330, 34675
)

// maxBlocks is how many strips or tiles a TIFF may have: a decoder is made for each.
const maxBlocks = 1 << 16

// directory is the first directory of a TIFF structure: a TIFF, or the EXIF part of another image.
type directory struct {
	content []byte
	order   binary.ByteOrder
	entries map[int][]byte // 12 bytes each, by tag
	next    uint32         // where the next directory lies; 0 for none
}

func readDirectory(content []byte) (directory, bool) {
	d := directory{content: content, order: binary.LittleEndian, entries: map[int][]byte{}}
	if len(content) < 8 {
		return d, false
	}
	if string(content[:2]) == "MM" {
		d.order = binary.BigEndian
	}
	at := int64(d.order.Uint32(content[4:]))
	if at < 8 || at+2 > int64(len(content)) {
		return d, false
	}
	count := int64(d.order.Uint16(content[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(content)) {
			return d, false
		}
		d.entries[int(d.order.Uint16(content[entry:]))] = content[entry : entry+12]
	}
	if end := at + 2 + 12*count; end+4 <= int64(len(content)) {
		d.next = d.order.Uint32(content[end:])
	}
	return d, true
}

// value returns the bytes of an entry, and how many values they are. It reports false if there is none, or it is not whole.
func (d directory) value(tag int) (raw []byte, kind, count int, ok bool) {
	e := d.entries[tag]
	if e == nil {
		return nil, 0, 0, false
	}
	sizes := []int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}
	kind = int(d.order.Uint16(e[2:]))
	if kind >= len(sizes) {
		return nil, 0, 0, false
	}
	n := int64(d.order.Uint32(e[4:]))
	raw = e[8:]
	if n*sizes[kind] > 4 {
		raw = d.content[min(int64(d.order.Uint32(e[8:])), int64(len(d.content))):]
	}
	if n*sizes[kind] > int64(len(raw)) {
		return nil, 0, 0, false
	}
	return raw[:n*sizes[kind]], kind, int(n), true
}

// number returns the first value of an entry, or another where there is none.
func (d directory) number(tag int, otherwise int64) int64 {
	if n, ok := d.numbers(tag, 1); ok {
		return n[0]
	}
	return otherwise
}

// numbers returns at most so many values of an entry of whole numbers.
func (d directory) numbers(tag, most int) ([]int64, bool) {
	raw, kind, count, ok := d.value(tag)
	if !ok || count == 0 {
		return nil, false
	}
	all := make([]int64, min(count, most))
	for i := range all {
		switch kind {
		case 1:
			all[i] = int64(raw[i])
		case 3:
			all[i] = int64(d.order.Uint16(raw[2*i:]))
		case 4:
			all[i] = int64(d.order.Uint32(raw[4*i:]))
		default:
			return nil, false
		}
	}
	return all, true
}

// isSquare compares the resolutions, two fractions.
func (d directory) isSquare() bool {
	x, kx, _, okX := d.value(tagXResolution)
	y, ky, _, okY := d.value(tagYRes)
	if !okX || !okY || kx != 5 || ky != 5 || len(x) < 8 || len(y) < 8 {
		return true
	}
	number := func(raw []byte) float64 { return float64(d.order.Uint32(raw)) }
	return isSquare(number(x)*number(y[4:]), number(y)*number(x[4:]))
}

// orientationOf reads from a TIFF structure how the camera or the paper was held: 1 to 8, 1 for upright or unknown.
// Source: EXIF 2.3, 4.6.2.
func orientationOf(content []byte) int {
	d, ok := readDirectory(content)
	if is := d.number(tagOrientation, 1); ok && is >= 1 && is <= 8 {
		return int(is)
	}
	return 1
}

// inspectTIFF reads the first directory of a TIFF. One with more pages stays as it came, and so does what the decoder would read
// wrongly without saying so.
func inspectTIFF(content []byte) (picture, bool) {
	d, ok := readDirectory(content)
	_, nested := d.entries[tagSubIFDs]
	compression := d.number(tagCompression, 1)
	isFax := compression == 3 || compression == 4
	switch {
	case !ok, d.next != 0, nested, !d.isSquare(),
		d.number(tagPlanar, 1) != 1, // the colors one after the other
		d.number(tagFillOrder, 1) != 1 && !isFax,
		d.number(tagT4Options, 0)&1 != 0: // in two dimensions
		return picture{}, false
	}
	p := picture{format: formatTIFF, orientation: orientationOf(content), width: int(d.number(tagWidth, 0)), height: int(d.number(tagHeight, 0))}
	p.pixelBytes = d.pixelBytes()
	p.profile, _, _, _ = d.value(tagProfile)
	if p.width < 1 || p.height < 1 || !fits(p.profile) {
		return picture{}, false
	}
	return p, d.blocks(&p, isFax || compression == 1)
}

func (d directory) pixelBytes() int {
	bits, ok := d.numbers(tagBits, 8)
	if !ok {
		return 1
	}
	samples := 1
	if len(bits) > 1 {
		samples = 4
	}
	if bits[0] > 8 {
		samples *= 2
	}
	return samples
}

// blocks adds up what the strips or tiles cost. Together they are no larger than the file: each is read as often as it is named.
func (d directory) blocks(p *picture, exact bool) bool {
	w, h, bytesTag := int64(p.width), min(int64(p.height), max(1, d.number(tagRows, int64(p.height)))), tagStripBytes
	if tile := d.number(tagTileWidth, 0); tile > 0 {
		w, h, bytesTag = tile, max(1, d.number(tagTileLength, 0)), tagTileBytes
	}
	if w > maxMemory || h > maxMemory {
		return false
	}
	across, down := (int64(p.width)+w-1)/w, (int64(p.height)+h-1)/h
	sizes, ok := d.numbers(bytesTag, maxBlocks+1)
	if !ok || across*down > int64(len(sizes)) || across*down > maxBlocks {
		return false
	}
	var sum int64
	for _, size := range sizes[:across*down] {
		sum += size
	}
	if p.scratch = w * h; !exact {
		p.scratch *= 8 // the decoder reads up to so many bytes for each pixel, whatever it needs
	}
	p.work = across * w * down * h
	return sum <= int64(len(d.content))
}
