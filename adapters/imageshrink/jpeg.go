package imageshrink

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Markers of JPEG. Source: ITU-T T.81, table B.1.
const (
	markerSOF0, markerSOF1, markerSOF2 = 0xc0, 0xc1, 0xc2
	markerSOI, markerEOI, markerSOS    = 0xd8, 0xd9, 0xda
	markerAPP0, markerAPP1, markerAPP2 = 0xe0, 0xe1, 0xe2
)

const profileHead = "ICC_PROFILE\x00" // with two bytes behind it: which piece, of how many

// inspectJPEG walks through all of a JPEG: its scans lie between the pixels, and another picture may follow its end.
func inspectJPEG(content []byte) (picture, bool) {
	j := jpegParts{picture: picture{format: formatJPEG, orientation: 1}, fine: true}
	end := j.walk(content)
	if !j.fine || j.width == 0 || bytes.Contains(content[end:], []byte("\xff\xd8\xff")) {
		return picture{}, false
	}
	j.work = int64(j.scans) * int64(j.width) * int64(j.height)
	var ok bool
	j.profile, ok = joinProfile(j.pieces)
	return j.picture, ok
}

// jpegParts is what a walk through a JPEG has found.
type jpegParts struct {
	picture
	scans  int // of one component each
	pieces [][]byte
	fine   bool
}

// walk looks at each segment and returns where the picture ends.
func (j *jpegParts) walk(content []byte) int {
	for at := 2; at+1 < len(content); {
		if content[at] != 0xff || content[at+1] == 0xff { // pixels, or a byte that fills
			at++
			continue
		}
		marker := content[at+1]
		at += 2
		switch {
		case marker == markerEOI:
			return at
		case marker <= 0x01, marker >= 0xd0 && marker <= 0xd7: // belong to the pixels
			continue
		case marker == markerSOI, at+2 > len(content):
			j.fine = false
			return len(content)
		}
		length := int(binary.BigEndian.Uint16(content[at:]))
		if length < 2 || at+length > len(content) {
			j.fine = false
			return len(content)
		}
		j.segment(marker, content[at+2:at+length])
		at += length
	}
	return len(content)
}

func (j *jpegParts) segment(marker byte, part []byte) {
	has := func(head string) bool { return bytes.HasPrefix(part, []byte(head)) }
	switch {
	case marker == markerSOF0, marker == markerSOF1, marker == markerSOF2:
		j.frame(marker == markerSOF2, part)
	case marker == markerSOS && len(part) > 0:
		j.scans += max(1, int(part[0]))
	case marker == markerAPP0 && has("JFIF\x00") && len(part) >= 12:
		j.fine = j.fine && isSquare(float64(binary.BigEndian.Uint16(part[8:])), float64(binary.BigEndian.Uint16(part[10:])))
	case marker == markerAPP1 && has("Exif\x00\x00") && j.orientation == 1:
		j.orientation = orientationOf(part[6:])
	case marker == markerAPP2 && has("MPF\x00"): // several pictures: stereo, panorama, gain map
		j.fine = false
	case marker == markerAPP2 && has(profileHead) && len(part) > len(profileHead)+2:
		j.pieces = append(j.pieces, part[len(profileHead):])
	}
}

func (j *jpegParts) frame(progressive bool, part []byte) {
	if len(part) < 6 || len(part) < 6+3*int(part[5]) || part[5] == 0 || j.width != 0 {
		j.fine = false
		return
	}
	j.height, j.width = int(binary.BigEndian.Uint16(part[1:])), int(binary.BigEndian.Uint16(part[3:]))
	components := int(part[5])
	j.pixelBytes = components
	if !progressive {
		return
	}
	var widest, highest, blocks int
	for i := range components {
		h, v := int(part[7+3*i]>>4), int(part[7+3*i]&15)
		widest, highest, blocks = max(widest, h), max(highest, v), blocks+h*v
	}
	padded := int64(j.width+8*widest) * int64(j.height+8*highest)
	j.scratch = 4 * padded * int64(blocks) / int64(max(1, widest*highest)) // a coefficient for each sample
}

// joinProfile puts the pieces of a color profile together. It reports false for one that does not fit the colors of the JPEG that
// is made.
func joinProfile(pieces [][]byte) ([]byte, bool) {
	slices.SortStableFunc(pieces, func(a, b []byte) int { return int(a[0]) - int(b[0]) })
	var profile []byte
	for i, piece := range pieces {
		if int(piece[0]) != i+1 || int(piece[1]) != len(pieces) {
			return nil, false
		}
		profile = append(profile, piece[2:]...)
	}
	return profile, fits(profile)
}

// fits reports whether there is no profile, or one for RGB. Source: ICC.1:2022, 7.2.6.
func fits(profile []byte) bool {
	return len(profile) == 0 || len(profile) > 128 && string(profile[16:20]) == "RGB " && len(profile) <= maxProfile
}

const (
	maxProfile = 1 << 20
	maxPiece   = 1<<16 - 1 - 2 - len(profileHead) - 2
)

// withProfile puts a color profile into a JPEG.
func withProfile(picture, profile []byte) []byte {
	if len(profile) == 0 {
		return picture
	}
	count := (len(profile) + maxPiece - 1) / maxPiece
	out := slices.Clone(picture[:2])
	number := 0
	for piece := range slices.Chunk(profile, maxPiece) {
		number++
		out = append(out, 0xff, markerAPP2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+len(profileHead)+2+len(piece))) //nolint:gosec // at most maxPiece
		out = append(out, profileHead...)
		out = append(out, byte(number), byte(count)) //nolint:gosec // at most 17
		out = append(out, piece...)
	}
	return append(out, picture[2:]...)
}
