package pages

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy/booking"
)

// previewView is the voucher that a document would be booked with.
type previewView struct {
	voucherView
	ID, Title string
	TypeTitle string
	Mapping   string
	Version   int
	Refused   string // why there is none
	Lost      string // why the books would refuse it
	Standing  approval.Status
	Booked    string // address of the voucher that is in the books already

	Kind  voucher.Kind
	Kinds []voucher.Kind
	Rate  *document.Rate
}

// showPreview handles GET /documents/:id/voucher?kind=: the voucher that it would be booked
// with as it stands, each entry with the rule that made it.
func showPreview(v *visit) error {
	asked := desk.PreviewAsked{Document: v.param("id"), Kind: voucher.Accrual}
	if v.r.URL.Query().Get("kind") == string(voucher.Settlement) {
		asked.Kind = voucher.Settlement
	}
	p, err := v.desk().PreviewVoucher(v.r.Context(), v.who, asked)
	if err != nil {
		return err
	}
	d := p.Document
	view := previewView{
		ID: d.ID, Title: d.Title, TypeTitle: v.typeTitle(d.Type), Mapping: p.Mapping, Version: p.Version, Standing: d.Status,
		Kind: p.Kind, Kinds: []voucher.Kind{voucher.Accrual, voucher.Settlement}, Rate: d.Content.Rate,
	}
	view.Document, view.DocumentNumber, view.Entity = d.ID, d.Number, v.entity(d.Entity)
	if p.Kind == voucher.Accrual && d.VoucherRef != "" && d.VoucherNumber != "" {
		view.Booked = "/vouchers/" + d.VoucherRef
	}
	if p.Fault != nil {
		view.Refused = v.placedText(p.Fault)
		return v.show(http.StatusOK, v.t("page.preview.title", "number", d.Number), view)
	}
	if p.Lost != nil {
		view.Lost = v.placedText(p.Lost)
	}
	view.Reference, view.Date = p.Voucher.Reference, p.Voucher.Date
	if err := view.take(p.Voucher); err != nil {
		return err
	}
	for i := range view.Entries {
		view.Entries[i].PartyName = v.party(view.Entries[i].Party)
		view.Entries[i].Splits = v.splits(view.Entries[i].Dimensions)
		view.Entries[i].Why = v.why(d.Type, p.Whys[i])
	}
	return v.show(http.StatusOK, v.t("page.preview.title", "number", d.Number), view)
}

// placedText is faultText with the place in a mapping as people say it: whoever looks at
// a voucher has no file before them.
func (v *visit) placedText(f *fault.Fault) string {
	text := v.faultText(f)
	file, line := f.Args["file"], f.Args["line"]
	rest, placed := strings.CutPrefix(text, file+":"+line+":"+f.Args["column"])
	if file == "" || !placed {
		return text
	}
	return v.t("page.preview.place", "mapping", file, "line", line, "fault", strings.TrimLeft(rest, ":： "))
}

// why says in words which rule of the mapping made an entry.
func (v *visit) why(documentType string, w booking.Why) string {
	text := v.t("page.why."+w.Rule, "category", v.category(v.kindOf(documentType), w.Category), "n", strconv.Itoa(w.Line))
	if w.Entity != "" {
		text += " · " + v.t("page.why.of_entity", "entity", v.entity(w.Entity))
	}
	if w.Expression != "" {
		text += " · " + v.t("page.why.expression", "expression", w.Expression)
	}
	return text
}
