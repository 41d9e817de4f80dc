package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/calendarfile"
	"github.com/countersign/countersign/policy/source"
	"github.com/countersign/countersign/store"
)

// CalendarBytesMax is how big the file of a calendar may be.
const CalendarBytesMax = 256 << 10

// How far a page looks for deadlines that a calendar would move.
const (
	movesLooked = 5000
	movesShown  = 20
)

// CalendarChange is what a calendar would become, beside what it is.
type CalendarChange struct {
	Before  store.CalendarVersion // zero: there is none
	After   *calendar.Calendar
	Changes calendar.Changes
	Moves   activities.Moves // of open deadlines, if it came into force now
}

// MayPropose says whether somebody may propose what holds for everybody.
//
// Errors: Forbidden access.denied.
func (d *Desk) MayPropose(who auth.Who) error {
	return need(who, access.PolicyPropose, access.Object{})
}

// ReadCalendar says what a file would make of a calendar; "" takes the one that the file
// is. Nothing is kept.
//
// Errors: Forbidden access.denied; Invalid with everything that is wrong with the file
// (yaml.*, calendar.*), proposal.other_subject; Conflict proposal.in_force where nothing
// would change.
func (d *Desk) ReadCalendar(ctx context.Context, who auth.Who, id string, file calendarfile.Days) (
	CalendarChange, error) {
	if err := d.MayPropose(who); err != nil {
		return CalendarChange{}, err
	}
	if len(file.Text) > CalendarBytesMax {
		return CalendarChange{}, fault.New(fault.Invalid, "calendar.file_too_large", fault.Field("file"),
			fault.Arg("max", strconv.Itoa(CalendarBytesMax>>10)))
	}
	before, err := d.calendarInForce(ctx, id)
	if err != nil {
		return CalendarChange{}, err
	}
	after, err := file.After(before.Calendar)
	if err != nil {
		return CalendarChange{}, err
	}
	if id == "" {
		if before, err = d.calendarInForce(ctx, after.ID); err != nil {
			return CalendarChange{}, err
		}
	} else if other := sameSubject(id, after.ID); other != nil {
		return CalendarChange{}, other
	}
	change, err := d.calendarChange(ctx, who, before, after, true)
	if err == nil && before.Calendar != nil && change.Changes.None() {
		return CalendarChange{}, fault.New(fault.Conflict, "proposal.in_force", fault.Arg("id", after.ID),
			fault.Arg("version", strconv.Itoa(before.Version)))
	}
	return change, err
}

// calendarInForce is the version in force; zero where there is none.
func (d *Desk) calendarInForce(ctx context.Context, id string) (store.CalendarVersion, error) {
	versions, err := d.Store.CalendarVersions(ctx)
	at := slices.IndexFunc(versions, func(v store.CalendarVersion) bool { return v.Calendar.ID == id })
	if err != nil || at < 0 {
		return store.CalendarVersion{}, err
	}
	return versions[at], nil
}

// CalendarChange says what a calendar would change by now. Nothing is kept.
//
// Errors: Forbidden access.denied.
func (d *Desk) CalendarChange(ctx context.Context, who auth.Who, after *calendar.Calendar) (CalendarChange, error) {
	if err := d.MayPropose(who); err != nil {
		return CalendarChange{}, err
	}
	before, err := d.calendarInForce(ctx, after.ID)
	if err != nil {
		return CalendarChange{}, err
	}
	return d.calendarChange(ctx, who, before, after, true)
}

// calendarChange holds two versions against each other. The deadlines shown are those of
// documents that the reader may know of.
func (d *Desk) calendarChange(ctx context.Context, who auth.Who, before store.CalendarVersion,
	after *calendar.Calendar, foretell bool) (CalendarChange, error) {
	change := CalendarChange{Before: before, After: after, Changes: before.Calendar.Diff(after)}
	if !foretell {
		return change, nil
	}
	next := store.CalendarVersion{Calendar: after, Version: before.Version + 1, SavedAt: d.now()}
	var err error
	change.Moves, err = activities.MovesBy(ctx, d.Store, before, next,
		activities.Foretelling{Open: movesLooked, First: movesShown})
	scope := access.ScopeFor(who.Subject, access.DocumentRead)
	change.Moves.First = slices.DeleteFunc(change.Moves.First, func(m activities.Move) bool {
		return !scope.All && !slices.Contains(scope.Entities, m.Task.Entity)
	})
	return change, err
}

// CalendarInput is a calendar that somebody wants to be the next version.
type CalendarInput struct {
	Calendar *calendar.Calendar
	Base     int // the version that it was made from; 0: there was none
	Note     string
	Expires  time.Time // zero: proposal.LifeDefault from now
}

// ProposeCalendar keeps a calendar for a second person to publish.
//
// Safe to repeat with the same key. Errors: Forbidden access.denied; Invalid calendar.*,
// proposal.bad_expiry, proposal.too_long; Conflict calendar.moved_on where another version
// came between, proposal.in_force, idempotency.reused.
func (d *Desk) ProposeCalendar(ctx context.Context, who auth.Who, in CalendarInput, key Key) (
	store.ProposalRow, error) {
	if err := d.MayPropose(who); err != nil {
		return store.ProposalRow{}, err
	}
	body, err := json.Marshal(in.Calendar)
	if err != nil {
		return store.ProposalRow{}, err
	}
	hash, err := calendarFit(in.Calendar.ID, string(body))
	if err != nil {
		return store.ProposalRow{}, err
	}
	idem, err := key.of(who)
	if err != nil {
		return store.ProposalRow{}, err
	}
	life := proposal.LifeDefault
	if !in.Expires.IsZero() {
		life = in.Expires.Sub(d.now())
	}
	return d.Store.Propose(ctx, store.ProposalInput{
		ID: idOf(who, key), Kind: proposal.Calendar, Subject: in.Calendar.ID, Hash: hash, Payload: string(body),
		Base: in.Base, Note: strings.TrimSpace(in.Note), Maker: who.Person.ID, Life: life, Idem: idem,
	})
}

// ProposedCalendar reads the calendar that a proposal is.
//
// Errors: Invalid calendar.*, proposal.unknown_kind where it is none.
func ProposedCalendar(payload string) (*calendar.Calendar, error) {
	c := new(calendar.Calendar)
	in := json.NewDecoder(bytes.NewReader([]byte(payload)))
	in.DisallowUnknownFields()
	if err := in.Decode(c); err != nil {
		return nil, fault.New(fault.Invalid, "proposal.unknown_kind", fault.Arg("kind", string(proposal.Calendar)))
	}
	return c, c.Check()
}

// calendarFit reads and checks a proposed calendar and tells its hash.
func calendarFit(subject, payload string) (string, error) {
	c, err := ProposedCalendar(payload)
	if err != nil {
		return "", err
	}
	if other := sameSubject(subject, c.ID); other != nil {
		return "", other
	}
	return evidence.HashOf(payload)
}

// reviewCalendar is the proposal of a calendar as its reader may decide on it.
func (d *Desk) reviewCalendar(ctx context.Context, who auth.Who, r Review) (Review, error) {
	after, err := ProposedCalendar(r.Payload)
	if err != nil {
		return Review{}, err
	}
	var base store.CalendarVersion
	if r.ProposalRow.Base > 0 {
		if base, err = d.Store.CalendarAt(ctx, r.Subject, r.ProposalRow.Base, time.Time{}); err != nil {
			return Review{}, err
		}
	}
	head, err := d.calendarInForce(ctx, r.Subject)
	if err != nil {
		return Review{}, err
	}
	r.InForce = head.Version
	r.Base = base.Version
	change, err := d.calendarChange(ctx, who, base, after, r.StateNow() == proposal.Open && !r.Outdated())
	if err != nil {
		return Review{}, err
	}
	r.Calendar = &change
	var before []byte
	if base.Calendar != nil {
		before = calendarfile.Write(base.Calendar)
	}
	r.Lines = source.Lines(string(before), string(calendarfile.Write(after)))
	return r, d.bar(ctx, who, &r)
}

// CalendarFile is a calendar in force as people write it.
//
// Errors: Forbidden access.denied; NotFound calendar.not_stored.
func (d *Desk) CalendarFile(ctx context.Context, who auth.Who, id string) ([]byte, error) {
	version, err := d.CalendarVersion(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return calendarfile.Write(version.Calendar), nil
}
