package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) books() {
	const tag = "Vouchers"
	add(a, operation{"list-vouchers", http.MethodGet, "/vouchers", tag, "The vouchers one may read", 0},
		a.listVouchers)
	add(a, operation{"read-voucher", http.MethodGet, "/vouchers/{ref}", tag, "A voucher with its entries", 0},
		a.readVoucher)
	add(a, operation{"list-parked", http.MethodGet, "/effects/parked", tag, "What waits for a ruling", 0},
		a.listParked)
	add(a, operation{
		"resolve-effect", http.MethodPost, "/effects/{ref}/resolve", tag,
		"Rule on what is parked: retry, redate or void", 0,
	},
		a.resolve)
	a.alsoAccepted("/effects/{ref}/resolve", "200")
}

// Voucher is a voucher as the books know it.
type Voucher struct {
	Reference string     `json:"reference"`
	Document  string     `json:"document"`
	Number    string     `json:"document_number,omitempty"`
	Kind      string     `json:"kind"`
	Entity    string     `json:"entity"`
	State     string     `json:"state"`
	BookID    string     `json:"erp_id,omitempty"`
	BookNo    string     `json:"erp_number,omitempty"`
	Again     string     `json:"erp_number_again,omitempty" doc:"Its number since it was missing there and posted again"`
	Date      string     `json:"date,omitempty"`
	Code      string     `json:"code,omitempty" doc:"Why it is parked"`
	Detail    string     `json:"detail,omitempty" doc:"The books' own words"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
	PostedAt  *time.Time `json:"posted_at,omitempty"`
	Text      string     `json:"text,omitempty"`
	Entries   []Entry    `json:"entries,omitempty" doc:"Only of a single voucher"`
}

// Entry is one line of a voucher.
type Entry struct {
	Side       string      `json:"side" enum:"debit,credit"`
	Account    string      `json:"account"`
	Amount     *desk.Money `json:"amount,omitempty"`
	Base       *desk.Money `json:"base,omitempty"`
	Text       string      `json:"text,omitempty"`
	Party      string      `json:"party,omitempty"`
	CostCenter string      `json:"cost_center,omitempty"`
	Tax        string      `json:"tax,omitempty"`

	Dimensions map[string]string `json:"dimensions,omitempty" doc:"What else the account is split by"`
}

func voucherOf(v store.VoucherRow) Voucher {
	out := Voucher{
		Reference: v.Reference, Document: v.Document, Number: v.DocumentNumber, Kind: v.Kind, Entity: v.Entity,
		State: v.State, BookID: v.ID, BookNo: v.Number, Again: v.Again, Date: v.Date, Code: v.Code, Detail: v.Detail,
		CreatedAt: instant(v.CreatedAt), PostedAt: instant(v.PostedAt),
	}
	var whole voucher.Voucher
	if v.Voucher == "" || json.Unmarshal([]byte(v.Voucher), &whole) != nil {
		return out // a list has no entries
	}
	out.Text = whole.Text
	for _, e := range whole.Entries {
		out.Entries = append(out.Entries, entryOf(e))
	}
	return out
}

func entryOf(e voucher.Entry) Entry {
	return Entry{
		string(e.Side), e.Account, desk.MoneyOf(e.Amount), desk.MoneyOf(e.Base), e.Text, e.Party, e.CostCenter, e.Tax,
		e.Dimensions,
	}
}

// VouchersInput narrows a list of vouchers.
type VouchersInput struct {
	Paged
	State    []string `query:"state" maxItems:"10" nullable:"false"`
	Document string   `query:"document" maxLength:"64"`
	Total    bool     `query:"total" doc:"Count them, up to 10000: so many, or more"`
}

// VouchersOutput is a page of vouchers.
type VouchersOutput struct{ Body List[Voucher] }

// listVouchers handles GET /vouchers.
func (a *API) listVouchers(ctx context.Context, in *VouchersInput) (*VouchersOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.Vouchers(ctx, who, store.VoucherFilter{
		States: in.State, Document: in.Document, Cursor: in.Cursor, Limit: in.Limit, WithTotal: in.Total,
	})
	if err != nil {
		return nil, err
	}
	return &VouchersOutput{Body: listOf(page.Items, page.Next, page.Total, voucherOf)}, nil
}

// ReferenceInput names a voucher.
type ReferenceInput struct {
	Asked
	Reference string `path:"ref" maxLength:"200"`
}

// VoucherOutput is one voucher.
type VoucherOutput struct{ Body Voucher }

// readVoucher handles GET /vouchers/{ref}.
func (a *API) readVoucher(ctx context.Context, in *ReferenceInput) (*VoucherOutput, error) {
	who, _ := auth.Of(ctx)
	row, err := a.desk.Voucher(ctx, who, in.Reference)
	if err != nil {
		return nil, err
	}
	return &VoucherOutput{Body: voucherOf(row)}, nil
}

// ParkedEffect is what waits for a ruling.
type ParkedEffect struct {
	Reference string     `json:"reference" doc:"What to name in the ruling"`
	Document  string     `json:"document"`
	Number    string     `json:"number,omitempty"`
	Title     string     `json:"title,omitempty"`
	Entity    string     `json:"entity"`
	Code      string     `json:"code"`
	Detail    string     `json:"detail,omitempty"`
	ParkedAt  *time.Time `json:"parked_at,omitempty"`
}

// ParkedOutput is what waits for a ruling.
type ParkedOutput struct{ Body List[ParkedEffect] }

// listParked handles GET /effects/parked.
func (a *API) listParked(ctx context.Context, _ *MeInput) (*ParkedOutput, error) {
	who, _ := auth.Of(ctx)
	parked, err := a.desk.Parked(ctx, who)
	if err != nil {
		return nil, err
	}
	each := func(p store.ParkedEffect) ParkedEffect {
		return ParkedEffect{
			desk.RulingReference(p), p.Document, p.Number, p.Title, p.Entity, p.Code, p.Detail, instant(p.ParkedAt),
		}
	}
	return &ParkedOutput{Body: listOf(parked, "", nil, each)}, nil
}

// RulingBody is a ruling on what is parked.
type RulingBody struct {
	Ruling  string `json:"ruling" enum:"retry,redate,void"`
	Date    string `json:"date,omitempty" maxLength:"10" doc:"Posting date YYYY-MM-DD, for redate"`
	Opinion string `json:"opinion,omitempty" maxLength:"2000"`
	Attempt *int   `json:"attempt,omitempty" minimum:"0" doc:"The attempt seen parked; the one parked now where left out"`
}

// RulingInput is a ruling on what is parked.
type RulingInput struct {
	Keyed
	Reference string `path:"ref" maxLength:"200"`
	Body      RulingBody
}

// resolve handles POST /effects/{ref}/resolve.
func (a *API) resolve(ctx context.Context, in *RulingInput) (*ActOutput, error) {
	who, _ := auth.Of(ctx)
	return acted(a.desk.Resolve(ctx, who, desk.Ruling{
		Reference: in.Reference, Ruling: in.Body.Ruling, Date: in.Body.Date, Attempt: in.Body.Attempt,
		Opinion: in.Body.Opinion, Channel: channel(who),
	}, keyOf("resolve-effect", in.IdempotencyKey, in.Reference, in.Body)))
}
