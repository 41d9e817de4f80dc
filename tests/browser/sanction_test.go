package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFinanceApprovesLess: finance sets a line lower on a phone and at a desk, and
// says yes in the same press; the amounts are told to everybody, and booked.
func TestFinanceApprovesLess(t *testing.T) {
	url := address(t).url
	receipt := filepath.Join(t.TempDir(), "receipt.txt")
	require.NoError(t, os.WriteFile(receipt, []byte("train 1,200.00\n"), 0o600))
	for _, s := range []size{phone, desk} {
		for _, locale := range []string{"zh-CN", "en"} {
			t.Run(s.name+" "+locale, func(t *testing.T) {
				r := open(t, url, s, locale)
				path := r.writeExpense(receipt)
				r.signIn("wang")
				r.visit(path)
				r.press("#sanction summary")
				r.fill("amount:2", "334.57")
				r.within("#sanction", "opinion", "No wine 酒水不报")
				r.look()
				r.click(`#sanction button[value="approve"]`)
				require.Contains(t, r.text("#sanction .error"), "334.56", "at most what was claimed")
				r.fill("amount:2", "100")
				r.click(`#sanction button[value="approve"]`)
				r.until(".note.good", said[locale].approved)
				require.Contains(t, r.text(".head .amount"), "1,300.00")
				require.Contains(t, r.text(".head .amount"), "1,534.56", "what was claimed stays in sight")
				require.Contains(t, r.text(".timeline"), "No wine")
				r.signOut()
				r.approve("zhao", path)
				r.approve("liu", path)
				r.signIn("lin")
				r.visit("/notices")
				require.Contains(t, r.text("main"), "1300.00 CNY")
				r.visit("/documents")
				require.Contains(t, r.text("main"), "1,534.56")
				r.visit(path)
				r.until(".head .chip", said[locale].closed)
				r.look()
				r.signOut()
			})
		}
	}
}

// within is fill for a name that several forms of a page have.
func (r *reader) within(section, name, value string) {
	r.t.Helper()
	read[bool](r, fmt.Sprintf(`(() => { document.querySelector('%s [name=%q]').value = %q; return true })()`, section, name, value))
}
