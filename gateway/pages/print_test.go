package pages_test

import (
	"fmt"
	"image"
	"image/color"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/proof"
)

var modules = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`)

// readQR reads the QR code of a page as a telephone would.
func readQR(t *testing.T, body string) string {
	t.Helper()
	_, code, found := strings.Cut(body, `<svg class="qr"`)
	require.True(t, found)
	const side, scale = 80, 4
	picture := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	for i := range picture.Pix {
		picture.Pix[i] = 255
	}
	for _, m := range modules.FindAllStringSubmatch(code, -1) {
		var x, y, n int
		_, err := fmt.Sscan(m[1], &x)
		require.NoError(t, err)
		_, err = fmt.Sscan(m[2], &y)
		require.NoError(t, err)
		_, err = fmt.Sscan(m[3], &n)
		require.NoError(t, err)
		for px := range n * scale {
			for py := range scale {
				picture.SetGray(x*scale+px, y*scale+py, color.Gray{})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	require.NoError(t, err)
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	require.NoError(t, err)
	return read.GetText()
}

// TestTheDocumentOnPaper: what is printed tells the content, who decided what for whom
// and when, the hashes and the keys, and what its QR code says is what it says in letters.
func TestTheDocumentOnPaper(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.upload("lin", "/new/expense", expense("k1", "2000.00"), map[string][]byte{"upload=收据.txt": []byte("hello")}).to()
		h.decide("wang", at, "approve", "good <b>").to()
		h.decide("zhao", at, "reject", "no budget").to()
		events, err := h.store.Events(t.Context(), strings.TrimPrefix(at, "/documents/"), 0, 0)
		require.NoError(t, err)
		head := events[len(events)-1]
		p := h.get("lin", at+"/print").is(http.StatusOK).says("Visit to Hangzhou", "CNY\u00a02,000.00", "收据.txt",
			"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "good &lt;b&gt;", "no budget", "王芳", "赵敏",
			h.word("status.rejected", nil), head.Hash, proof.Word(head.Hash), head.ContentHash, events[0].Hash[:16],
			h.word("page.print.signed", map[string]string{"key": "test-1"}), h.word("page.print.skips", nil))
		require.Equal(t, fmt.Sprintf("COUNTERSIGN EXP-2026-000001 %d %s", head.Seq, head.Hash), readQR(t, p.body))
		h.get("nobody", at+"/print").is(http.StatusNotFound)
	})
}
