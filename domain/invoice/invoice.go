// Package invoice is what a tax invoice says of itself: the text of its QR code,
// and the XML that is the original of a fully digital one. Nothing here says that an
// invoice is real: that only the tax authority can.
package invoice

import (
	"strings"
	"unicode"

	"github.com/countersign/countersign/domain/money"
)

// Invoice is what could be read of one invoice. What it does not say is empty. 发票
type Invoice struct {
	Kind   string // as the QR code names it: 01 special, 31 and 32 fully digital, …
	Code   string // of invoices before the digital ones: 10 or 12 digits 发票代码
	Number string // 20 digits, 8 of those with a code 发票号码
	Date   string // YYYY-MM-DD
	Seller string // only the XML names it 销售方

	Gross money.Amount // tax included 价税合计
	Net   money.Amount // without tax: all that the QR code of one with a code says
	Tax   money.Amount
}

// Fact is what is kept of an invoice that was read from a file. 票面事实
type Fact struct {
	Number string // as Reference has it
	Gross  money.Amount
}

// currency is that of every invoice read here.
const currency money.Currency = "CNY"

// Reference is the one text by which an invoice is known: its number, behind its code
// where it has one.
func (i Invoice) Reference() string {
	if i.Code == "" {
		return i.Number
	}
	return i.Code + "-" + i.Number
}

// Plain is a typed invoice number without what keyboards and copies put into it:
// spaces, hidden characters, full-width letters and digits. Numbers are compared so.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
			return -1
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		}
		return r
	}, text)
}
