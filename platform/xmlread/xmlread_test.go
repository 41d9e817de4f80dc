package xmlread_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/xmlread"
)

// TestDecode takes one element within limits, and nothing that two could read in two ways.
func TestDecode(t *testing.T) {
	most := xmlread.Limits{Bytes: 1000, Depth: 3, Parts: 10, Once: true}
	var into struct {
		B string `xml:"b"`
	}
	require.NoError(t, xmlread.Decode([]byte(`<?xml version="1.0"?><a><b>x &amp; y</b></a>`), &into, most))
	require.Equal(t, "x & y", into.B)
	for want, text := range map[string]string{
		"too long":           "<a>" + strings.Repeat(" ", 1000) + "</a>",
		"too deep":           "<a><b><c><d/></c></b></a>",
		"too many parts":     "<a>" + strings.Repeat("<!---->", 12) + "</a>",
		"document type":      `<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>`,
		"instruction":        `<?run this?><a/>`,
		"there twice: b":     "<a><b>1</b><b>2</b></a>",
		"there twice: c":     `<a><b c="1" c="2"/></a>`,
		"too many attr":      "<a" + manyAttributes() + "/>",
		"more than one":      "<a/><a/>",
		"invalid character":  "<a><b>&x;</b></a>",
		"element <b> closed": "<a><b></a></b>",
		"unexpected EOF":     "<a>",
	} {
		require.ErrorContains(t, xmlread.Decode([]byte(text), &into, most), want)
	}
	most.Once = false
	require.NoError(t, xmlread.Decode([]byte("<a><b>1</b><b>2</b></a>"), &into, most))
}

func manyAttributes() string {
	var all strings.Builder
	for n := range 101 {
		fmt.Fprintf(&all, ` a%d=""`, n)
	}
	return all.String()
}
