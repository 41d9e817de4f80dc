package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
)

const (
	// How many references of one call are looked at again by themselves before they are
	// told: of vouchers of ours, and of what nobody here knows, so that strange vouchers
	// never keep ours from it. What is beyond is told from the first look.
	ownLooks     = 5_000
	strangeLooks = 200

	listedMost = 100_000 // vouchers of the ERP in one call
	namedMost  = 500     // references asked of the store at once
)

// CompareInput names the days that one call compares.
type CompareInput struct {
	DaySpan
	Run        string `json:"run"`
	Connection string `json:"connection"`
}

// CompareDays compares both sides over a few days and keeps what differs.
//
// The ERP is listed while vouchers are being posted. So whatever differs is looked at
// again, by its reference, on both sides: what was only on its way is gone by then, and
// a voucher with another date is found wherever it lies.
// Safe to repeat. Errors: Invalid erp.unsupported where the ERP cannot list; else those
// of a question to the ERP.
// Time: minutes where much differs.
func (r *Reconciliations) CompareDays(ctx context.Context, in CompareInput) (Compared, error) {
	defer alive(ctx)()
	connection, found := r.Connections[in.Connection]
	if !found {
		return Compared{}, answer(ctx, fault.New(fault.Invalid, CodeNoBooks, fault.Arg("connection", in.Connection)))
	}
	c := &comparison{book: r.Book, connection: connection, in: in, ours: map[string]reconciliation.Ours{},
		theirs: map[string][]reconciliation.Theirs{}}
	_, err := ask(connection.Ledger, func() (struct{}, error) { return struct{}{}, c.run(ctx) })
	return c.counted, answer(ctx, err)
}

// comparison is one call of CompareDays.
type comparison struct {
	book       ReconciliationBook
	connection Connection
	in         CompareInput

	ours      map[string]reconciliation.Ours // by reference
	elsewhere map[string]bool                // references that are booked in another connection
	theirs    map[string][]reconciliation.Theirs
	counted   Compared
}

func (c *comparison) run(ctx context.Context) error {
	if err := c.readTheirs(ctx); err != nil {
		return err
	}
	if err := c.readOurs(ctx); err != nil {
		return err
	}
	strange := map[string]bool{}
	for reference := range c.theirs {
		if _, known := c.ours[reference]; !known {
			strange[reference] = true
		}
	}
	own, err := c.differing(ctx, slices.Sorted(maps.Keys(c.ours)), ownLooks)
	if err != nil {
		return err
	}
	others, err := c.differing(ctx, slices.Sorted(maps.Keys(strange)), strangeLooks)
	if err != nil {
		return err
	}
	return c.book.SaveDifferences(ctx, append(own, others...))
}

// differing is what differs of some references; so many are looked at again.
func (c *comparison) differing(ctx context.Context, references []string, looks int) (
	found []store.FoundDifference, err error) {
	for _, reference := range references {
		differences := c.judge(reference)
		if len(differences) > 0 && looks > 0 {
			looks--
			if err := c.lookAgain(ctx, reference); err != nil {
				return nil, err
			}
			differences = c.judge(reference)
		}
		for _, d := range differences {
			found = append(found, c.kept(d))
		}
	}
	return found, nil
}

func (c *comparison) judge(reference string) []reconciliation.Difference {
	if c.elsewhere[reference] {
		return nil
	}
	if ours, known := c.ours[reference]; known {
		return reconciliation.Judge(&ours, c.theirs[reference])
	}
	return reconciliation.Judge(nil, c.theirs[reference])
}

func (c *comparison) kept(d reconciliation.Difference) store.FoundDifference {
	print, err := evidence.HashOf(d)
	if err != nil {
		print = "" // strings only: it cannot be
	}
	return store.FoundDifference{Difference: d, Run: c.in.Run, Connection: c.in.Connection, Fingerprint: print}
}

// readTheirs lists what the ERP holds.
func (c *comparison) readTheirs(ctx context.Context) error {
	lister, ok := c.connection.Port.(erp.Lister)
	if !ok {
		return fault.New(fault.Invalid, erp.CodeUnsupported, fault.Arg("what", "list"))
	}
	asked := erp.Listing{From: c.in.From, Until: c.in.Until}
	for c.counted.Theirs < listedMost {
		var page erp.Listed
		err := erp.Calling(ctx, erp.Call{Op: erp.OpList}, func(ctx context.Context) (err error) {
			page, err = lister.List(ctx, asked)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range page.Vouchers {
			c.theirs[f.Reference] = append(c.theirs[f.Reference], theirsOf(f))
			c.counted.Theirs++
		}
		if asked.Cursor = page.Next; asked.Cursor == "" {
			return nil
		}
	}
	return fmt.Errorf("reconcile %s: more than %d vouchers in a few days", c.in.Connection, listedMost)
}

// readOurs reads what should be there, and whatever else is known of what is.
func (c *comparison) readOurs(ctx context.Context) error {
	var last store.VoucherRow
	for {
		rows, err := c.book.PostedVouchers(ctx, c.connection.Entities, c.in.From, c.in.Until, last)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		c.counted.Ours += int64(len(rows))
		if err := c.know(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1]
	}
	if err := c.nameShort(ctx); err != nil {
		return err
	}
	var unknown []string
	for reference := range c.theirs {
		if _, known := c.ours[reference]; !known {
			unknown = append(unknown, reference)
		}
	}
	for names := range slices.Chunk(unknown, namedMost) {
		rows, err := c.book.VouchersNamed(ctx, names)
		if err != nil {
			return err
		}
		if err := c.know(rows); err != nil {
			return err
		}
	}
	return nil
}

// nameShort finds the full references of what an ERP told under short ones. What has none
// keeps its short one: nobody here gave it.
func (c *comparison) nameShort(ctx context.Context) error {
	if !c.connection.Port.Capabilities().ListsShort {
		return nil
	}
	full, unknown := map[string]string{}, []string{}
	for reference := range c.ours {
		full[voucher.Short(reference)] = reference
	}
	for short := range c.theirs {
		if full[short] == "" {
			unknown = append(unknown, short)
		}
	}
	slices.Sort(unknown)
	for shorts := range slices.Chunk(unknown, namedMost) {
		rows, err := c.book.VouchersShort(ctx, shorts)
		if err != nil {
			return err
		}
		for _, row := range rows {
			full[voucher.Short(row.Reference)] = row.Reference
		}
	}
	named := map[string][]reconciliation.Theirs{}
	for short, found := range c.theirs {
		reference := cmp.Or(full[short], short)
		for _, t := range found {
			t.Reference = reference
			named[reference] = append(named[reference], t)
		}
	}
	c.theirs = named
	return nil
}

// know takes vouchers of ours in. What belongs to another connection is none of ours:
// two companies may share one ERP.
func (c *comparison) know(rows []store.VoucherRow) error {
	for _, row := range rows {
		if !slices.Contains(c.connection.Entities, row.Entity) {
			if c.elsewhere == nil {
				c.elsewhere = map[string]bool{}
			}
			c.elsewhere[row.Reference] = true
			continue
		}
		ours, err := oursOf(row, c.connection.Port.Capabilities())
		if err != nil {
			return err
		}
		c.ours[row.Reference] = ours
	}
	return nil
}

// lookAgain asks both sides for one reference by itself.
func (c *comparison) lookAgain(ctx context.Context, reference string) error {
	if !strings.HasPrefix(reference, erp.ReferencePrefix) {
		return nil // a short one that nobody here gave: it cannot be asked for
	}
	var found []erp.Found
	ours := c.ours[reference]
	call := erp.Call{Op: erp.OpFind, Reference: reference, Document: ours.Document, Entity: ours.Entity}
	err := erp.Calling(ctx, call, func(ctx context.Context) (err error) {
		found, err = c.connection.Port.Find(ctx, reference)
		return err
	})
	if err != nil {
		return err
	}
	delete(c.theirs, reference)
	for _, f := range found {
		c.theirs[reference] = append(c.theirs[reference], theirsOf(f))
	}
	rows, err := c.book.VouchersNamed(ctx, []string{reference})
	if err != nil {
		return err
	}
	delete(c.ours, reference)
	return c.know(rows)
}

func theirsOf(f erp.Found) reconciliation.Theirs {
	return reconciliation.Theirs{Reference: f.Reference, ID: f.ID, Number: f.Number, State: string(f.State), Date: f.Date,
		Lines: linesOf(f.Lines)}
}

func oursOf(row store.VoucherRow, can erp.Capabilities) (reconciliation.Ours, error) {
	var v voucher.Voucher
	if err := json.Unmarshal([]byte(row.Voucher), &v); err != nil {
		return reconciliation.Ours{}, fmt.Errorf("read the voucher %s: %w", row.Reference, err)
	}
	return reconciliation.Ours{Reference: row.Reference, Document: row.Document, Entity: row.Entity, State: row.State,
		Date: row.Date, Lines: linesOf(erp.Lines(v, can))}, nil
}

func linesOf(lines []erp.Line) []reconciliation.Line {
	all := make([]reconciliation.Line, 0, len(lines))
	for _, l := range lines {
		all = append(all, reconciliation.Line{Account: l.Account, Party: l.Party, Debit: l.Debit, Credit: l.Credit,
			Dimensions: l.Dimensions})
	}
	return all
}
