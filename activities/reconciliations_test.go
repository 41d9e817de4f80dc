package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/adapters/erp/tryton/trytontest"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// sides are our store and an ERP, with somebody who changes the ERP's books by hand.
type sides struct {
	t                                        *testing.T
	store                                    *store.Store
	port                                     erp.Port
	date                                     string
	payable, otherAccount, party, otherParty string

	// plant makes one difference of a kind to a voucher that is posted there. A second
	// and a strange one are made through the port.
	plant func(kind reconciliation.Kind, f erp.Found)
}

func (s *sides) voucher(n int) voucher.Voucher {
	amount := money.Amount{Minor: int64(10_000 + n), Currency: "CNY"}
	document := fmt.Sprintf("01900000-0000-7000-8000-%012d", n)
	reference, dimensions := "v:"+document+":accrual:1", map[string]string(nil)
	if s.split() {
		dimensions = map[string]string{"project": "P-001"}
	}
	return voucher.Voucher{
		Reference: reference, Short: voucher.Short(reference), Document: document, Number: "EXP-2026-" + strconv.Itoa(n),
		Kind: voucher.Accrual, Revision: 1, Entity: "acme-cn", Journal: "EXP", Date: s.date, Text: "taxi",
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: amount, Base: amount, Text: "taxi",
				Dimensions: dimensions},
			{Side: voucher.Credit, Account: s.payable, Amount: amount, Base: amount, Text: "taxi", Party: s.party},
		},
	}
}

// split says whether the ERP keeps dimensions.
func (s *sides) split() bool { return s.port.Capabilities().Keeps().Dimension("6602", "project") }

// posted posts a voucher and keeps it as ours.
func (s *sides) posted(n int) erp.Found {
	s.t.Helper()
	v := s.voucher(n)
	found, err := erp.PostOnce(s.t.Context(), erp.PostInput{Port: s.port, Voucher: v, Book: erptest.NewBook(), Now: time.Now})
	require.NoError(s.t, err)
	s.keep(v, found, store.VoucherPosted)
	return found
}

func (s *sides) keep(v voucher.Voucher, found erp.Found, state string) {
	s.t.Helper()
	storetest.Execute(s.t, fmt.Sprintf(`
		INSERT INTO documents (id, number, type, title, reason, entity, department, submitter, requester, payee_kind, payee_id,
		  payee_name, payee_account, urgency, status, seq, total_minor, currency, base_minor, base_currency)
		VALUES ('%s', '%s', 'expense', 't', '', 'acme-cn', 'd', 'lin', 'lin', 'employee', 'lin', 'Lin', '', 'normal', 'closed', 1,
		  1, 'CNY', 1, 'CNY')`, v.Document, v.Number))
	text, err := evidence.Canonical(v)
	require.NoError(s.t, err)
	hash, err := evidence.HashOf(v)
	require.NoError(s.t, err)
	require.NoError(s.t, s.store.BeginEffect(s.t.Context(), store.EffectIntent{Reference: v.Reference, Document: v.Document,
		Kind: string(v.Kind), Entity: v.Entity, Date: v.Date, Voucher: string(text), Hash: hash}))
	if state != store.VoucherPosted {
		return
	}
	require.NoError(s.t, s.store.SaveVoucher(s.t.Context(), store.VoucherRow{Reference: v.Reference, Document: v.Document,
		Kind: string(v.Kind), Entity: v.Entity, State: state, ID: found.ID, Number: found.Number, Date: v.Date, Hash: hash,
		Voucher: string(text)}, store.Ended{}))
}

func (s *sides) reconciler() *activities.Reconciliations {
	return &activities.Reconciliations{Book: s.store, Connections: map[string]activities.Connection{
		"books": {ID: "books", Entities: []string{"acme-cn"}, Ledger: activities.Ledger{Port: s.port}},
	}}
}

// compared reconciles a month and answers with what differs, by reference.
func (s *sides) compared() map[string][]reconciliation.Kind {
	s.t.Helper()
	day, err := time.Parse(time.DateOnly, s.date)
	require.NoError(s.t, err)
	run, err := s.reconciler().Reconcile(s.t.Context(), activities.ReconcileInput{Run: uuid.NewString(), Connection: "books",
		From: day.AddDate(0, 0, -10).Format(time.DateOnly), Until: day.AddDate(0, 0, 10).Format(time.DateOnly)})
	require.NoError(s.t, err)
	kept, err := s.store.Reconciliation(s.t.Context(), access.Scope{All: true}, run)
	require.NoError(s.t, err)
	require.Equal(s.t, store.ReconciliationDone, kept.State)
	page, err := s.store.Differences(s.t.Context(), access.Scope{All: true}, store.DifferenceFilter{Run: run, Limit: 200})
	require.NoError(s.t, err)
	found := map[string][]reconciliation.Kind{}
	for _, d := range page.Items {
		found[d.Reference] = append(found[d.Reference], d.Kind)
	}
	require.Equal(s.t, int64(len(page.Items)), kept.Differences)
	return found
}

// everyDifferenceIsFound posts vouchers, finds both sides the same, and finds exactly
// what is planted then; posting again mends what it can.
func everyDifferenceIsFound(t *testing.T, s *sides, each int) {
	planted := []reconciliation.Kind{
		reconciliation.MissingThere, reconciliation.StillDraft, reconciliation.Cancelled, reconciliation.OtherDate,
		reconciliation.OtherAmount, reconciliation.OtherAccount, reconciliation.OtherParty, reconciliation.Duplicate,
	}
	if s.split() {
		planted = append(planted, reconciliation.OtherDimension)
	}
	var booked []erp.Found
	for n := range (len(planted) + 1) * each {
		booked = append(booked, s.posted(n))
	}
	require.Empty(t, s.compared(), "nothing was touched yet")

	want := map[string][]reconciliation.Kind{}
	for i, kind := range planted {
		for _, f := range booked[i*each : (i+1)*each] {
			if kind == reconciliation.Duplicate {
				twin, err := s.port.Create(t.Context(), s.voucher(number(t, f.Reference)))
				require.NoError(t, err)
				_, err = s.port.Post(t.Context(), twin)
				require.NoError(t, err)
			} else {
				s.plant(kind, f)
			}
			want[f.Reference] = []reconciliation.Kind{kind}
		}
	}
	for n := 100; n < 100+each; n++ { // nobody here knows the first two; the others were never recorded as posted
		for _, known := range []bool{false, true} {
			v := s.voucher(n)
			kind := reconciliation.MissingHere
			if known {
				v, kind = s.voucher(n+50), reconciliation.NotRecorded
				s.keep(v, erp.Found{}, "pending")
			}
			_, err := erp.PostOnce(t.Context(), erp.PostInput{Port: s.port, Voucher: v, Book: erptest.NewBook(), Now: time.Now})
			require.NoError(t, err)
			if kind == reconciliation.MissingHere && s.port.Capabilities().ListsShort {
				v.Reference = v.Short
			}
			want[v.Reference] = []reconciliation.Kind{kind}
		}
	}
	require.Equal(t, want, s.compared())
	s.mends(booked[0].Reference)
	s.mends(booked[each].Reference)
	delete(want, booked[0].Reference)
	delete(want, booked[each].Reference)
	require.Equal(t, want, s.compared(), "what was posted again is mended, and nothing else")
}

func number(t *testing.T, reference string) int {
	t.Helper()
	n, err := strconv.Atoi(reference[len("v:01900000-0000-7000-8000-"):len("v:01900000-0000-7000-8000-000000000000")])
	require.NoError(t, err)
	return n
}

// mends has a voucher posted again, twice over.
func (s *sides) mends(reference string) {
	s.t.Helper()
	ctx, all := s.t.Context(), access.Scope{All: true}
	runs, err := s.store.Reconciliations(ctx, all, "books", "")
	require.NoError(s.t, err)
	page, err := s.store.Differences(ctx, all, store.DifferenceFilter{Run: runs.Items[0].ID, Limit: 200})
	require.NoError(s.t, err)
	for _, d := range page.Items {
		if d.Reference != reference {
			continue
		}
		id, err := s.store.SaveRuling(ctx, store.Ruling{Connection: "books", Fingerprint: d.Fingerprint, Reference: reference,
			Ruling: store.RulingPost, Person: "wang"}, store.Idempotency{})
		require.NoError(s.t, err)
		for range 2 {
			require.NoError(s.t, s.reconciler().PostAgain(ctx, activities.PostAgainInput{Ruling: id}))
		}
		ruling, _, err := s.store.RulingOn(ctx, id)
		require.NoError(s.t, err)
		require.Equal(s.t, "posted", ruling.Outcome, "%s %s", ruling.Code, ruling.Detail)
		again, err := s.store.PostedAgain(ctx, reference)
		require.NoError(s.t, err)
		require.Equal(s.t, []string{id, ruling.Number}, []string{again.ID, again.Number})
		all, err := s.store.Vouchers(ctx, access.Scope{All: true}, store.VoucherFilter{Limit: 200})
		require.NoError(s.t, err)
		at := slices.IndexFunc(all.Items, func(v store.VoucherRow) bool { return v.Reference == reference })
		require.GreaterOrEqual(s.t, at, 0)
		require.Equal(s.t, ruling.Number, all.Items[at].Again, "a list tells the number it has now")
		require.NotEqual(s.t, all.Items[at].Number, all.Items[at].Again)
	}
	found, err := s.port.Find(ctx, reference)
	require.NoError(s.t, err)
	require.Len(s.t, found, 1)
	require.Equal(s.t, erp.Posted, found[0].State)
}

func TestReconciliationFindsWhatIsPlantedInTheSandbox(t *testing.T) {
	t.Run("by full references", func(t *testing.T) {
		everyDifferenceIsFound(t, inSandbox(t, func(p erp.Port) erp.Port { return p }), 2)
	})
	t.Run("by short references", func(t *testing.T) {
		everyDifferenceIsFound(t, inSandbox(t, func(p erp.Port) erp.Port { return briefly{p} }), 1)
	})
}

// TestStrangeVouchersHideNothing: an ERP may hold hundreds of vouchers under references of
// ours that nobody here knows, as after a conformance run. A voucher of ours that was moved
// to another week is told as moved all the same, never as missing.
func TestStrangeVouchersHideNothing(t *testing.T) {
	s := inSandbox(t, func(p erp.Port) erp.Port { return p })
	moved := s.posted(0)
	for n := range 210 {
		v := s.voucher(1_000 + n)
		v.Reference = "v:00000000" + v.Reference[len("v:00000000"):]
		_, err := erp.PostOnce(t.Context(), erp.PostInput{Port: s.port, Voucher: v, Book: erptest.NewBook(), Now: time.Now})
		require.NoError(t, err)
	}
	day := s.date
	s.date = day[:8] + "24" // one day on is the 25th
	s.plant(reconciliation.OtherDate, moved)
	run, err := s.reconciler().Reconcile(t.Context(), activities.ReconcileInput{Run: uuid.NewString(), Connection: "books",
		From: day[:8] + "10", Until: day[:8] + "30"})
	require.NoError(t, err)
	all := access.Scope{All: true}
	for kind, want := range map[reconciliation.Kind]int{reconciliation.MissingThere: 0, reconciliation.OtherDate: 1} {
		page, err := s.store.Differences(t.Context(), all, store.DifferenceFilter{Run: run, Kind: string(kind)})
		require.NoError(t, err)
		require.Len(t, page.Items, want, kind)
	}
	counts, err := s.store.DifferenceCounts(t.Context(), all, run)
	require.NoError(t, err)
	require.Equal(t, map[reconciliation.Kind]int64{reconciliation.OtherDate: 1, reconciliation.MissingHere: 210}, counts)
}

// inSandbox are our store and a fresh sandbox ERP.
func inSandbox(t *testing.T, as func(erp.Port) erp.Port) *sides {
	t.Helper()
	books, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	web := httptest.NewServer(books)
	t.Cleanup(func() { web.Close(); require.NoError(t, books.Close()) })
	p, err := erp.Open(erp.Config{Name: "books", Provider: "httpjson", Mapping: "sandbox", URL: web.URL, Currency: "CNY"})
	require.NoError(t, err)
	s := &sides{t: t, store: storetest.New(t), port: as(p), date: fmt.Sprintf("%d-03-16", time.Now().Year()), payable: "2241",
		otherAccount: "6601", party: "lin", otherParty: "emma"}
	s.plant = func(kind reconciliation.Kind, f erp.Found) { tamper(t, web.URL, s, kind, f) }
	return s
}

// briefly is an ERP whose lists tell our short references alone.
type briefly struct{ erp.Port }

func (b briefly) Capabilities() erp.Capabilities {
	can := b.Port.Capabilities()
	can.ListsShort = true
	return can
}

func (b briefly) List(ctx context.Context, asked erp.Listing) (erp.Listed, error) {
	page, err := b.Port.(erp.Lister).List(ctx, asked)
	for i := range page.Vouchers {
		page.Vouchers[i].Reference = voucher.Short(page.Vouchers[i].Reference)
	}
	return page, err
}

// tamper changes a voucher of the sandbox past its rules.
func tamper(t *testing.T, url string, s *sides, kind reconciliation.Kind, f erp.Found) {
	t.Helper()
	line := func(account, side, party string, minor int64) map[string]string {
		return map[string]string{"account": account, "side": side, "party": party,
			"amount": money.Amount{Minor: minor, Currency: "CNY"}.Text()}
	}
	lines := func(expense, party string, minor int64) map[string]any {
		return map[string]any{"lines": []any{line(expense, "debit", "", minor), line(s.payable, "credit", party, minor)}}
	}
	minor := f.Totals.Debit.Minor
	body, err := json.Marshal(map[reconciliation.Kind]any{
		reconciliation.MissingThere: map[string]string{"state": "deleted"},
		reconciliation.StillDraft:   map[string]string{"state": "draft"},
		reconciliation.Cancelled:    map[string]string{"state": "cancelled"},
		reconciliation.OtherDate:    map[string]string{"date": dayAfter(t, s.date)},
		reconciliation.OtherAmount:  lines("6602", s.party, minor+1),
		reconciliation.OtherAccount: lines(s.otherAccount, s.party, minor),
		reconciliation.OtherParty:   lines("6602", s.otherParty, minor),

		reconciliation.OtherDimension: lines("6602", s.party, minor), // the project is gone
	}[kind])
	require.NoError(t, err)
	answer, err := http.Post(url+"/_sandbox/vouchers/"+f.ID, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func dayAfter(t *testing.T, date string) string {
	t.Helper()
	day, err := time.Parse(time.DateOnly, date)
	require.NoError(t, err)
	return day.AddDate(0, 0, 1).Format(time.DateOnly)
}

func TestReconciliationFindsWhatIsPlantedInTryton(t *testing.T) {
	books := trytontest.Start(t)
	p, err := erp.Open(erp.Config{Name: "books", Provider: "tryton", URL: books.URL, Database: books.Database, User: books.User,
		Secret: erp.Secret(books.Password), Timeout: time.Minute})
	require.NoError(t, err)
	s := &sides{t: t, store: storetest.New(t), port: p, date: fmt.Sprintf("%d-03-16", time.Now().Year()), payable: "2202",
		otherAccount: "6601", party: "lin", otherParty: "emma"}
	s.plant = func(kind reconciliation.Kind, f erp.Found) { tamperTryton(t, books, s, kind, f) }
	everyDifferenceIsFound(t, s, 1)
}

// tamperTryton changes a move in Tryton's own database.
func tamperTryton(t *testing.T, books *server.Server, s *sides, kind reconciliation.Kind, f erp.Found) {
	t.Helper()
	run := func(statement string, values ...any) {
		require.NoError(t, books.Tamper(t.Context(), statement, values...))
	}
	switch kind {
	case reconciliation.MissingThere:
		run(`DELETE FROM account_move_line WHERE move = $1::int`, f.ID)
		run(`DELETE FROM account_move WHERE id = $1::int`, f.ID)
	case reconciliation.StillDraft:
		run(`UPDATE account_move SET state = 'draft', post_number = NULL WHERE id = $1::int`, f.ID)
	case reconciliation.Cancelled: // by the wizard, as an accountant would, who keeps the description
		_, err := s.port.Reverse(context.Background(), f, f.Reference+"x", s.date)
		require.NoError(t, err)
		run(`UPDATE account_move SET description = $1 WHERE description = $1 || 'x'`, "ref:"+f.Reference)
	case reconciliation.OtherDate:
		run(`UPDATE account_move SET date = date + 1 WHERE id = $1::int`, f.ID)
	case reconciliation.OtherAmount:
		run(`UPDATE account_move_line SET debit = debit + 0.01 WHERE move = $1::int AND debit > 0`, f.ID)
		run(`UPDATE account_move_line SET credit = credit + 0.01 WHERE move = $1::int AND credit > 0`, f.ID)
	case reconciliation.OtherAccount:
		run(`UPDATE account_move_line SET account = (SELECT id FROM account_account WHERE code = $2)
			WHERE move = $1::int AND debit > 0`, f.ID, s.otherAccount)
	case reconciliation.OtherParty:
		run(`UPDATE account_move_line SET party = (SELECT id FROM party_party WHERE code = $2)
			WHERE move = $1::int AND party IS NOT NULL`, f.ID, s.otherParty)
	}
}
