// Package hostile makes inputs that are small to send and dear to take in. It holds no assertions: tests of several packages hand
// its results to the code that must refuse or bound them. Start reading at JPEG.
package hostile

import (
	"bytes"
	"encoding/binary"
)

// bits writes single bits as a JPEG has them.
type bits struct {
	out  bytes.Buffer
	now  byte
	have int
}

func (b *bits) put(value, count int) {
	for i := count - 1; i >= 0; i-- {
		b.now = b.now<<1 | byte(value>>i&1)
		if b.have++; b.have == 8 {
			b.flush()
		}
	}
}

func (b *bits) flush() {
	for ; b.have < 8; b.have++ {
		b.now = b.now<<1 | 1
	}
	if b.out.WriteByte(b.now); b.now == 0xff {
		b.out.WriteByte(0)
	}
	b.now, b.have = 0, 0
}

// JPEG returns a grey progressive JPEG of side × side pixels (a multiple of 8) whose scans say nothing, in a few bytes each.
func JPEG(side, scans int) []byte {
	segment := func(marker byte, part ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(part)+2)), part...)
	}
	tables := make([]byte, 65)
	for i := range tables[1:] {
		tables[i+1] = 1
	}
	code := func(class, symbol byte) []byte {
		return append(append([]byte{class << 4, 1}, make([]byte, 15)...), symbol)
	}
	high, low := byte(side>>8), byte(side)
	out := append([]byte{0xff, 0xd8}, segment(0xdb, tables...)...)
	out = append(out, segment(0xc2, 8, high, low, high, low, 1, 1, 0x11, 0)...)
	out = append(out, segment(0xc4, code(0, 0)...)...)
	out = append(out, segment(0xc4, code(1, 0xe0)...)...)
	blocks := side / 8 * (side / 8)
	dc := &bits{}
	dc.put(0, blocks%1024)
	for range blocks / 1024 {
		dc.put(0, 1024)
	}
	dc.flush()
	out = append(append(out, segment(0xda, 1, 1, 0, 0, 0, 0)...), dc.out.Bytes()...)
	ac := &bits{}
	for left := blocks; left > 0; left -= 1<<15 - 1 {
		ac.put(0, 1)
		ac.put(min(left, 1<<15-1)-1<<14, 14)
	}
	ac.flush()
	for range scans - 1 {
		out = append(append(out, segment(0xda, 1, 1, 0, 1, 63, 0x00)...), ac.out.Bytes()...)
	}
	return append(out, 0xff, 0xd9)
}

// Padded makes an image large enough to be worth a look, by a comment.
func Padded(content []byte) []byte {
	comment := append([]byte{0xff, 0xfe, 0xff, 0xfe}, make([]byte, 1<<16-4)...)
	out := append([]byte{}, content[:2]...)
	for range 3 {
		out = append(out, comment...)
	}
	return append(out, content[2:]...)
}
