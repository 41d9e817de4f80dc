package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// TestTheGuideToTypesIsTrue runs every example of docs/types.md.
func TestTheGuideToTypesIsTrue(t *testing.T) {
	guide, err := os.ReadFile("../docs/types.md")
	require.NoError(t, err)
	kinds, mappings := map[string]*doctype.Type{}, 0
	for _, block := range strings.Split(string(guide), "\n```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "\n```")
		if strings.HasPrefix(text, "mapping:") {
			m, err := booking.Parse("guide.yaml", []byte(text))
			require.NoError(t, err, text)
			require.Empty(t, booking.Check(m, kinds[m.Type]))
			mappings++
			continue
		}
		kind, err := doctype.Parse("guide.yaml", []byte(text))
		require.NoError(t, err, text)
		kinds[kind.ID] = kind
	}
	require.Len(t, kinds, 2)
	require.Equal(t, 1, mappings)
	for id := range shippedTexts(t, "types", doctype.Parse) {
		require.Contains(t, string(guide), "`"+id+"`", "every shipped type is told of")
	}
}
