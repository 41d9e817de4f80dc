package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

const (
	masterRunsShown    = 10
	masterRulingsShown = 20

	// MasterHeldShown is how many differences that wait are shown, and ruled on, at once.
	MasterHeldShown = 200
)

var _ = fault.Register(map[string]fault.Entry{
	"master.not_found": {Kind: fault.NotFound},
	"master.off":       {Kind: fault.Conflict},
	"master.settled":   {Kind: fault.Conflict},
	"master.ruling":    {Kind: fault.Invalid},
	"master.no_reason": {Kind: fault.Invalid, Args: []string{"max"}},
})

// MasterBooks is what we know of one connection's master data. 主数据
type MasterBooks struct {
	Connection
	Counts  []store.MasterCount
	Last    *store.MasterRun // the newest reading that did not fail; nil = none
	Failed  *store.MasterRun // the newest reading, where it failed
	Waiting int              // differences that nobody ruled on
}

// MasterDifference is a difference that waits, or that somebody ruled on.
type MasterDifference struct {
	master.Change
	Ruling *store.MasterRuling // that holds; nil = it waits
}

// MasterSheet is one connection's master data with what waits and what was read.
type MasterSheet struct {
	MasterBooks
	Differences []MasterDifference   // MasterHeldShown at most
	Runs        []store.MasterRun    // the newest first
	Rulings     []store.MasterRuling // the newest, and all that hold
}

// MasterData says what is known of the master data of each connection that somebody may
// see something of.
//
// Errors: Forbidden access.denied.
func (d *Desk) MasterData(ctx context.Context, who auth.Who) ([]MasterBooks, error) {
	seen, err := d.ConnectionsOf(who)
	if err != nil {
		return nil, err
	}
	return MasterBooksOf(ctx, d.Store, seen)
}

// MasterBooksOf says what is known of the master data of connections.
func MasterBooksOf(ctx context.Context, s *store.Store, connections []Connection) ([]MasterBooks, error) {
	counts, err := s.MasterCounts(ctx)
	if err != nil {
		return nil, err
	}
	newest, err := s.NewestMaster(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]MasterBooks, 0, len(connections))
	for _, c := range connections {
		b := MasterBooks{Connection: c}
		for _, n := range counts {
			if n.Connection == c.ID {
				b.Counts = append(b.Counts, n)
			}
		}
		for _, r := range newest {
			if r.Connection == c.ID {
				b.Last = &r
			}
		}
		if err := b.look(ctx, s); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// look says how the last reading ended, and what of it still waits.
func (b *MasterBooks) look(ctx context.Context, s *store.Store) error {
	runs, err := s.MasterRuns(ctx, b.ID, 1)
	if err != nil {
		return err
	}
	if len(runs) > 0 && runs[0].State == store.MasterFailed {
		b.Failed = &runs[0]
	}
	if b.Last == nil || len(b.Last.Held) == 0 {
		return nil
	}
	said, err := s.MasterRulings(ctx, b.ID)
	for _, held := range b.Last.Held {
		if said[held.Fingerprint()] == "" {
			b.Waiting++
		}
	}
	return err
}

// MasterSheet is the master data of one connection.
//
// Errors: NotFound master.not_found; Forbidden access.denied.
func (d *Desk) MasterSheet(ctx context.Context, who auth.Who, connection string) (MasterSheet, error) {
	all, err := d.MasterData(ctx, who)
	if err != nil {
		return MasterSheet{}, err
	}
	at := slices.IndexFunc(all, func(b MasterBooks) bool { return b.ID == connection })
	if at < 0 {
		return MasterSheet{}, fault.New(fault.NotFound, "master.not_found")
	}
	sheet := MasterSheet{MasterBooks: all[at]}
	if sheet.Runs, err = d.Store.MasterRuns(ctx, connection, masterRunsShown); err != nil {
		return sheet, err
	}
	if sheet.Rulings, err = d.Store.MasterRulingsOf(ctx, connection, masterRulingsShown); err != nil || sheet.Last == nil {
		return sheet, err
	}
	held := sheet.Last.Held
	for _, change := range held[:min(len(held), MasterHeldShown)] {
		one := MasterDifference{Change: change}
		for i, r := range sheet.Rulings {
			if r.Outcome == "" && r.Fingerprint == change.Fingerprint() {
				one.Ruling = &sheet.Rulings[i]
			}
		}
		sheet.Differences = append(sheet.Differences, one)
	}
	return sheet, nil
}

// MasterRows lists what is kept of a connection.
//
// Errors: NotFound master.not_found; Forbidden access.denied.
func (d *Desk) MasterRows(ctx context.Context, who auth.Who, f store.MasterFilter) (store.Page[master.Row], error) {
	if _, err := d.masterConnection(who, f.Connection); err != nil {
		return store.Page[master.Row]{}, err
	}
	f.Query = strings.TrimSpace(f.Query)
	return d.Store.MasterRows(ctx, f)
}

func (d *Desk) masterConnection(who auth.Who, id string) (Connection, error) {
	c, err := d.connection(who, id)
	if fault.KindOf(err) == fault.NotFound {
		return c, fault.New(fault.NotFound, "master.not_found")
	}
	return c, err
}

// AskedMaster says what is to be read.
type AskedMaster struct {
	Connection string
	Review     bool // show every difference first: nothing is kept until somebody says so
}

// ReadMaster has the master data of a connection read now. over says whether it came to its
// end within the few seconds that a person waits.
//
// Safe to repeat with the same key. Errors: NotFound master.not_found; Forbidden
// access.denied; Conflict master.off; Busy erp.maintenance, engine.away.
func (d *Desk) ReadMaster(ctx context.Context, who auth.Who, in AskedMaster, key Key) (
	run string, over bool, err error) {
	c, err := d.masterConnection(who, in.Connection)
	if err != nil {
		return "", false, err
	}
	if err := needOn(who, access.EffectResolve, c.Entities); err != nil {
		return "", false, err
	}
	if d.Books == nil {
		return "", false, fault.New(fault.Conflict, "master.off")
	}
	if err := c.awake(); err != nil {
		return "", false, err
	}
	run, err = runOf(who, key)
	if err != nil {
		return "", false, err
	}
	over, err = d.Books.ReadMaster(ctx, activities.MasterInput{
		Run: run, Connection: c.ID, By: who.Person.ID, Whole: true, Review: in.Review,
	})
	return run, over, err
}

// runOf is the id of what a request begins: the same one for the same key.
func runOf(who auth.Who, key Key) (string, error) {
	idem, err := key.of(who)
	if err != nil || idem.Key == "" {
		return uuid.Must(uuid.NewV7()).String(), err
	}
	name := strings.Join([]string{idem.Actor, idem.Route, idem.Key, idem.Fingerprint}, "\x1f")
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String(), nil
}

// MasterRuling is what somebody says of differences that wait.
type MasterRuling struct {
	Connection   string
	Fingerprints []string
	Ruling       master.Ruling
	Reason       string // needed to refuse
}

// RuleMaster keeps what somebody says of differences that wait. What is to be applied is
// read once more, for the ERP may say something else by now; so is told only that it was said.
//
// Safe to repeat. Errors: NotFound master.not_found; Forbidden access.denied; Invalid
// master.ruling, master.no_reason; Conflict master.settled where none of them waits any more;
// Busy erp.maintenance, engine.away: it is kept, and applied with the next reading.
func (d *Desk) RuleMaster(ctx context.Context, who auth.Who, in MasterRuling, key Key) error {
	sheet, err := d.MasterSheet(ctx, who, in.Connection)
	if err != nil {
		return err
	}
	for _, entity := range sheet.Entities { // the books are those of all of them
		if err := need(who, access.EffectResolve, access.Object{Entity: entity}); err != nil {
			return err
		}
	}
	if err := in.check(); err != nil {
		return err
	}
	var rulings []store.MasterRuling
	for _, one := range sheet.Differences {
		if slices.Contains(in.Fingerprints, one.Fingerprint()) && one.Ruling == nil {
			rulings = append(rulings, store.MasterRuling{Connection: in.Connection, Ruling: in.Ruling, Change: one.Change,
				Person: who.Person.ID, Reason: strings.TrimSpace(in.Reason)})
		}
	}
	if len(rulings) == 0 {
		return sheet.said(in, who.Person.ID)
	}
	if err := d.Store.RuleMaster(ctx, rulings); err != nil || in.Ruling == master.Refuse {
		return err
	}
	_, _, err = d.ReadMaster(ctx, who, AskedMaster{Connection: in.Connection, Review: sheet.Last.Review}, key)
	return err
}

// said says whether somebody repeats what they said.
func (s MasterSheet) said(in MasterRuling, person string) error {
	for _, r := range s.Rulings {
		if r.Person == person && r.Ruling == in.Ruling && slices.Contains(in.Fingerprints, r.Fingerprint) {
			return nil
		}
	}
	return fault.New(fault.Conflict, "master.settled")
}

func (in MasterRuling) check() error {
	if in.Ruling != master.Apply && in.Ruling != master.Refuse {
		return fault.New(fault.Invalid, "master.ruling", fault.Field("ruling"))
	}
	reason := strings.TrimSpace(in.Reason)
	if in.Ruling == master.Refuse && reason == "" || len([]rune(reason)) > RulingReasonMax {
		return fault.New(fault.Invalid, "master.no_reason", fault.Field("reason"),
			fault.Arg("max", strconv.Itoa(RulingReasonMax)))
	}
	return nil
}
