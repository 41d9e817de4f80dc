package desk

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const originalXML = `<EInvoice><EIid>24312000000136634917</EIid><TotalTax-includedAmount>1.06</TotalTax-includedAmount></EInvoice>`

// ofd packs entries, name and content by turns.
func ofd(t *testing.T, entries ...string) *bytes.Reader {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return bytes.NewReader(out.Bytes())
}

// TestAHostileOFDTellsOfNoInvoice: what unpacks without end, leads out, or can be read in
// two ways.
func TestAHostileOFDTellsOfNoInvoice(t *testing.T) {
	const at = "Doc_0/Attachs/original_invoice.xml"
	found, ok := invoiceInOFD(ofd(t, "OFD.xml", "<x/>", at, originalXML))
	require.True(t, ok)
	require.Equal(t, "24312000000136634917", found.Number)
	for name, entries := range map[string][]string{
		"no original":     {"OFD.xml", "<x/>"},
		"two originals":   {at, originalXML, "Doc_1/original_invoice.xml", strings.Replace(originalXML, "17<", "18<", 1)},
		"the same twice":  {at, originalXML, at, originalXML},
		"a way out":       {at, originalXML, "../evil", "x"},
		"a bomb beside":   {at, originalXML, "picture.bmp", strings.Repeat("0", 40<<20)},
		"two numbers":     {at, strings.Replace(originalXML, "<EIid>", "<EIid>24312000000136634918</EIid><EIid>", 1)},
		"a document type": {at, `<!DOCTYPE x [<!ENTITY a "24312000000136634917">]>` + originalXML},
		"an entity":       {at, strings.Replace(originalXML, "24312", "&a;24312", 1)},
		"a deep one":      {at, strings.Repeat("<a>", 40) + originalXML + strings.Repeat("</a>", 40)},
	} {
		_, ok := invoiceInOFD(ofd(t, entries...))
		require.False(t, ok, name)
	}
}
