package browser

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

// financeApprovesLess sets a line lower and says yes in the same press; the
// amounts are told to everybody, and booked.
func (r *reader) financeApprovesLess() {
	path := r.writeExpense(r.receipt())
	r.signIn("wang")
	r.visit(path)
	r.press("#sanction summary")
	r.fill("amount:2", "334.57")
	r.within("#sanction", "opinion", "No wine 酒水不报")
	r.look()
	r.click(`#sanction button[value="approve"]`)
	require.Contains(r.t, r.text("#sanction .error"), "334.56", "at most what was claimed")
	r.fill("amount:2", "100")
	r.click(`#sanction button[value="approve"]`)
	r.until(".note.good", texts[r.locale].approved)
	require.Contains(r.t, r.text(".head .amount"), "1,300.00")
	require.Contains(r.t, r.text(".head .amount"), "1,534.56", "what was claimed stays in sight")
	require.Contains(r.t, r.text(".timeline"), "No wine")
	r.signOut()
	r.approve("zhao", path)
	r.approve("liu", path)
	r.signIn("lin")
	r.visit("/notices")
	require.Contains(r.t, r.text("main"), "1300.00 CNY")
	r.visit("/documents")
	require.Contains(r.t, r.text("main"), "1,534.56")
	r.visit(path)
	r.until(".head .chip", texts[r.locale].closed)
	r.look()
	r.signOut()
}

// within is fill for a name that several forms of a page have.
func (r *reader) within(section, name, value string) {
	r.t.Helper()
	read[bool](r, fmt.Sprintf(`(() => { document.querySelector('%s [name=%q]').value = %q; return true })()`, section, name, value))
}
