package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/maintenance"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// RulingReasonMax is how long the reason of a ruling may be, in characters.
const RulingReasonMax = 2000

var _ = fault.Register(map[string]fault.Entry{
	"ruling.no_reason":     {Kind: fault.Invalid, Args: []string{"max"}},
	"ruling.not_posted":    {Kind: fault.Conflict},
	"ruling.unknown":       {Kind: fault.Invalid},
	"reconciliation.off":   {Kind: fault.Conflict},
	"difference.not_found": {Kind: fault.NotFound},
})

// Connection is one ERP company that vouchers are booked in.
type Connection struct {
	ID          string
	Entities    []string
	Maintenance maintenance.Windows // when it is left alone
	Keeps       *voucher.Keeps      // what its books keep of a voucher; nil = not known here
	Reads       []master.Kind       // of master data; nil = not known here
	Rates       bool                // its exchange rates are those that documents are counted with
}

// Books is the part of gateway/engine that has the ERPs asked and told.
type Books interface {
	// Reconcile has both sides of a connection compared; a repeat is no error.
	Reconcile(ctx context.Context, in activities.ReconcileInput) error
	// PostAgain has a ruling carried out; a repeat is no error.
	PostAgain(ctx context.Context, in activities.PostAgainInput) error
	// ReadMaster has master data read; over says whether that ended meanwhile.
	ReadMaster(ctx context.Context, in activities.MasterInput) (over bool, err error)
}

// ConnectionsOf lists the connections that somebody may see something of.
func (d *Desk) ConnectionsOf(who auth.Who) ([]Connection, error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return nil, err
	}
	var seen []Connection
	for _, c := range d.Connections {
		if scope.All || slices.ContainsFunc(c.Entities, func(e string) bool { return slices.Contains(scope.Entities, e) }) {
			seen = append(seen, c)
		}
	}
	return seen, nil
}

// AskedReconciliation says what is to be compared.
type AskedReconciliation struct {
	Connection  string
	From, Until string // YYYY-MM-DD, both included
}

// Reconcile has both sides compared and answers with the id of the comparison.
//
// Safe to repeat with the same key. Errors: NotFound reconciliation.not_found where
// there is no such connection as far as they may know; Forbidden access.denied; Invalid
// reconciliation.bad_range; Busy engine.away: ask again with the same key; Busy
// erp.maintenance, with until when.
func (d *Desk) Reconcile(ctx context.Context, who auth.Who, in AskedReconciliation, key Key) (string, error) {
	connection, err := d.connection(who, in.Connection)
	if err != nil {
		return "", err
	}
	if err := needOn(who, access.EffectResolve, connection.Entities); err != nil {
		return "", err
	}
	if err := checkDays(in); err != nil {
		return "", err
	}
	if d.Books == nil {
		return "", fault.New(fault.Conflict, "reconciliation.off")
	}
	if err := connection.awake(); err != nil {
		return "", err
	}
	idem, err := key.of(who)
	if err != nil {
		return "", err
	}
	id, err := d.Store.AskReconciliation(ctx, store.Reconciliation{
		Connection: connection.ID, Entities: connection.Entities, From: in.From, Until: in.Until, AskedBy: who.Person.ID,
	}, idem)
	if err != nil {
		return "", err
	}
	return id, d.Books.Reconcile(ctx, activities.ReconcileInput{
		Run: id, Connection: in.Connection, From: in.From, Until: in.Until, By: who.Person.ID,
	})
}

func (d *Desk) connection(who auth.Who, id string) (Connection, error) {
	seen, err := d.ConnectionsOf(who)
	if err != nil {
		return Connection{}, err
	}
	for _, c := range seen {
		if c.ID == id {
			return c, nil
		}
	}
	return Connection{}, fault.New(fault.NotFound, "reconciliation.not_found", fault.Field("connection"))
}

// needOn asks access for a permission on any of the entities.
func needOn(who auth.Who, permission string, entities []string) error {
	var err error
	for _, entity := range entities {
		if err = need(who, permission, access.Object{Entity: entity}); err == nil {
			return nil
		}
	}
	return err
}

func checkDays(in AskedReconciliation) error {
	from, err := time.Parse(time.DateOnly, in.From)
	bad := fault.New(fault.Invalid, activities.CodeBadRange, fault.Arg("max", strconv.Itoa(activities.ReconcileDaysMost)),
		fault.Field("from"))
	if err != nil {
		return bad
	}
	until, err := time.Parse(time.DateOnly, in.Until)
	if err != nil || until.Before(from) || until.Sub(from) >= activities.ReconcileDaysMost*24*time.Hour {
		return bad
	}
	return nil
}

// Reconciliations lists the comparisons that somebody may see something of.
func (d *Desk) Reconciliations(ctx context.Context, who auth.Who, connection, cursor string) (
	store.Page[store.Reconciliation], error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return store.Page[store.Reconciliation]{}, err
	}
	return d.Store.Reconciliations(ctx, scope, connection, cursor)
}

// Reconciliation is one comparison.
//
// Errors: NotFound reconciliation.not_found; Forbidden access.denied.
func (d *Desk) Reconciliation(ctx context.Context, who auth.Who, id string) (store.Reconciliation, error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return store.Reconciliation{}, err
	}
	return d.Store.Reconciliation(ctx, scope, id)
}

// Differences lists what a comparison found, as far as somebody may see it.
//
// Errors: as Reconciliation.
func (d *Desk) Differences(ctx context.Context, who auth.Who, f store.DifferenceFilter) (
	store.Page[store.FoundDifference], error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return store.Page[store.FoundDifference]{}, err
	}
	if _, err := d.Store.Reconciliation(ctx, scope, f.Run); err != nil {
		return store.Page[store.FoundDifference]{}, err
	}
	return d.Store.Differences(ctx, scope, f)
}

// DifferenceCounts counts what a comparison found by kind, as far as somebody may see it.
func (d *Desk) DifferenceCounts(ctx context.Context, who auth.Who, run string) (map[reconciliation.Kind]int64, error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return nil, err
	}
	return d.Store.DifferenceCounts(ctx, scope, run)
}

// DifferenceRuling is what somebody says of a difference.
type DifferenceRuling struct {
	Run    string
	N      int64
	Ruling string // store.RulingExplained, with a reason, or store.RulingPost
	Reason string
}

// Rule keeps what somebody says of a difference: that it is as it should be, or that
// the voucher is to be posted again, which looks first and never doubles.
//
// Safe to repeat with the same key. Errors: NotFound difference.not_found; Forbidden
// access.denied; Invalid ruling.no_reason; Conflict ruling.not_posted where posting
// again mends nothing; Busy engine.away: it is kept, rule the same again.
func (d *Desk) Rule(ctx context.Context, who auth.Who, in DifferenceRuling, key Key) error {
	page, err := d.Differences(ctx, who, store.DifferenceFilter{Run: in.Run, Number: in.N})
	if err != nil {
		return err
	}
	if len(page.Items) != 1 || in.N == 0 {
		return fault.New(fault.NotFound, "difference.not_found")
	}
	found := page.Items[0]
	if err := d.mayRule(ctx, who, found); err != nil {
		return err
	}
	if err := checkRuling(in, found); err != nil {
		return err
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	id, err := d.Store.SaveRuling(ctx, store.Ruling{
		Connection: found.Connection, Fingerprint: found.Fingerprint, Reference: found.Reference, Ruling: in.Ruling,
		Person: who.Person.ID, Reason: strings.TrimSpace(in.Reason),
	}, idem)
	if err != nil || in.Ruling != store.RulingPost {
		return err
	}
	return d.Books.PostAgain(ctx, activities.PostAgainInput{Ruling: id, Connection: found.Connection})
}

// mayRule asks for the right to rule where the voucher belongs; what nobody knows here
// belongs to every entity of the connection.
func (d *Desk) mayRule(ctx context.Context, who auth.Who, found store.FoundDifference) error {
	if found.Entity != "" {
		return need(who, access.EffectResolve, access.Object{Entity: found.Entity})
	}
	run, err := d.Reconciliation(ctx, who, found.Run)
	if err != nil {
		return err
	}
	for _, entity := range run.Entities {
		if err := need(who, access.EffectResolve, access.Object{Entity: entity}); err != nil {
			return err
		}
	}
	return nil
}

func checkRuling(in DifferenceRuling, found store.FoundDifference) error {
	reason := strings.TrimSpace(in.Reason)
	if in.Ruling != store.RulingExplained && in.Ruling != store.RulingPost {
		return fault.New(fault.Invalid, "ruling.unknown", fault.Field("ruling"))
	}
	if in.Ruling == store.RulingExplained && reason == "" || len([]rune(reason)) > RulingReasonMax {
		return fault.New(fault.Invalid, "ruling.no_reason", fault.Arg("max", strconv.Itoa(RulingReasonMax)),
			fault.Field("reason"))
	}
	if in.Ruling == store.RulingPost && !found.Kind.PostsAgain() {
		return fault.New(fault.Conflict, "ruling.not_posted")
	}
	return nil
}
