package files_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/fault"
)

const (
	pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	pdfHead = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
)

// TestInspectBelievesTheContent proves that a file is what it is, not what its
// name says.
func TestInspectBelievesTheContent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content string
		media   string
		code    string
	}{
		{"发票.pdf", pdfHead, "application/pdf", ""},
		{"A.PNG", pngHead, "image/png", ""},
		{"note.txt", "出差 taxi", "text/plain", ""},
		{"lines.csv", "a,b\n1,2\n", "text/csv", ""},
		{"invoice.xml", `<?xml version="1.0"?><Invoice/>`, "application/xml", ""},
		{"invoice.ofd", archive("OFD.xml"), "application/ofd", ""},
		{"book.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ""},
		{"letter.docx", archive("[Content_Types].xml", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""},
		{"program.pdf", "MZ\x90\x00\x03\x00\x00\x00", "", "attachment.disguised"},
		{"picture.png", pdfHead, "", "attachment.disguised"},
		{"page.txt", "<!DOCTYPE html><html><script>alert(1)</script></html>", "", "attachment.disguised"},
		{"drawing.xml", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>`, "", "attachment.disguised"},
		{"macro.xlsx", archive("xl/workbook.xml", "xl/vbaProject.bin"), "", "attachment.disguised"},
		{"other.ofd", archive("else.txt"), "", "attachment.disguised"},
		{"broken.xlsx", "PK\x03\x04 not an archive", "", "attachment.broken"},
		{"all.zip", archive("a"), "", "attachment.not_allowed"},
		{"page.html", "<html></html>", "", "attachment.not_allowed"},
		{"logo.svg", "<svg/>", "", "attachment.not_allowed"},
		{"none", "x", "", "attachment.not_allowed"},
		{"empty.pdf", "", "", "attachment.empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			media, err := files.Inspect(tt.name, strings.NewReader(tt.content), int64(len(tt.content)))
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.Equal(t, tt.media, media)
		})
	}
}

func archive(names ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte("<x/>"))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"发票 1.pdf":               "发票 1.pdf",
		`C:\Users\li\a.pdf`:      "a.pdf",
		"../../etc/passwd":       "passwd",
		"a\r\nSet-Cookie: x.pdf": "aSet-Cookie: x.pdf",
		"evil\u202efdp.exe":      "evilfdp.exe",
		"":                       "",
		"..":                     "",
		strings.Repeat("长", 300): "",
		"\xff\xfe":               "",
	} {
		got, err := files.CleanName(in)
		require.Equal(t, want == "", err != nil, in)
		require.Equal(t, want, got)
	}
}

func TestOnlySafeKindsAreShownInline(t *testing.T) {
	require.True(t, files.Inline("application/pdf"))
	require.True(t, files.Inline("image/png"))
	for _, media := range []string{"text/html", "image/svg+xml", "application/xml", "text/plain", ""} {
		require.False(t, files.Inline(media), media)
	}
}
