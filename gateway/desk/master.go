package desk

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// books is the master data of every entity whose ERP was read.
func (d *Desk) books(ctx context.Context) (map[string]map[master.Key]master.Row, error) {
	company, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	books := map[string]map[master.Key]master.Row{}
	for entity := range company.Entities {
		rows, err := d.Store.MasterOf(ctx, entity)
		if err != nil {
			return nil, err
		}
		if rows != nil {
			books[entity] = rows
		}
	}
	return books, nil
}

// proveMapping tries a mapping on made-up documents of its type, and on the master
// data of the books it goes to.
func (d *Desk) proveMapping(ctx context.Context, m *booking.Mapping, t *doctype.Type) (booking.Proof, error) {
	company, err := d.Snapshot(ctx)
	if err != nil {
		return booking.Proof{}, err
	}
	books, err := d.books(ctx)
	if err != nil {
		return booking.Proof{}, err
	}
	return booking.Prove(m, booking.Ground{Type: t, Org: company, Books: books, Keeps: d.keeps()}), nil
}

// keeps is what the books of each entity keep of a voucher, where it is known.
func (d *Desk) keeps() map[string]voucher.Keeps {
	all := map[string]voucher.Keeps{}
	for _, c := range d.Connections {
		for _, entity := range c.Entities {
			if c.Keeps != nil {
				all[entity] = *c.Keeps
			}
		}
	}
	return all
}

// cautions are what may be published, but should be known: books that nobody has read
// yet, and what books cannot do of what documents of the type may want.
func (d *Desk) cautions(ctx context.Context, subject, yaml string) ([]*fault.Fault, error) {
	var all []*fault.Fault
	unchecked, err := d.uncheckedBooks(ctx)
	if err != nil {
		return nil, err
	}
	if unchecked != nil {
		all = append(all, unchecked)
	}
	m, err := booking.Parse(subject, []byte(yaml))
	if err != nil {
		return nil, err
	}
	t, err := d.Type(ctx, m.Type)
	if err != nil {
		return nil, err
	}
	company, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return append(all, booking.Cautions(t, company, d.keeps())...), nil
}

// uncheckedBooks says of which entities nobody has read the books yet: whether
// accounts exist there could not be checked. nil where there are none.
func (d *Desk) uncheckedBooks(ctx context.Context) (*fault.Fault, error) {
	company, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	books, err := d.books(ctx)
	if err != nil {
		return nil, err
	}
	var unread []string
	for _, entity := range slices.Sorted(maps.Keys(company.Entities)) {
		if _, read := books[entity]; !read {
			unread = append(unread, entity)
		}
	}
	if len(unread) == 0 {
		return nil, nil
	}
	return fault.New(fault.Invalid, "booking.unchecked", fault.Arg("entities", strings.Join(unread, ", "))), nil
}
