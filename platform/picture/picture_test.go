package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"runtime"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/picture"
)

// page is a white page with a QR code in its corner.
func page(t *testing.T, width, height, code int, text string) *image.Gray {
	t.Helper()
	made, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, code, code, nil)
	require.NoError(t, err)
	paper := image.NewGray(image.Rect(0, 0, width, height))
	draw.Draw(paper, paper.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(paper, image.Rect(width/20, height/20, width/20+code, height/20+code), made, image.Point{}, draw.Src)
	return paper
}

func pngOf(t *testing.T, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, p))
	return b.Bytes()
}

func jpegOf(t *testing.T, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, p, nil))
	return b.Bytes()
}

const code = "01,32,,24312000000136634917,106.00,20240514,,1DD6"

// TestQRCodes finds a code on a small page and in the corner of a phone's picture.
func TestQRCodes(t *testing.T) {
	for name, content := range map[string][]byte{
		"a small page":             pngOf(t, page(t, 400, 300, 160, code)),
		"a phone's picture":        jpegOf(t, page(t, 3000, 4000, 500, code)),
		"a stamp on a large page":  jpegOf(t, page(t, 2480, 3508, 260, code)),
		"a code that is all there": pngOf(t, page(t, 330, 330, 300, code)),
	} {
		texts, err := picture.QRCodes(t.Context(), bytes.NewReader(content))
		require.NoError(t, err, name)
		require.Equal(t, []string{code}, texts, name)
	}
	texts, err := picture.QRCodes(t.Context(), bytes.NewReader(pngOf(t, image.NewGray(image.Rect(0, 0, 50, 50)))))
	require.NoError(t, err)
	require.Empty(t, texts)
}

// TestABombIsNotDecoded proves that a picture's size is looked at before its points.
func TestABombIsNotDecoded(t *testing.T) {
	small := pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(small[16:], 60_000)
	binary.BigEndian.PutUint32(small[20:], 60_000)
	for name, content := range map[string][]byte{"a bomb": small, "no picture": []byte("<svg onload=alert(1)>"), "nothing": nil} {
		_, err := picture.QRCodes(t.Context(), bytes.NewReader(content))
		require.ErrorIs(t, err, picture.ErrUnreadable, name)
		_, err = picture.Thumbnail(t.Context(), bytes.NewReader(content), 100)
		require.ErrorIs(t, err, picture.ErrUnreadable, name)
	}
}

// TestLittleThatTakesMuchMemoryIsNotDecoded: points of sixteen bits, and those of a JPEG in
// passes, take more than others, before a single one was read.
func TestLittleThatTakesMuchMemoryIsNotDecoded(t *testing.T) {
	head := func(width, height uint16) []byte { // of three colours, none of them thinned out
		return []byte{0xff, 0xd8, 0xff, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 17, 8, byte(height >> 8), byte(height), byte(width >> 8),
			byte(width), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0, 1, 2, 3}
	}
	deep := pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(deep[16:], 7000)
	binary.BigEndian.PutUint32(deep[20:], 7000)
	binary.BigEndian.PutUint32(deep[29:], crc32.ChecksumIEEE(deep[12:29]))
	for name, content := range map[string][]byte{"in passes": head(7000, 7000), "of sixteen bits": deep} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := picture.Thumbnail(t.Context(), bytes.NewReader(content), 100)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, picture.ErrUnreadable, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10<<20), name)
	}
}

// TestThumbnail proves that a small copy has the shape and the colours of its picture,
// stands upright, and keeps nothing else of the file.
func TestThumbnail(t *testing.T) {
	wide := image.NewRGBA(image.Rect(0, 0, 800, 400))
	draw.Draw(wide, image.Rect(0, 0, 400, 400), image.NewUniform(color.RGBA{200, 30, 30, 255}), image.Point{}, draw.Src)
	made, err := picture.Thumbnail(t.Context(), bytes.NewReader(pngOf(t, wide)), 100)
	require.NoError(t, err)
	got, err := jpeg.Decode(bytes.NewReader(made))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 100, 50), got.Bounds())
	require.InDelta(t, 200, red(got, 10, 25), 12)
	require.InDelta(t, 255, red(got, 90, 25), 6, "what is transparent is white")

	plain := jpegOf(t, wide)
	turned := append(append([]byte{}, plain[:2]...), exif(6)...)
	turned = append(turned, plain[2:]...)
	turned = append(turned, "<script>alert(1)</script>"...)
	made, err = picture.Thumbnail(t.Context(), bytes.NewReader(turned), 100)
	require.NoError(t, err)
	require.NotContains(t, string(made), "script")
	got, err = jpeg.Decode(bytes.NewReader(made))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 50, 100), got.Bounds(), "turned a quarter")
	require.InDelta(t, 200, red(got, 25, 10), 12, "left is up")
}

func red(p image.Image, x, y int) int {
	r, _, _, _ := p.At(x, y).RGBA()
	return int(r >> 8)
}

// exif is a JPEG segment in which a camera says which way is up.
func exif(orientation uint16) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0, 0, 0, 0, 0}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append([]byte{0xff, 0xe1, 0, byte(len(body) + 2)}, body...)
}
