package seeding

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/google/uuid"
)

// Tokens stand in a model for what differs from document to document. To judge,
// hash and fold each of a million documents would take a quarter of an hour; to put
// other words in the place of tokens takes a minute, and the hashes are made anew.
const (
	tokenDocument = "~document~"
	tokenAsker    = "~asker~"
	tokenClerk    = "~clerk~"
	tokenOther    = "~other~"
	tokenManager  = "~manager~"
	tokenHead     = "~head~"
	tokenPlace    = "~place~"
	tokenJournal  = "~journal~"
	tokenDue      = "2002-01-01T00:00:00Z" // modelDue, as events write it
)

var tokenActs = []string{"~act0~", "~act1~", "~act2~"}

var tokens = append([]string{tokenDocument, tokenAsker, tokenClerk, tokenOther, tokenManager, tokenHead, tokenPlace,
	tokenJournal, tokenDue}, tokenActs...)

// words are what stands in the place of each token.
type words map[string]string

// text is one with tokens, taken apart: literal, token, literal, …
type text []string

func textOf(s string) text {
	var parts text
	for s != "" {
		at, found := len(s), ""
		for _, token := range tokens {
			if i := strings.Index(s, token); i >= 0 && i < at {
				at, found = i, token
			}
		}
		parts = append(parts, s[:at], found)
		s = s[at+len(found):]
	}
	return parts
}

func (t text) with(w words) string {
	if len(t) == 0 {
		return ""
	}
	if len(t) == 2 && t[1] == "" {
		return t[0]
	}
	var b strings.Builder
	for i := 0; i < len(t); i += 2 {
		b.WriteString(t[i])
		b.WriteString(w[t[i+1]])
	}
	return b.String()
}

// model is a story among tokens.
type model struct {
	story  *story
	events []modelEvent
	causes int // how many causes there are: between them time passes
}

type modelEvent struct {
	actor, cause, data text
	after              int // causes before it
}

// models are the stories there are, by policy and fate.
func models() (map[string]*[fatesMost]*model, error) {
	all := map[string]*[fatesMost]*model{}
	for _, kind := range kinds {
		all[kind.id] = &[fatesMost]*model{}
		for f := range fatesMost {
			if f == drafted {
				continue
			}
			s, err := told(kind.id, f)
			if err != nil {
				return nil, err
			}
			m := &model{story: s}
			for i, e := range s.events {
				if i > 0 && e.Cause != s.events[i-1].Cause {
					m.causes++
				}
				m.events = append(m.events, modelEvent{textOf(e.Actor), textOf(e.Cause), textOf(string(e.Data)), m.causes})
			}
			all[kind.id][f] = m
		}
	}
	return all, nil
}

// stamp is the story of a model told of a document.
func (w *world) stamp(a asked) (*story, error) {
	m := w.models[a.content.Type][w.fates[a.n]]
	s := &story{asked: a, state: m.story.state, opened: m.story.opened, events: make([]evidence.Event, len(m.events))}
	content, err := evidence.Canonical(a.content)
	if err != nil {
		return nil, err
	}
	s.text, s.hash = string(content), hashOf(content)
	due := w.due(a)
	cast := w.cast(a, due)
	moments := w.moments(a, m.causes)
	for i, e := range m.events {
		from := m.story.events[i]
		next := evidence.Event{Stream: a.id, Seq: from.Seq, At: moments[e.after], Kind: from.Kind, Actor: e.actor.with(cast),
			Cause: e.cause.with(cast), Round: from.Round, Revision: from.Revision, ContentHash: s.hash, V: from.V}
		if i == 0 {
			if next.Data, err = s.submittedData(); err != nil {
				return nil, err
			}
		} else {
			next.Data, next.Prev = json.RawMessage(e.data.with(cast)), s.events[i-1].Hash
		}
		next.Hash = linked(next)
		s.events[i] = next
	}
	s.state.Tasks = slices.Clone(s.state.Tasks)
	for i := range s.state.Tasks {
		s.task(&s.state.Tasks[i], cast, due)
		s.state.Tasks[i].OpenedAt = s.events[s.opened[i]-1].At
	}
	s.standing(cast)
	return s, nil
}

func (s *story) submittedData() (json.RawMessage, error) {
	c := s.content
	return evidence.Canonical(approval.SubmittedData{
		Number: s.number, Type: c.Type, Title: c.Title, Entity: c.Entity, Department: c.Department, Submitter: c.Submitter,
		Requester: c.Requester, Payee: c.Payee.ID, Urgency: string(c.Urgency), Total: c.Total, BaseTotal: c.BaseTotal,
	})
}

// task puts words for the tokens of a task.
func (s *story) task(t *approval.Task, cast words, due time.Time) {
	t.ID = textOf(t.ID).with(cast)
	t.Assignee, t.DueAt = cast[t.Assignee], due
	if t.DecidedBy != "" {
		t.DecidedBy = cast[t.DecidedBy]
		for _, e := range s.events {
			if e.Actor == t.DecidedBy && !e.At.Before(t.OpenedAt) {
				t.DecidedAt = e.At
				break
			}
		}
	}
}

// standing puts words for the tokens of where the document stands.
func (s *story) standing(cast words) {
	s.state.Deciders = slices.Clone(s.state.Deciders)
	for i, token := range s.state.Deciders {
		s.state.Deciders[i] = cast[token]
	}
	if s.state.Effect != nil {
		effect := *s.state.Effect
		effect.Reference, effect.Number = textOf(effect.Reference).with(cast), textOf(effect.Number).with(cast)
		s.state.Effect = &effect
	}
}

// due is when the tasks of a document are due: a day after, and of those that wait
// one in four is late.
func (w *world) due(a asked) time.Time {
	if f := w.fates[a.n]; f >= waitsForManager {
		return w.begun.Add(time.Duration(a.random.IntN(40*24)-10*24) * time.Hour)
	}
	return a.at.AddDate(0, 0, 1).Truncate(time.Second)
}

// moments are when the causes of a document came, one after the other.
func (w *world) moments(a asked, causes int) []time.Time {
	all := []time.Time{a.at}
	for range causes {
		next := all[len(all)-1].Add(time.Duration(a.random.IntN(8*3600)) * time.Second)
		if next.After(w.begun) {
			next = all[len(all)-1]
		}
		all = append(all, next)
	}
	return all
}

// cast says who is who in a document.
func (w *world) cast(a asked, due time.Time) words {
	asker := a.content.Submitter
	clerks := approvers(a.random, w.company.clerks, 2, asker)
	head := approvers(a.random, w.company.heads, 1, asker)[0]
	manager := w.company.snapshot.People[asker].Manager
	if manager == "" {
		manager = approvers(a.random, w.company.heads, 1, asker)[0]
	}
	cast := words{tokenDocument: a.id, tokenAsker: asker, tokenClerk: clerks[0], tokenOther: clerks[1],
		tokenManager: manager, tokenHead: head, tokenPlace: strconv.Itoa(a.n),
		tokenJournal: "JV-" + strconv.Itoa(a.at.Year()) + "-" + strconv.Itoa(a.n), tokenDue: due.Format(time.RFC3339)}
	for _, token := range tokenActs {
		cast[token] = a.freshID()
	}
	return cast
}

// freshID makes an id of the document's randomness, so that a run can be repeated.
func (a asked) freshID() string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(a.at.UnixMilli())<<16|0x7000|a.random.Uint64()&0xfff)
	binary.BigEndian.PutUint64(id[8:], a.random.Uint64()&^(3<<62)|1<<63)
	return id.String()
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// linked is the hash of an event: evidence makes the same of it, a few times slower,
// because it must know every value; here all but data are words without escapes.
func linked(e evidence.Event) string {
	b := make([]byte, 0, len(e.Data)+512)
	b = append(b, e.Prev...)
	b = append(b, `{"actor":"`...)
	b = append(b, e.Actor...)
	b = append(b, `","at":"`...)
	b = e.At.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, `","cause":"`...)
	b = append(b, e.Cause...)
	b = append(b, `","content_hash":"`...)
	b = append(b, e.ContentHash...)
	b = append(b, `","data":`...)
	b = append(b, e.Data...)
	b = append(b, `,"kind":"`...)
	b = append(b, e.Kind...)
	b = append(b, `","prev":"`...)
	b = append(b, e.Prev...)
	b = append(b, `","revision":`...)
	b = strconv.AppendInt(b, int64(e.Revision), 10)
	b = append(b, `,"round":`...)
	b = strconv.AppendInt(b, int64(e.Round), 10)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, e.Seq, 10)
	b = append(b, `,"stream":"`...)
	b = append(b, e.Stream...)
	b = append(b, `","v":`...)
	b = strconv.AppendInt(b, int64(e.V), 10)
	return hashOf(append(b, '}'))
}
