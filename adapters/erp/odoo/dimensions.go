package odoo

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// analyticAccount is one of Odoo's analytic accounts, as it is read.
type analyticAccount struct {
	ID   int64 `json:"id"`
	Code text  `json:"code"`
	Name text  `json:"name"`
	Plan link  `json:"plan_id"`
}

// spread gives an entry's dimensions to analytic accounts of their plans, beside that of
// its cost center: of each plan the whole line.
//
// Errors, before anything is sent: Invalid erp.unknown_dimension; Invalid erp.unsupported
// where this Odoo has no analytic distribution.
func (p *Port) spread(ctx context.Context, at company, e voucher.Entry, record object) error {
	if len(e.Dimensions) == 0 {
		return nil
	}
	if at.fields.analytic == "" {
		return port.Fault(port.CodeUnsupported, "", fault.Arg("what", "dimensions, before Odoo 16"))
	}
	over, _ := record[at.fields.analytic].(object)
	if over == nil {
		over = object{}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
		value, plan := e.Dimensions[name], p.plans[name]
		if plan == "" {
			return port.Fault(port.CodeUnsupported, "", fault.Arg("what", name+": name its plan in options.dimensions"))
		}
		id, err := p.ofPlan(ctx, at, plan, value)
		if err != nil {
			return err
		}
		if id == 0 {
			return port.Fault(port.CodeUnknownDimension, "no analytic account of the plan "+plan+" has the code "+value,
				fault.Arg("dimension", name), fault.Arg("value", value))
		}
		over[strconv.FormatInt(id, 10)] = wholly
	}
	record[at.fields.analytic] = over
	return nil
}

// ofPlan finds the analytic account of a plan by its code, 0 for none.
func (p *Port) ofPlan(ctx context.Context, at company, plan, code string) (int64, error) {
	key := "account.analytic.account of " + plan
	if id, ok := p.cache.id(key, code); ok {
		return id, nil
	}
	r, err := p.one(ctx, at, "account.analytic.account", []any{[]any{"code", "=", code},
		[]any{"plan_id.name", "=", plan}, []any{"company_id", "in", []any{false, at.id}}}, "")
	if err != nil || r == nil {
		return 0, err
	}
	p.cache.keepID(key, code, r.ID)
	return r.ID, nil
}

// distribution is what share of a line each analytic account has. A key may name
// several of different plans, with commas between.
func (l line) distribution() map[int64]bool {
	var shares map[string]json.RawMessage
	if len(l.Analytic) == 0 || l.Analytic[0] != '{' || json.Unmarshal(l.Analytic, &shares) != nil {
		return nil
	}
	ids := map[int64]bool{}
	for key := range shares {
		for one := range strings.SplitSeq(key, ",") {
			if id, err := strconv.ParseInt(strings.TrimSpace(one), 10, 64); err == nil {
				ids[id] = true
			}
		}
	}
	return ids
}

// analytics reads the analytic accounts that lines are spread over.
func (p *Port) analytics(ctx context.Context, at company, lines []line) (map[int64]analyticAccount, error) {
	ids := map[int64]bool{}
	for _, l := range lines {
		maps.Copy(ids, l.distribution())
	}
	if len(ids) == 0 || len(p.plans) == 0 {
		return nil, nil
	}
	var rows []analyticAccount
	err := p.search(ctx, at.all(), query{model: "account.analytic.account", limit: len(ids),
		domain: []any{[]any{"id", "in", slices.Sorted(maps.Keys(ids))}}, fields: []string{"code", "name", "plan_id"}}, &rows)
	known := make(map[int64]analyticAccount, len(rows))
	for _, r := range rows {
		known[r.ID] = r
	}
	return known, err
}

// splits are the dimensions of a line. One that somebody spread over several accounts of
// a plan has them all.
func (p *Port) splits(l line, known map[int64]analyticAccount) voucher.Splits {
	codes := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(l.distribution())) {
		for name, plan := range p.plans {
			if a := known[id]; a.Plan.name == plan || strings.HasSuffix(a.Plan.name, "/ "+plan) {
				codes[name] = append(codes[name], cmp.Or(string(a.Code), string(a.Name)))
			}
		}
	}
	read := make(map[string]string, len(codes))
	for name, all := range codes {
		read[name] = strings.Join(all, " + ")
	}
	return voucher.SplitsOf(read)
}
