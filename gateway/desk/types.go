package desk

import (
	"context"
	"log/slog"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// Kinds of a published text.
const (
	kindPolicy = "policy"
	kindType   = "type"
)

const dateForm = "2006-01-02"

// Types lists the document types in force.
func (d *Desk) Types(ctx context.Context) ([]*doctype.Type, error) {
	rows, err := d.Store.Policies(ctx, kindType)
	if err != nil {
		return nil, err
	}
	var list []*doctype.Type
	for _, row := range newest(rows) {
		t, err := d.parseType(row)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// newest keeps the last version of each text, in the order they come.
func newest(rows []store.PolicyRow) []store.PolicyRow {
	at := map[string]int{}
	var list []store.PolicyRow
	for _, row := range rows {
		i, seen := at[row.ID]
		switch {
		case !seen:
			at[row.ID] = len(list)
			list = append(list, row)
		case row.Version > list[i].Version:
			list[i] = row
		}
	}
	return list
}

// Type is one document type in force.
//
// Errors: Invalid document.type_unknown, with the field type.
func (d *Desk) Type(ctx context.Context, id string) (*doctype.Type, error) {
	unknown := fault.New(fault.Invalid, "document.type_unknown", fault.Arg("type", id), fault.Field("type"))
	if id == "" {
		return nil, unknown
	}
	row, err := d.Store.PolicyInForce(ctx, kindType, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, unknown
	}
	if err != nil {
		return nil, err
	}
	return d.parseType(row)
}

// TypeOf is the version of its type that a document was last submitted with.
//
// Errors: Invalid document.type_unknown, with the field type.
func (d *Desk) TypeOf(ctx context.Context, document, kind string) (*doctype.Type, error) {
	row, err := d.Store.TypeOf(ctx, document, kind)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.New(fault.Invalid, "document.type_unknown", fault.Arg("type", kind), fault.Field("type"))
	}
	if err != nil {
		return nil, err
	}
	return d.parseType(row)
}

func (d *Desk) parseType(row store.PolicyRow) (*doctype.Type, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if t, ok := d.types[row.Hash]; ok {
		return t, nil
	}
	t, err := doctype.Parse(row.ID, []byte(row.YAML))
	if err != nil {
		return nil, err
	}
	if d.types == nil {
		d.types = map[string]*doctype.Type{}
	}
	d.types[row.Hash] = t
	return t, nil
}

func (d *Desk) policyInForce(ctx context.Context, id string) (*policy.Policy, int, error) {
	row, err := d.Store.PolicyInForce(ctx, kindPolicy, id)
	if err != nil {
		return nil, 0, err
	}
	p, err := d.parsePolicy(row)
	return p, row.Version, err
}

func (d *Desk) parsePolicy(row store.PolicyRow) (*policy.Policy, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if p, ok := d.policies[row.Hash]; ok {
		return p, nil
	}
	p, err := policy.Parse(row.ID, []byte(row.YAML))
	if err != nil {
		return nil, err
	}
	if d.policies == nil {
		d.policies = map[string]*policy.Policy{}
	}
	d.policies[row.Hash] = p
	return p, nil
}

// rates finds the exchange rate of a day.
func (d *Desk) rates(ctx context.Context, day string) doctype.Rates {
	return func(from, to money.Currency) (document.Rate, bool) {
		rate, err := d.Store.RateFor(ctx, string(from), string(to), day)
		if err != nil {
			if fault.KindOf(err) != fault.NotFound {
				slog.ErrorContext(ctx, "exchange rate", "from", from, "to", to, "error", err)
			}
			return document.Rate{}, false
		}
		return rate, true
	}
}

// rateDay is the day whose exchange rates count for a content: that of its frozen rate,
// else that on which it was submitted, else today. The activity that routes says the same.
func (d *Desk) rateDay(snapshot *org.Snapshot, c document.Content, claimed time.Time) string {
	switch {
	case c.Rate != nil:
		return c.Rate.Date
	case claimed.IsZero():
		return d.today(snapshot, c.Entity)
	}
	return dayIn(snapshot, c.Entity, claimed)
}

// today is the date where the entity is; UTC where nobody knows the entity.
func (d *Desk) today(snapshot *org.Snapshot, entity string) string {
	return dayIn(snapshot, entity, d.now())
}

// dayIn is the date that it is at an instant where a company is.
func dayIn(snapshot *org.Snapshot, entity string, at time.Time) string {
	zone, err := time.LoadLocation(zoneOf(snapshot, entity))
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format(dateForm)
}

func zoneOf(snapshot *org.Snapshot, entity string) string {
	if e, ok := snapshot.Entities[entity]; ok && e.Zone != "" {
		return e.Zone
	}
	return "UTC"
}
