package sandbox

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Line is one entry of a voucher. 分录
type Line struct {
	Account        string `json:"account"`
	Side           string `json:"side"`   // debit or credit
	Amount         string `json:"amount"` // decimal text in the base currency
	Party          string `json:"party,omitempty"`
	CostCenter     string `json:"cost_center,omitempty"`
	Text           string `json:"text,omitempty"`
	Currency       string `json:"currency,omitempty"`        // where it was not the base currency
	CurrencyAmount string `json:"currency_amount,omitempty"` // decimal text in Currency

	Dimensions map[string]string `json:"dimensions,omitempty"` // by name: department, project, …
}

// Voucher is a voucher of the sandbox. 记账凭证
type Voucher struct {
	ID          string `json:"id"`
	Number      string `json:"number"` // given at posting: 记-2026-03-0001
	State       string `json:"state"`  // draft or posted
	ExternalRef string `json:"external_ref"`
	Company     string `json:"company"`  // the legal entity, as the sender names it
	Currency    string `json:"currency"` // base currency of that company
	Date        string `json:"date"`
	Journal     string `json:"journal"`
	Text        string `json:"text"`
	Debit       string `json:"debit"`
	Credit      string `json:"credit"`
	Reverses    string `json:"reverses,omitempty"`
	CreatedAt   string `json:"created_at"`
	PostedAt    string `json:"posted_at,omitempty"`
	Lines       []Line `json:"lines"`
}

// refusal is a business error, with nothing written.
type refusal struct {
	status  int
	after   string // Retry-After
	Code    string `json:"code"`
	Message string `json:"message"`
}

func refuse(status int, code, format string, values ...any) *refusal {
	return &refusal{status: status, Code: code, Message: fmt.Sprintf(format, values...)}
}

const linesMax = 1000

// books are the vouchers and master data, with the rules.
type books struct {
	mutex    sync.RWMutex
	unique   bool
	now      func() time.Time
	accounts map[string]Account
	parties  map[string]Party
	periods  []Period
	rates    []Rate
	vouchers map[string]*Voucher
	byRef    map[string][]string
	order    []string // ids as they were written
	last     int64    // newest id
	numbers  map[string]int
}

func newBooks(options Options) *books {
	return &books{unique: options.UniqueReference, now: options.Now, accounts: chart(), parties: parties(),
		periods: periodsAround(options.Now()), rates: ratesOf(options.Now()),
		vouchers: map[string]*Voucher{}, byRef: map[string][]string{},
		numbers: map[string]int{}}
}

// create checks a voucher and keeps it as a draft.
func (b *books) create(v Voucher) (Voucher, *refusal) {
	if no := b.check(&v); no != nil {
		return v, no
	}
	if b.unique && len(b.byRef[v.ExternalRef]) > 0 {
		return v, refuse(409, "duplicate_reference", "voucher %s has the reference %s already",
			b.byRef[v.ExternalRef][0], v.ExternalRef)
	}
	v.ID, v.State, v.Number, v.PostedAt = fmt.Sprintf("V%06d", b.last+1), "draft", "", ""
	v.CreatedAt = b.now().UTC().Format(time.RFC3339Nano)
	b.put(v)
	return v, nil
}

// check holds the rules of a voucher.
func (b *books) check(v *Voucher) *refusal {
	if v.ExternalRef == "" {
		return refuse(422, "missing_reference", "external_ref is needed")
	}
	if no := b.checkDate(v.Date); no != nil {
		return no
	}
	if len(v.Lines) < 2 || len(v.Lines) > linesMax {
		return refuse(422, "bad_lines", "between 2 and %d lines, not %d", linesMax, len(v.Lines))
	}
	if v.Currency == "" {
		v.Currency = baseCurrency
	}
	digits, known := digitsOf(v.Currency)
	if !known {
		return refuse(422, "bad_currency", "no currency %s", v.Currency)
	}
	return b.checkLines(v, digits)
}

// checkLines holds the rules of the lines, and fills the totals.
func (b *books) checkLines(v *Voucher, digits int) *refusal {
	sums := map[string]int64{}
	for i, l := range v.Lines {
		if no := b.checkLine(i+1, l); no != nil {
			return no
		}
		minor, ok := parseAmount(l.Amount, digits)
		if !ok || minor == 0 {
			return refuse(422, "bad_amount", "line %d: %q is not a positive amount", i+1, l.Amount)
		}
		sums[l.Side] += minor
	}
	v.Debit, v.Credit = formatAmount(sums["debit"], digits), formatAmount(sums["credit"], digits)
	if v.Debit != v.Credit {
		return refuse(422, "unbalanced", "debit %s, credit %s", v.Debit, v.Credit)
	}
	return nil
}

func (b *books) checkLine(no int, l Line) *refusal {
	account, ok := b.accounts[l.Account]
	if !ok {
		return refuse(422, "unknown_account", "line %d: no account %s", no, l.Account)
	}
	if l.Side != "debit" && l.Side != "credit" {
		return refuse(422, "bad_side", "line %d: side %q", no, l.Side)
	}
	if account.PartyRequired && l.Party == "" {
		return refuse(422, "unknown_party", "line %d: account %s wants a party", no, l.Account)
	}
	if _, known := b.parties[l.Party]; l.Party != "" && !known {
		return refuse(422, "unknown_party", "line %d: no party %s", no, l.Party)
	}
	if l.Currency != "" {
		digits, known := digitsOf(l.Currency)
		if _, ok := parseAmount(l.CurrencyAmount, digits); !known || !ok {
			return refuse(422, "bad_amount", "line %d: %s %q", no, l.Currency, l.CurrencyAmount)
		}
	}
	return nil
}

// checkDate refuses a date outside the open periods.
func (b *books) checkDate(date string) *refusal {
	for _, p := range b.periods {
		if p.From <= date && date <= p.To && len(date) == len(p.From) {
			if !p.Open {
				return refuse(422, "closed_period", "period %s is closed", p.Name)
			}
			return nil
		}
	}
	return refuse(422, "closed_period", "no period for %q", date)
}

// post gives a draft its number.
func (b *books) post(id string) (Voucher, *refusal) {
	v, ok := b.vouchers[id]
	if !ok {
		return Voucher{}, refuse(404, "not_found", "no voucher %s", id)
	}
	if v.State == "posted" {
		return *v, refuse(409, "already_posted", "voucher %s is posted as %s", id, v.Number)
	}
	if no := b.checkDate(v.Date); no != nil {
		return *v, no
	}
	posted := *v
	month := v.Date[:7]
	posted.State, posted.Number = "posted", fmt.Sprintf("记-%s-%04d", month, b.numbers[month]+1)
	posted.PostedAt = b.now().UTC().Format(time.RFC3339Nano)
	b.put(posted)
	return posted, nil
}

// reverse writes a draft with the sides of a posted voucher swapped. 红冲
func (b *books) reverse(id, reference, date string) (Voucher, *refusal) {
	v, ok := b.vouchers[id]
	if !ok {
		return Voucher{}, refuse(404, "not_found", "no voucher %s", id)
	}
	if v.State != "posted" {
		return *v, refuse(409, "not_posted", "voucher %s is not posted", id)
	}
	swapped := *v
	swapped.ExternalRef, swapped.Date, swapped.Reverses = reference, date, v.ID
	swapped.Text = "冲销 reversal of " + v.Number
	swapped.Lines = slices.Clone(v.Lines)
	for i := range swapped.Lines {
		if swapped.Lines[i].Side == "debit" {
			swapped.Lines[i].Side = "credit"
		} else {
			swapped.Lines[i].Side = "debit"
		}
	}
	return b.create(swapped)
}

// remove deletes a draft.
func (b *books) remove(id string) (Voucher, *refusal) {
	v, ok := b.vouchers[id]
	if !ok {
		return Voucher{}, refuse(404, "not_found", "no voucher %s", id)
	}
	if v.State != "draft" {
		return *v, refuse(409, "already_posted", "voucher %s is posted", id)
	}
	gone := *v
	gone.State = "deleted"
	b.put(gone)
	return gone, nil
}

// put keeps a voucher in its newest form; it is also how the log is replayed.
func (b *books) put(v Voucher) {
	if old, known := b.vouchers[v.ID]; !known {
		b.order = append(b.order, v.ID)
		b.byRef[v.ExternalRef] = append(b.byRef[v.ExternalRef], v.ID)
		b.last++
	} else if old.State == "draft" && v.State == "posted" {
		b.numbers[v.Date[:7]]++
	}
	b.vouchers[v.ID] = &v
}

// restore replays one line of the data log.
func (b *books) restore(v Voucher) { b.put(v) }

// find returns the vouchers with a reference that are older than hidden, oldest first.
func (b *books) find(reference string, hidden time.Duration) []Voucher {
	found := []Voucher{}
	limit := b.now().Add(-hidden).UTC()
	for _, id := range b.byRef[reference] {
		v := b.vouchers[id]
		created, _ := time.Parse(time.RFC3339Nano, v.CreatedAt)
		if v.State != "deleted" && (hidden == 0 || created.Before(limit)) {
			found = append(found, *v)
		}
	}
	return found
}
