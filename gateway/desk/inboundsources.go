package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

const (
	readingWait = 4 * time.Second // how long who has a source read waits for its end
	readingLook = 100 * time.Millisecond
	nextWait    = time.Second // for when all sources are due: the page is shown without it
)

var _ = fault.Register(map[string]fault.Entry{
	"inbound.sends":  {Kind: fault.Conflict},
	"inbound.unread": {Kind: fault.Conflict},
})

// Collector is the part of gateway/engine that has sources read.
type Collector interface {
	// Collect has a source read now, unless that is under way.
	Collect(ctx context.Context, source string) error
	// NextCollection is when its schedule has it read next; paused: not at all.
	NextCollection(ctx context.Context, source string) (next time.Time, paused bool, err error)
}

// ReadSource is a source with what came of it and, where we ask it ourselves, how it was
// last read and when it is next.
type ReadSource struct {
	InboundSource
	store.InboundReading

	Count  store.InboundCount
	Asked  store.InboundAsking // the newest; no person = nobody did
	Next   time.Time           // zero where Temporal does not say
	Paused bool                // by an operator, at Temporal
}

// Asks says whether we ask the source ourselves.
func (s ReadSource) Asks() bool { return s.When != "" }

// Failure is why the last reading failed; nil = it did not.
func (s ReadSource) Failure() *fault.Fault {
	if s.Code == "" {
		return nil
	}
	return fault.New(fault.Internal, s.Code, fault.Arg("why", s.Detail), fault.Arg("words", s.Detail),
		fault.Arg("what", s.Detail), fault.Arg("column", s.Detail))
}

// InboundSources are the sources as far as somebody may know of them: those that serve an
// entity of theirs.
//
// Errors: Forbidden access.denied.
func (d *Desk) InboundSources(ctx context.Context, who auth.Who) ([]ReadSource, error) {
	scope, err := needAny(who, access.EffectRead)
	if err != nil {
		return nil, err
	}
	all, err := ReadSourcesOf(ctx, d.Store, d.Inbound)
	if err != nil {
		return nil, err
	}
	mine := func(entity string) bool { return slices.Contains(scope.Entities, entity) }
	all = slices.DeleteFunc(all, func(s ReadSource) bool {
		return !scope.All && !slices.ContainsFunc(s.Entities, mine)
	})
	if d.Collector == nil {
		return all, nil
	}
	ctx, cancel := context.WithTimeout(ctx, nextWait)
	defer cancel()
	for i, s := range all {
		if s.Asks() {
			all[i].Next, all[i].Paused, _ = d.Collector.NextCollection(ctx, s.ID)
		}
	}
	return all, nil
}

// ReadSourcesOf says what came of sources, in the order of their ids.
func ReadSourcesOf(ctx context.Context, s *store.Store, sources map[string]InboundSource) ([]ReadSource, error) {
	readings, err := s.InboundReadings(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.InboundCounts(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := s.InboundAskings(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]ReadSource, 0, len(sources))
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		list = append(list, ReadSource{InboundSource: sources[id], InboundReading: readings[id], Count: counts[id],
			Asked: asked[id]})
	}
	return list, nil
}

// MayReadInbound says whether somebody may have a source read that we ask ourselves: who
// may decide on what is refused of it in every entity that it serves.
func MayReadInbound(who auth.Who, s ReadSource) bool {
	return s.Asks() && mayReadInbound(who, s.InboundSource) == nil
}

func mayReadInbound(who auth.Who, s InboundSource) error {
	if len(s.Entities) == 0 {
		return need(who, access.InboundManage, access.Object{})
	}
	for _, entity := range s.Entities {
		if err := need(who, access.InboundManage, access.Object{Entity: entity}); err != nil {
			return err
		}
	}
	return nil
}

// ReadInbound has a source read now, beside its schedule, and keeps who wanted that. over
// says whether it came to its end within the few seconds that a person waits.
//
// Safe to repeat: two readings of a source never overlap, and what comes again is the same
// document. Errors: NotFound inbound.no_source; Forbidden access.denied; Conflict
// inbound.sends, inbound.unread; Busy inbound.unplanned, engine.away.
func (d *Desk) ReadInbound(ctx context.Context, who auth.Who, id string, key Key) (over bool, err error) {
	seen, err := d.InboundSources(ctx, who)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(seen, func(s ReadSource) bool { return s.ID == id })
	if at < 0 {
		return false, fault.New(fault.NotFound, "inbound.no_source")
	}
	source := seen[at]
	if err := mayReadInbound(who, source.InboundSource); err != nil {
		return false, err
	}
	if !source.Asks() {
		return false, fault.New(fault.Conflict, "inbound.sends")
	}
	if d.Collector == nil {
		return false, fault.New(fault.Conflict, "inbound.unread")
	}
	idem, err := key.of(who)
	if err != nil {
		return false, err
	}
	asking, err := d.Store.AskInbound(ctx, id, who.Person.ID, idem)
	if err != nil {
		return false, err
	}
	if source.ReadAt.After(asking.AskedAt) { // a repeat, of what is over
		return true, nil
	}
	if err := d.Collector.Collect(ctx, id); err != nil {
		return false, err
	}
	return d.readSince(ctx, asking)
}

// readSince waits a little for the end of the reading that somebody asked for.
func (d *Desk) readSince(ctx context.Context, asking store.InboundAsking) (bool, error) {
	for until := time.Now().Add(readingWait); time.Now().Before(until); {
		readings, err := d.Store.InboundReadings(ctx)
		if err != nil || readings[asking.Source].ReadAt.After(asking.AskedAt) {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(readingLook):
		}
	}
	return false, nil
}
