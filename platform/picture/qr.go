package picture

import (
	"context"
	"io"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode"
)

// sides are the sizes at which codes are looked for: a code that fills a picture is found
// in a small one, a stamp in the corner of a page only in a large one.
var sides = []int{1000, 2200, 500}

// QRCodes reads the texts of the QR codes in a picture; none where none is found.
//
// Errors: ErrUnreadable; the context's, where it ends before.
func QRCodes(ctx context.Context, content io.ReadSeeker) ([]string, error) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	picture, err := decode(content)
	if err != nil {
		return nil, err
	}
	longest := max(picture.Bounds().Dx(), picture.Bounds().Dy())
	for i, side := range sides {
		if i > 0 && side > sides[0] && longest <= sides[0] {
			continue // it was looked at in its own size already
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if texts := codesIn(luminance(picture, side)); len(texts) > 0 {
			return texts, nil
		}
	}
	return nil, nil
}

// codesIn looks for codes; a picture that the reader stumbles over has none.
func codesIn(g gray) (texts []string) {
	defer func() {
		if recover() != nil { // a library over bytes that anybody may send
			texts = nil
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.width, g.height, 0, 0, g.width, g.height, false)
	if err != nil {
		return nil
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return nil
	}
	hints := map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_TRY_HARDER: true}
	found, err := qrcode.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints)
	if err != nil {
		return nil
	}
	for _, code := range found {
		texts = append(texts, code.GetText())
	}
	return texts
}
