package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// voucherRow is one voucher in a list.
type voucherRow struct {
	Reference, Document, DocumentNumber, Number, Kind, State, Date, Entity string

	Created stamp
}

func (v *visit) voucherRow(row store.VoucherRow) voucherRow {
	return voucherRow{
		Reference: row.Reference, Document: row.Document, DocumentNumber: row.DocumentNumber,
		Number: cmp.Or(row.Again, row.Number),
		Kind:   v.optional("page.voucher.kind."+row.Kind, row.Kind), State: row.State, Date: row.Date,
		Entity: v.entity(row.Entity), Created: v.stamp(row.CreatedAt, row.Entity),
	}
}

type vouchersView struct {
	Tabs   financeTabs
	Rows   []voucherRow
	States []string
	State  string
	Next   string
}

var voucherStates = []string{"posted", "parked", "pending", "void"}

// vouchers handles GET /vouchers.
func vouchers(v *visit) error {
	view := vouchersView{States: voucherStates, State: v.asked("state")}
	filter := store.VoucherFilter{Cursor: v.asked("cursor")}
	query := url.Values{}
	if view.State != "" {
		filter.States = []string{view.State}
		query.Set("state", view.State)
	}
	page, err := v.desk().Vouchers(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	if view.Tabs, err = v.financeTabs("vouchers"); err != nil {
		return err
	}
	for _, row := range page.Items {
		view.Rows = append(view.Rows, v.voucherRow(row))
	}
	view.Next = nextAt("/vouchers", query, page.Next)
	return v.show(http.StatusOK, v.t("page.finance.title"), view)
}

type voucherView struct {
	voucherRow
	Text, Journal string
	ERPID         string
	Fault, Detail string
	Posted        stamp
	Entries       []entryRow
	Debit, Credit money.Amount
	Balanced      bool
	Foreign       bool // the entries are in another currency than the books
	BaseDebit     money.Amount
	BaseCredit    money.Amount

	Again    string        // that it was posted once more, in words; "" where it was not
	Undone   *reversalLine // how far its reversal is; nil where nobody ever asked
	Reverse  string        // where the reader may have it undone; "" where they may not
	Reverses string        // of a reversal: reference of what it undoes
}

type entryRow struct {
	voucher.Entry
	Debit     bool
	PartyName string
	Why       string // of a preview: the rule that made it
	Splits    []splitView
}

// splitView is one dimension of an entry, in the reader's words.
type splitView struct{ Name, Value string }

// showVoucher handles GET /vouchers/:reference.
func showVoucher(v *visit) error {
	row, err := v.desk().Voucher(v.r.Context(), v.who, v.param("reference"))
	if err != nil {
		return err
	}
	view := voucherView{
		voucherRow: v.voucherRow(row), ERPID: row.ID, Posted: v.stamp(row.PostedAt, row.Entity),
	}
	if row.Code != "" {
		view.Fault = v.codeText(row.Code, row.Detail, row.Date)
		view.Detail = quoted(row.Code, view.Fault, row.Detail)
	}
	if err := view.open(row.Voucher); err != nil {
		return err
	}
	for i, e := range view.Entries {
		view.Entries[i].PartyName, view.Entries[i].Splits = v.party(e.Party), v.splits(e.Dimensions)
	}
	again, err := v.desk().PostedAgain(v.r.Context(), v.who, row.Reference)
	if err != nil {
		return err
	}
	if again.ID != "" {
		view.Again = v.t("page.voucher.again", "who", v.name(again.Person), "first", numberOr(row.Number, row.Reference),
			"number", numberOr(again.Number, again.Reference),
			"at", v.stamp(again.OutcomeAt, row.Entity).Text)
	}
	view.Undone, view.Reverse, err = v.undone(row.Reference, row.Kind, row.State, access.Object{Entity: row.Entity})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, v.t("page.voucher.title", "number", numberOr(view.Number, row.Reference)), view)
}

// undone says how far the reversal of a voucher is, and where the reader may ask for one.
func (v *visit) undone(reference, kind, state string, o access.Object) (*reversalLine, string, error) {
	if kind == string(voucher.Reversal) || state != store.VoucherPosted {
		return nil, "", nil
	}
	row, err := v.desk().ReversalOf(v.r.Context(), v.who, reference)
	if err != nil {
		return nil, "", err
	}
	at := ""
	if v.may(access.VoucherReverse, o) {
		at = reversalAt(reference)
	}
	if row == nil {
		return nil, at, nil
	}
	line := v.reversalLine(*row)
	return &line, at, nil
}

// open reads the voucher as it was sent to the books.
func (view *voucherView) open(raw string) error {
	if raw == "" {
		return nil
	}
	var whole voucher.Voucher
	if err := json.Unmarshal([]byte(raw), &whole); err != nil {
		return fmt.Errorf("pages: voucher %s: %w", view.Reference, err)
	}
	return view.take(whole)
}

// Explained says whether the entries tell which rule made them.
func (view voucherView) Explained() bool { return len(view.Entries) > 0 && view.Entries[0].Why != "" }

// take shows the entries, and sums them up.
func (view *voucherView) take(whole voucher.Voucher) error {
	view.Text, view.Journal, view.Reverses = whole.Text, whole.Journal, whole.Reverses
	if view.Date == "" {
		view.Date = whole.Date
	}
	sums := map[voucher.Side][2][]money.Amount{}
	for _, e := range whole.Entries {
		view.Entries = append(view.Entries, entryRow{Entry: e, Debit: e.Side == voucher.Debit})
		view.Foreign = view.Foreign || e.Amount.Currency != e.Base.Currency
		of := sums[e.Side]
		of[0], of[1] = append(of[0], e.Amount), append(of[1], e.Base)
		sums[e.Side] = of
	}
	var err error
	for _, part := range []struct {
		into *money.Amount
		side voucher.Side
		at   int
	}{{&view.Debit, voucher.Debit, 0}, {&view.Credit, voucher.Credit, 0},
		{&view.BaseDebit, voucher.Debit, 1}, {&view.BaseCredit, voucher.Credit, 1}} {
		amounts := sums[part.side][part.at]
		if len(amounts) == 0 {
			continue
		}
		if *part.into, err = money.Sum(amounts[0].Currency, amounts...); err != nil {
			return err
		}
	}
	view.Balanced = view.Debit == view.Credit && view.BaseDebit == view.BaseCredit
	return nil
}

// party is whom an entry is about: a person, a supplier, or the code as it is.
func (v *visit) party(code string) string {
	if s, ok := v.org.Suppliers[code]; ok {
		return s.Name + " (" + code + ")"
	}
	if name := v.name(code); name != code {
		return name + " (" + code + ")"
	}
	return code
}

// splits are the dimensions of an entry: what is a person, a supplier or a department
// by its name, the house's own by the name that the mapping gives it.
func (v *visit) splits(dimensions map[string]string) []splitView {
	var all []splitView
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		shown := splitView{Name: name, Value: dimensions[name]}
		if key := "dimension." + name; i18n.Shipped().Has(i18n.English, key) {
			shown.Name = v.t(key)
		}
		switch name {
		case "employee", "supplier":
			shown.Value = v.party(shown.Value)
		case "department":
			shown.Value = v.department(shown.Value)
		}
		all = append(all, shown)
	}
	return all
}

func numberOr(number, other string) string {
	if number == "" {
		return other
	}
	return number
}
