package pages

import (
	"fmt"
	"strings"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"

	"github.com/countersign/countersign/domain/proof"
)

// qrCode is a QR code as one path of an SVG, a unit a module.
type qrCode struct {
	Size int
	Path string
}

const qrQuiet = 4 // modules left white around the code, as its standard asks

// qrOf tells on paper, for a machine, up to where a proof goes: the number, the last
// event and its hash. nil where it cannot be drawn; the same stands beside it in letters.
func qrOf(b proof.Bundle) *qrCode {
	text := fmt.Sprintf("COUNTERSIGN %s %d %s", b.Number, b.Head.Seq, b.Head.Hash)
	code, err := encoder.Encoder_encodeWithoutHint(text, decoder.ErrorCorrectionLevel_M)
	if err != nil {
		return nil
	}
	matrix := code.GetMatrix()
	var path strings.Builder
	for y := range matrix.GetHeight() {
		for x := 0; x < matrix.GetWidth(); x++ {
			from := x
			for x < matrix.GetWidth() && matrix.Get(x, y) == 1 {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+qrQuiet, y+qrQuiet, n, n)
			}
		}
	}
	return &qrCode{Size: matrix.GetWidth() + 2*qrQuiet, Path: path.String()}
}
