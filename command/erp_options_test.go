package command

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/config"
)

// TestTheConfigurationKnowsEveryOption proves that what an adapter can be told the
// configuration lets through, and nothing else: both name their options when they meet one
// that nobody knows. (Odoo leaves that to the configuration.)
func TestTheConfigurationKnowsEveryOption(t *testing.T) {
	for _, adapter := range []string{"kingdee", "yonbip", "u8", "sap", "erpnext", "filedrop", "odoo"} {
		t.Run(adapter, func(t *testing.T) {
			_, err := erp.Open(erp.Config{Name: "a", Provider: adapter, URL: "https://erp.example.com", Database: "d",
				Company: "c", User: "u", Secret: "s", Currency: "CNY", Options: needed(adapter)})
			require.Error(t, err)
			path := filepath.Join(t.TempDir(), "config.yaml")
			text := fmt.Sprintf("mode: dev\nerp: { connections: [ { id: a, entities: [e], adapter: %s, options: { nonsense: x } } ] }\n",
				adapter)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, refused := config.LoadDev(path, nil)
			require.Error(t, refused)
			require.Equal(t, known(t, err), known(t, refused))
		})
	}
}

// needed are options without which an adapter does not look at the others, and one that
// nobody knows.
func needed(adapter string) map[string]string {
	options := map[string]string{"nonsense": "x"}
	for _, name := range map[string][]string{"kingdee": {"app_id", "account_book", "reference_field"},
		"yonbip": {"tenant", "account_book", "voucher_type", "maker"}, "u8": {"from_account", "to_account", "maker"},
		"sap": {"created_by"}, "filedrop": {"folder"}}[adapter] {
		options[name] = "/x"
	}
	return options
}

// known are the options that an error names.
func known(t *testing.T, err error) []string {
	t.Helper()
	for line := range strings.Lines(err.Error()) {
		for _, before := range []string{"it knows ", " knows "} {
			if _, list, ok := strings.Cut(line, before); ok && strings.Contains(line, "nonsense") {
				names := strings.FieldsFunc(list, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
				slices.Sort(names)
				return names
			}
		}
	}
	require.Fail(t, "no options are named", err.Error())
	return nil
}
