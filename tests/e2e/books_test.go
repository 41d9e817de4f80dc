package e2e

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/adapters/mail/mailbox"
	"github.com/countersign/countersign/walk"
)

func payment(amount, supplier string) walk.Form {
	return walk.Form{Type: "payment_request", Title: "服务费 " + supplier, Currency: "CNY",
		Payee:  map[string]string{"kind": "supplier", "id": supplier},
		Fields: map[string]string{"payment_kind": "invoice", "contract": "C-2026-7", "due_date": "2026-12-31"},
		Lines: []walk.Line{{Category: "services", Description: "维护", Amount: walk.Money{Amount: amount, Currency: "CNY"},
			Tax: &walk.Money{Amount: "60.00", Currency: "CNY"}}}}
}

func (s *scene) paymentRequest() {
	small := s.submit("lin", payment("1060.00", "SUP001"))
	large := s.submit("lin", payment("50000.00", "SUP002"))
	for _, person := range []string{"chen", "zhao"} {
		s.decide(person, small.ID, "approve", "")
		s.decide(person, large.ID, "approve", "")
	}
	for _, person := range []string{"sun", "liu"} {
		s.decide(person, large.ID, "approve", "")
	}
	for _, document := range []string{small.ID, large.ID} {
		d := s.closed("lin", document)
		var voucher struct {
			Entries []struct {
				Side   string     `json:"side"`
				Party  string     `json:"party"`
				Amount walk.Money `json:"amount"`
			} `json:"entries"`
		}
		_, err := s.as("wang").Call(s.ctx, http.MethodGet, "/vouchers/"+d.Voucher.Reference, "", nil, &voucher)
		require.NoError(s, err)
		require.Len(s, voucher.Entries, 3, "cost, input tax, payable")
	}
	no := payment("1060.00", "SUP001")
	no.Fields = nil
	_, err := s.as("lin").Submit(s.ctx, no, s.key())
	require.Equal(s, "fields.payment_kind", s.refused(err, http.StatusUnprocessableEntity, "document.missing").Field)
}

func euros(title, amount string) walk.Form {
	return walk.Form{Type: "expense", Title: title, Currency: "EUR", Lines: []walk.Line{{Category: "travel",
		Description: "Berlin – Hamburg", Date: "2026-11-18", Amount: walk.Money{Amount: amount, Currency: "EUR"}}}}
}

func (s *scene) euros() {
	small := s.submit("emma", euros("Tram", "121.00")) // 992.20 CNY: below the limit of the policy
	require.Empty(s, s.closed("emma", small.ID).Tasks)
	d := s.submit("emma", euros("Train", "122.00")) // 1,000.40 CNY
	for _, person := range []string{"wang", "max", "liu"} {
		s.decide(person, d.ID, "approve", "")
	}
	s.closed("emma", d.ID)
	require.Equal(s, "EUR", d.Total.Currency)
}

func (s *scene) parked() {
	d := s.submit("lin", expense("跨期", "1800.00"))
	reference := "v:" + d.ID + ":accrual:1"
	s.house.SetFaults(s.T, sandbox.Fault{Kind: "closed-period", Ref: reference})
	for _, person := range []string{"wang", "zhao", "liu"} {
		s.decide(person, d.ID, "approve", "")
	}
	parked := s.await("lin", d.ID, "parked")
	require.Equal(s, "erp.closed_period", parked.Parked.Code)
	var waiting struct {
		Items []struct {
			Reference string `json:"reference"`
		} `json:"items"`
	}
	_, err := s.as("wang").Call(s.ctx, http.MethodGet, "/effects/parked", "", nil, &waiting)
	require.NoError(s, err)
	require.True(s, slices.ContainsFunc(waiting.Items, func(p struct {
		Reference string `json:"reference"`
	}) bool {
		return p.Reference == reference
	}))
	_, err = s.as("lin").Resolve(s.ctx, reference, "retry", "我来", s.key())
	require.Error(s, err, "the author does not rule on the books")
	_, err = s.as("wang").Resolve(s.ctx, reference, "retry", "再试一次", s.key())
	require.NoError(s, err)
	again := s.await("lin", d.ID, "parked")
	require.Equal(s, "erp.closed_period", again.Parked.Code, "still closed")
	s.untilAttempt(d.ID, 1)
	s.house.SetFaults(s.T)
	_, err = s.as("wang").Resolve(s.ctx, reference, "retry", "已开账", s.key())
	require.NoError(s, err)
	s.untilPosted(d.ID)
	require.Equal(s, reference, s.closed("lin", d.ID).Voucher.Reference)
}

// untilPosted waits until the books have it: parked is what it was before.
func (s *scene) untilPosted(document string) {
	s.Helper()
	for s.count(`SELECT count(*) FROM documents WHERE id = $1 AND status IN ('posted', 'closed')`, document) == 0 {
		require.NoError(s, s.ctx.Err())
		time.Sleep(look)
	}
}

// untilAttempt waits until the failure after a ruling is on record.
func (s *scene) untilAttempt(document string, attempt int) {
	s.Helper()
	for s.count(`SELECT count(*) FROM documents WHERE id = $1 AND parked_code <> '' AND parked_attempt = $2`,
		document, attempt) == 0 {
		require.NoError(s, s.ctx.Err())
		time.Sleep(look)
	}
}

// letter waits for a letter to somebody whose subject has all the words.
func (s *scene) letter(to string, words ...string) mailbox.Letter {
	s.Helper()
	for {
		for _, letter := range s.house.Stack.Mailbox.Letters(to) {
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(letter.Subject, word) }) {
				return letter
			}
		}
		require.NoError(s, s.ctx.Err(), "no letter to %s with %v", to, words)
		time.Sleep(look)
	}
}

func (s *scene) letters() {
	d := s.submit("emma", euros("Offsite", "500.00"))
	asked := s.letter("wang@example.com", d.Number, "待您审批", d.Title)
	require.Contains(s, asked.Text, "王芳")
	require.Contains(s, asked.Text, "500.00 EUR")
	require.Contains(s, asked.Text, "/documents/"+d.ID)
	require.NotContains(s, asked.Text, "{")
	s.decide("wang", d.ID, "approve", "")
	english := s.letter("max@example.com", d.Number, "waits for your decision", d.Title)
	require.Contains(s, english.Text, "Max Weber")
	s.decide("max", d.ID, "reject", "next quarter")
	ended := s.letter("emma@example.com", d.Number, "was rejected", d.Title)
	require.Contains(s, ended.Text, "Max Weber rejected")
	require.Contains(s, ended.Text, "next quarter")
}
