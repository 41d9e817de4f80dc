// Package picture looks at pictures that people upload: the QR codes in one, and a
// small copy of one to show. What it makes is drawn anew, so nothing that was hidden in
// a file comes out again.
package picture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg" // kinds that can be read
	_ "image/png"
	"io"
)

// Limits: of what is decoded at all, and of how many are decoded at once. A phone's
// picture has 12 to 50 million points.
const (
	pointsMax = 50_000_000
	bytesMax  = 200 << 20 // that the points take in memory, while they are decoded
	atOnce    = 2

	markersMax = 1000 // of a JPEG, before its frame
)

// ErrUnreadable says that a file is no picture that can be read here, or too large a one.
var ErrUnreadable = errors.New("picture: unreadable")

var turns = make(chan struct{}, atOnce)

// gray is a picture without its colours, and in colour only as far as it is asked for.
type gray struct {
	pix           []byte
	width, height int
}

// decode reads a picture. Its size is looked at before its points are.
func decode(content io.ReadSeeker) (image.Image, error) {
	config, _, err := image.DecodeConfig(content)
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Width > pointsMax/config.Height {
		return nil, ErrUnreadable
	}
	point, err := pointBytes(content, config.ColorModel)
	if err != nil {
		return nil, err
	}
	if config.Width*config.Height > bytesMax/point {
		return nil, ErrUnreadable
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(content)
	if err != nil {
		return nil, ErrUnreadable
	}
	return picture, nil
}

// pointBytes is what a point takes at most: a JPEG that comes in passes is kept whole, as
// numbers of four bytes, until the last of them.
func pointBytes(content io.ReadSeeker, model color.Model) (int, error) {
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	if inPasses(content) {
		return 15, nil
	}
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8, nil
	}
	return 4, nil
}

// inPasses says whether a JPEG is a progressive one: its frame begins with the marker SOF2.
func inPasses(content io.Reader) bool {
	r := bufio.NewReader(content)
	var start, marker [2]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || start != [2]byte{0xff, 0xd8} {
		return false
	}
	for range markersMax {
		if _, err := io.ReadFull(r, marker[:]); err != nil {
			return false
		}
		if marker[0] != 0xff {
			return true // the decoder looks for the next one; nobody here knows what it finds
		}
		switch marker[1] {
		case 0xff: // a filling
			_ = r.UnreadByte()
			continue
		case 0xc2:
			return true
		case 0xc0, 0xc1:
			return false
		}
		var size [2]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return false
		}
		if _, err := r.Discard(max(0, int(binary.BigEndian.Uint16(size[:]))-len(size))); err != nil {
			return false
		}
	}
	return true
}

// fitted is a size of the same shape whose longer side is at most so long.
func fitted(width, height, most int) (int, int) {
	longer := max(width, height)
	if longer <= most {
		return width, height
	}
	return max(1, width*most/longer), max(1, height*most/longer)
}

// luminance reads a picture's points as brightness, at a size of at most so much: each
// new point is the mean of a few of those it stands for.
func luminance(picture image.Image, most int) gray {
	bounds := picture.Bounds()
	width, height := fitted(bounds.Dx(), bounds.Dy(), most)
	at := brightness(picture)
	g := gray{pix: make([]byte, width*height), width: width, height: height}
	for y := range height {
		top, bottom := span(y, height, bounds.Dy())
		for x := range width {
			left, right := span(x, width, bounds.Dx())
			sum, n := 0, 0
			for sy := top; sy < bottom; sy += step(bottom - top) {
				for sx := left; sx < right; sx += step(right - left) {
					sum += at(bounds.Min.X+sx, bounds.Min.Y+sy)
					n++
				}
			}
			g.pix[y*width+x] = byte(sum / n) //nolint:gosec // a mean of bytes
		}
	}
	return g
}

// span is the old points that a new one stands for.
func span(i, count, of int) (from, to int) {
	from, to = i*of/count, (i+1)*of/count
	return from, max(to, from+1)
}

// samples is how many of the old points in a row are looked at for a new one.
const samples = 3

func step(length int) int { return max(1, length/samples) }

// brightness is how bright a point is, 0 to 255, read as quickly as the kind of picture
// allows.
func brightness(picture image.Image) func(x, y int) int {
	switch p := picture.(type) {
	case *image.YCbCr:
		return func(x, y int) int { return int(p.Y[p.YOffset(x, y)]) }
	case *image.Gray:
		return func(x, y int) int { return int(p.Pix[p.PixOffset(x, y)]) }
	}
	return func(x, y int) int {
		r, g, b, a := picture.At(x, y).RGBA()
		const opaque = 0xffff
		white := opaque - a                                                     // what is transparent is seen on white paper
		return int((299*(r+white) + 587*(g+white) + 114*(b+white)) / 1000 >> 8) //nolint:gosec // at most 255
	}
}
