package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/store"
)

func (a *API) finance() {
	const tag = "Vouchers"
	add(a, operation{
		"list-finance-tasks", http.MethodGet, "/finance/tasks", tag, "What waits for finance, the longest wait first", 0,
	},
		a.listFinanceTasks)
	add(a, operation{"count-finance", http.MethodGet, "/finance/counts", tag, "How much waits for finance", 0},
		a.countFinance)
	add(a, operation{
		"preview-voucher", http.MethodGet, "/documents/{id}/voucher", tag,
		"The voucher a document would be booked with as it stands, each entry with its rule", 0,
	},
		a.previewVoucher)
	add(a, operation{
		"try-voucher", http.MethodPost, "/vouchers/preview", tag,
		"The voucher of a document or a content by any mapping: nothing is kept", 0,
	},
		a.tryVoucher)
}

// FinanceTasksInput narrows what waits for finance.
type FinanceTasksInput struct {
	Paged
	Mine    bool   `query:"mine" doc:"Only what waits for the caller"`
	Entity  string `query:"entity" maxLength:"64"`
	Type    string `query:"type" maxLength:"64"`
	Query   string `query:"q" maxLength:"100" doc:"Somewhere in the number or the title"`
	Overdue bool   `query:"overdue"`
	Urgent  bool   `query:"urgent"`
}

// FinanceTask is one step that waits for finance.
type FinanceTask struct {
	Task
	Waits []string `json:"waits" nullable:"false" doc:"For whom it waits"`
}

// FinanceTasksOutput is a page of what waits for finance.
type FinanceTasksOutput struct{ Body List[FinanceTask] }

// listFinanceTasks handles GET /finance/tasks.
func (a *API) listFinanceTasks(ctx context.Context, in *FinanceTasksInput) (*FinanceTasksOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.FinanceTasks(ctx, who, in.Mine, store.FinanceFilter{
		Entity: in.Entity, Type: in.Type, Query: in.Query, Overdue: in.Overdue, Urgent: in.Urgent, Cursor: in.Cursor,
		Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	each := func(t store.FinanceTask) FinanceTask { return FinanceTask{taskOf(t.Task), t.Waits} }
	return &FinanceTasksOutput{Body: listOf(page.Items, page.Next, nil, each)}, nil
}

// FinanceCounts is how much waits for finance.
type FinanceCounts struct {
	All     int64 `json:"all"`
	Mine    int64 `json:"mine"`
	Overdue int64 `json:"overdue"`
	Parked  int64 `json:"parked"`

	Reversals int64 `json:"reversals" doc:"That wait for approval, or that the books refused"`

	Of int64 `json:"of" doc:"Counting stops here: a count that has reached it may be more"`
}

// FinanceCountsOutput is how much waits for finance.
type FinanceCountsOutput struct{ Body FinanceCounts }

// countFinance handles GET /finance/counts.
func (a *API) countFinance(ctx context.Context, _ *MeInput) (*FinanceCountsOutput, error) {
	who, _ := auth.Of(ctx)
	c, err := a.desk.FinanceCounts(ctx, who)
	return &FinanceCountsOutput{Body: FinanceCounts(c)}, err
}

// VoucherPreviewInput names a document.
type VoucherPreviewInput struct {
	Asked
	ID   string `path:"id" maxLength:"64"`
	Kind string `query:"kind" enum:"accrual,settlement" doc:"Which voucher; accrual where it is left out"`
}

// TryVoucherInput is what a voucher is to be made of.
type TryVoucherInput struct {
	Asked
	Body TryVoucherBody
}

// TryVoucherBody is a document or a content, and by which mapping it is booked.
type TryVoucherBody struct {
	Document string     `json:"document,omitempty" maxLength:"64" doc:"Id of a document; or a content"`
	Content  *desk.Form `json:"content,omitempty" doc:"As a draft is written"`
	Kind     string     `json:"kind,omitempty" enum:"accrual,settlement"`
	Mapping  string     `json:"mapping,omitempty" maxLength:"65536" doc:"YAML of a mapping; else the one in force"`
}

// VoucherPreview is what the books would be told of a document today.
type VoucherPreview struct {
	Document string         `json:"document"`
	Number   string         `json:"number,omitempty"`
	Kind     string         `json:"kind" enum:"accrual,settlement"`
	Mapping  string         `json:"mapping,omitempty" doc:"By which it was derived"`
	Version  int            `json:"version,omitempty" doc:"Of the mapping"`
	Date     string         `json:"date,omitempty" doc:"The posting date, were it posted today"`
	Journal  string         `json:"journal,omitempty"`
	Text     string         `json:"text,omitempty"`
	Rate     *document.Rate `json:"rate,omitempty" doc:"The exchange rate frozen with the document"`
	Entries  []PreviewEntry `json:"entries" nullable:"false"`

	Problem string            `json:"problem,omitempty" doc:"The same in the caller's language"`
	Code    string            `json:"code,omitempty" doc:"Why no voucher can be made; there are no entries then"`
	Args    map[string]string `json:"args,omitempty"`
	Field   string            `json:"field,omitempty"`
}

// PreviewEntry is an entry, and which rule of the mapping made it.
type PreviewEntry struct {
	Entry
	Why booking.Why `json:"why"`
}

// VoucherPreviewOutput is what the books would be told of a document today.
type VoucherPreviewOutput struct{ Body VoucherPreview }

// previewVoucher handles GET /documents/{id}/voucher.
func (a *API) previewVoucher(ctx context.Context, in *VoucherPreviewInput) (*VoucherPreviewOutput, error) {
	who, _ := auth.Of(ctx)
	p, err := a.desk.PreviewVoucher(ctx, who, desk.PreviewAsked{Document: in.ID, Kind: voucher.Kind(in.Kind)})
	if err != nil {
		return nil, err
	}
	return &VoucherPreviewOutput{Body: previewOf(ctx, p)}, nil
}

// tryVoucher handles POST /vouchers/preview.
func (a *API) tryVoucher(ctx context.Context, in *TryVoucherInput) (*VoucherPreviewOutput, error) {
	who, _ := auth.Of(ctx)
	asked := desk.PreviewAsked{Document: in.Body.Document, Kind: voucher.Kind(in.Body.Kind), Mapping: in.Body.Mapping}
	if in.Body.Content != nil {
		content, err := in.Body.Content.Content()
		if err != nil {
			return nil, err
		}
		asked.Content = &content
	}
	p, err := a.desk.PreviewVoucher(ctx, who, asked)
	if err != nil {
		return nil, err
	}
	return &VoucherPreviewOutput{Body: previewOf(ctx, p)}, nil
}

func previewOf(ctx context.Context, p desk.VoucherPreview) VoucherPreview {
	out := VoucherPreview{
		Number: p.Document.Number, Kind: string(p.Kind), Rate: p.Document.Content.Rate,
		Document: p.Document.ID, Mapping: p.Mapping, Version: p.Version, Date: p.Voucher.Date, Journal: p.Voucher.Journal,
		Text: p.Voucher.Text, Entries: []PreviewEntry{},
	}
	if wrong := cmp.Or(p.Fault, p.Lost); wrong != nil {
		out.Code, out.Args, out.Field = wrong.Code, told(wrong), wrong.Field
		out.Problem = problem.Text(ctx, wrong)
	}
	for i, e := range p.Voucher.Entries {
		out.Entries = append(out.Entries, PreviewEntry{entryOf(e), p.Whys[i]})
	}
	return out
}

// told are the arguments of a fault, without those that name a place in a file.
func told(f *fault.Fault) map[string]string {
	args := map[string]string{}
	for name, value := range f.Args {
		if name != "file" && name != "line" && name != "column" {
			args[name] = value
		}
	}
	return args
}
