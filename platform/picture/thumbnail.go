package picture

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
)

const thumbnailQuality = 78

// Thumbnail draws a picture anew as a small JPEG whose longer side is at most so long,
// the way up that its camera says.
//
// Errors: ErrUnreadable; the context's, where it ends before.
func Thumbnail(ctx context.Context, content io.ReadSeeker, side int) ([]byte, error) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	turned := orientation(content)
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, err := decode(content)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, upright(shrunk(picture, side), turned), &jpeg.Options{Quality: thumbnailQuality})
	return out.Bytes(), err
}

// shrunk is a smaller copy, on white where it was transparent.
func shrunk(picture image.Image, most int) *image.RGBA {
	bounds := picture.Bounds()
	width, height := fitted(bounds.Dx(), bounds.Dy(), most)
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := span(y, height, bounds.Dy())
		for x := range width {
			left, right := span(x, width, bounds.Dx())
			area := image.Rect(left, top, right, bottom).Add(bounds.Min)
			small.SetRGBA(x, y, mean(picture, area))
		}
	}
	return small
}

// mean is the colour of an area, of a few points of it.
func mean(picture image.Image, area image.Rectangle) color.RGBA {
	var r, g, b, n uint32
	for y := area.Min.Y; y < area.Max.Y; y += step(area.Dy()) {
		for x := area.Min.X; x < area.Max.X; x += step(area.Dx()) {
			pr, pg, pb, pa := picture.At(x, y).RGBA()
			white := 0xffff - pa
			r, g, b, n = r+(pr+white)>>8, g+(pg+white)>>8, b+(pb+white)>>8, n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 0xff} //nolint:gosec // means of bytes
}

// upright turns a picture the way that an Exif orientation asks for.
func upright(picture *image.RGBA, turned int) *image.RGBA {
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	var from func(x, y int) (int, int)
	size := image.Rect(0, 0, width, height)
	switch turned {
	case 3:
		from = func(x, y int) (int, int) { return width - 1 - x, height - 1 - y }
	case 6:
		size = image.Rect(0, 0, height, width)
		from = func(x, y int) (int, int) { return y, height - 1 - x }
	case 8:
		size = image.Rect(0, 0, height, width)
		from = func(x, y int) (int, int) { return width - 1 - y, x }
	default:
		return picture
	}
	up := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			up.SetRGBA(x, y, picture.RGBAAt(from(x, y)))
		}
	}
	return up
}
