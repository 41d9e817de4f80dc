package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// healthWindow is how far back the monitor looks.
const healthWindow = time.Hour

// BooksHealth says how each connection does that somebody may see something of; their
// vouchers are counted for the entities that they may know of.
//
// Errors: Forbidden access.denied.
func (d *Desk) BooksHealth(ctx context.Context, who auth.Who) ([]store.BooksHealth, error) {
	seen, err := d.ConnectionsOf(who)
	if err != nil {
		return nil, err
	}
	scope := access.ScopeFor(who.Subject, access.EffectRead)
	books := booksOf(seen)
	for i := range books {
		books[i].Entities = within(scope, books[i].Entities)
	}
	return d.Store.BooksHealth(ctx, books, healthWindow)
}

func booksOf(connections []Connection) []store.Books {
	books := make([]store.Books, 0, len(connections))
	for _, c := range connections {
		books = append(books, store.Books{Connection: c.ID, Entities: c.Entities})
	}
	return books
}

// within are those of the entities that a scope reaches.
func within(scope access.Scope, entities []string) []string {
	var held []string
	for _, e := range entities {
		if scope.All || slices.Contains(scope.Entities, e) {
			held = append(held, e)
		}
	}
	return held
}

// exchangesOf is what somebody may know of the log of exchanges: who may read vouchers,
// for it shows what was booked.
func (d *Desk) exchangesOf(who auth.Who) (access.Scope, []store.Books, error) {
	scope, err := needAny(who, access.VoucherRead)
	if err != nil {
		return access.Scope{}, nil, err
	}
	seen, err := d.ConnectionsOf(who)
	return scope, booksOf(seen), err
}

// Exchanges lists what was said to the ERPs, the newest first, as far as somebody may
// know of it.
//
// Errors: Forbidden access.denied; Invalid cursor.bad.
func (d *Desk) Exchanges(ctx context.Context, who auth.Who, f store.ExchangeFilter) (
	store.Page[store.Exchange], error) {
	scope, books, err := d.exchangesOf(who)
	if err != nil {
		return store.Page[store.Exchange]{}, err
	}
	return d.Store.Exchanges(ctx, scope, books, f)
}

// Exchange is one exchange with its excerpts.
//
// Errors: NotFound exchange.not_found; Forbidden access.denied.
func (d *Desk) Exchange(ctx context.Context, who auth.Who, id int64) (store.Exchange, error) {
	scope, books, err := d.exchangesOf(who)
	if err != nil {
		return store.Exchange{}, err
	}
	return d.Store.Exchange(ctx, scope, books, id)
}

var _ = fault.Register(map[string]fault.Entry{
	"resend.nothing":  {Kind: fault.Conflict},
	"resend.underway": {Kind: fault.Conflict},
	"resend.reversal": {Kind: fault.Conflict},
	"resend.posted":   {Kind: fault.Conflict, Args: []string{"number"}},
})

// Resend has a posting that is parked tried now: a ruling to retry, signed and on record,
// after which the ERP is asked for the reference before it is told anything. So nothing is
// posted twice, however often somebody asks. What is not possible is on record too, with
// the reason.
//
// Safe to repeat with the same key. Errors: NotFound effect.not_found; Forbidden
// access.denied; Conflict resend.posted, resend.underway where it is tried by itself
// already, resend.reversal, resend.nothing, and the rules' own.
func (d *Desk) Resend(ctx context.Context, who auth.Who, in Ruling, key Key) (Acted, error) {
	kind, _, ok := splitReference(in.Reference)
	if !ok || kind != voucherPrefix {
		return Acted{}, fault.New(fault.NotFound, "effect.not_found")
	}
	in.Ruling = approval.RulingRetry
	return d.rule(ctx, who, in, key, func(detail Detail) error {
		if detail.ParkedRef == in.Reference {
			return nil
		}
		return d.whyNotResent(ctx, in.Reference)
	})
}

// whyNotResent says in words why there is nothing to try now. Whoever asks may rule on
// the document, so they may know of its voucher.
func (d *Desk) whyNotResent(ctx context.Context, reference string) error {
	if strings.Contains(reference, "-"+string(voucher.Reversal)+":") {
		return fault.New(fault.Conflict, "resend.reversal")
	}
	row, err := d.Store.Voucher(ctx, access.Scope{All: true}, reference)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return fault.New(fault.Conflict, "resend.nothing")
	case err != nil:
		return err
	case row.State == store.VoucherPosted:
		return fault.New(fault.Conflict, "resend.posted", fault.Arg("number", row.Number))
	case row.State == voucherPending:
		return fault.New(fault.Conflict, "resend.underway")
	}
	return fault.New(fault.Conflict, "resend.nothing")
}

// voucherPending is the state of a voucher that is on its way.
const voucherPending = "pending"
