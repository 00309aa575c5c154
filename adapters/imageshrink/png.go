package imageshrink

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"strings"
)

const pngHead = "\x89PNG\r\n\x1a\n"

// inspectPNG walks through the chunks of a PNG. Source: PNG, third edition, 11.
func inspectPNG(content []byte) (picture, bool) {
	p := picture{format: formatPNG, orientation: 1}
	for at := len(pngHead); at+8 <= len(content); {
		length, kind := int64(binary.BigEndian.Uint32(content[at:])), string(content[at+4:at+8])
		if int64(at)+12+length > int64(len(content)) {
			return p, false
		}
		part := content[at+8 : at+8+int(length)]
		if (at == len(pngHead)) != (kind == "IHDR") || !p.chunk(kind, part) {
			return p, false
		}
		if kind == "IEND" {
			break
		}
		at += 12 + int(length)
	}
	return p, p.width > 0
}

// chunk takes in a chunk, and reports false for one that a JPEG cannot stand for.
func (p *picture) chunk(kind string, part []byte) bool {
	switch kind {
	case "IHDR":
		return p.header(part)
	case "acTL", "cICP": // moves, or has colors of its own
		return false
	case "eXIf":
		p.orientation = orientationOf(part)
	case "pHYs":
		return len(part) < 9 || isSquare(float64(binary.BigEndian.Uint32(part)), float64(binary.BigEndian.Uint32(part[4:])))
	case "tRNS":
		if p.pixelBytes < 4 { // grey becomes colors with an alpha channel; a palette keeps it
			p.pixelBytes *= 4
		}
	case "iCCP":
		var ok bool
		p.profile, ok = unpackProfile(part)
		return ok
	case "tEXt", "zTXt", "iTXt":
		keyword, _, _ := bytes.Cut(part, []byte{0})
		kept := strings.ToLower(string(keyword)) // where programs before 2017 put the EXIF part
		return kept != "raw profile type exif" && kept != "raw profile type app1"
	}
	return true
}

func (p *picture) header(part []byte) bool {
	if len(part) != 13 || binary.BigEndian.Uint32(part) > maxMemory || binary.BigEndian.Uint32(part[4:]) > maxMemory {
		return false
	}
	p.width, p.height = int(binary.BigEndian.Uint32(part)), int(binary.BigEndian.Uint32(part[4:]))
	samples, known := map[byte]int{0: 1, 2: 4, 3: 1, 4: 4, 6: 4}[part[9]] // as they are decoded
	p.pixelBytes = samples
	if part[8] == 16 {
		p.pixelBytes *= 2
	}
	if part[12] != 0 { // interlaced: each pass is put into a whole
		p.scratch = int64(p.pixelBytes) * int64(p.width) * int64(p.height)
	}
	return known
}

// unpackProfile reads the color profile of a PNG: a name, a method, and the compressed profile.
func unpackProfile(part []byte) ([]byte, bool) {
	_, packed, found := bytes.Cut(part, []byte{0})
	if !found || len(packed) < 2 {
		return nil, false
	}
	unpacked, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		return nil, false
	}
	profile, err := io.ReadAll(io.LimitReader(unpacked, maxProfile+1))
	return profile, err == nil && len(profile) > 0 && fits(profile)
}
