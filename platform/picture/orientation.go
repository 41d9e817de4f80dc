package picture

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	exifMax        = 64 << 10 // bytes of a file in which its camera says which way is up
	orientationTag = 0x0112
	upsideUp       = 1
)

// orientation is what a JPEG's camera says of which way is up: 1 as it is, 3, 6 and 8
// turned. What cannot be read is taken to be upright.
func orientation(content io.Reader) int {
	head := make([]byte, exifMax)
	n, _ := io.ReadFull(content, head) // a short file is a short head
	head = head[:n]
	at := bytes.Index(head, []byte("Exif\x00\x00"))
	if at < 0 || !bytes.HasPrefix(head, []byte{0xff, 0xd8}) {
		return upsideUp
	}
	return orientationIn(head[at+6:])
}

// orientationIn reads the first directory of a TIFF header.
func orientationIn(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	const header, entry = 8, 12
	if len(tiff) < header {
		return upsideUp
	}
	directory := int64(order.Uint32(tiff[4:]))
	if directory+2 > int64(len(tiff)) {
		return upsideUp
	}
	entries := tiff[directory+2:]
	for range order.Uint16(tiff[directory:]) {
		if len(entries) < entry {
			break
		}
		if order.Uint16(entries) == orientationTag {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[entry:]
	}
	return upsideUp
}
