package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
)

// policyFacts is what the streams of policies say was proposed and published.
type policyFacts struct {
	proposed  map[string]proposedFact // by proposal
	refused   map[string]refusedFact  // by proposal
	published map[string]publishedFact
	approved  map[string]publishedFact // by proposal
}

type proposedFact struct {
	proposedData
	subject, maker string
}

type refusedFact struct {
	refusedData
	checker string
	at      time.Time
}

type publishedFact struct {
	policyData
	actor string
	at    time.Time
}

func versionKey(kind, id string, version int) string {
	return fmt.Sprintf("%s:%s:%d", kind, id, version)
}

// policies holds the published texts and the proposals against their events: each
// text has its event, each event its text, and nobody approved their own.
func (a *auditor) policies(ctx context.Context) error {
	facts, err := a.policyFacts(ctx)
	if err != nil {
		return err
	}
	if err := a.publishedTexts(ctx, facts); err != nil {
		return err
	}
	return a.proposals(ctx, facts)
}

func (a *auditor) policyFacts(ctx context.Context) (policyFacts, error) {
	facts := policyFacts{map[string]proposedFact{}, map[string]refusedFact{}, map[string]publishedFact{},
		map[string]publishedFact{}}
	last := eventRow{}
	for {
		const query = `
			SELECT ` + eventColumns + ` FROM events
			WHERE (stream LIKE 'policy:%' OR stream LIKE 'calendar:%') AND (stream, seq) > ($1, $2)
			ORDER BY stream, seq LIMIT $3`
		var rows []eventRow
		if err := a.tx.SelectContext(ctx, &rows, query, last.Stream, last.Seq, eventsMost); err != nil {
			return facts, err
		}
		for _, r := range rows {
			if err := facts.add(r.event()); err != nil {
				a.found(r.Stream, r.Seq, "event.unreadable", "%v", err)
			}
			last = r
		}
		if len(rows) < eventsMost {
			return facts, nil
		}
	}
}

func (f policyFacts) add(e evidence.Event) error {
	_, subject, _ := strings.Cut(e.Stream, ":")
	switch e.Kind {
	case PolicyProposed, CalendarProposed:
		fact := proposedFact{subject: subject, maker: e.Actor}
		err := json.Unmarshal(e.Data, &fact.proposedData)
		f.proposed[fact.Proposal] = fact
		return err
	case PolicyRefused, CalendarRefused:
		fact := refusedFact{checker: e.Actor, at: e.At}
		err := json.Unmarshal(e.Data, &fact.refusedData)
		f.refused[fact.Proposal] = fact
		return err
	case PolicyPublished, CalendarPublished:
		fact := publishedFact{actor: e.Actor, at: e.At}
		err := json.Unmarshal(e.Data, &fact.policyData)
		f.published[versionKey(fact.Kind, subject, fact.Version)] = fact
		if fact.Proposal != "" {
			f.approved[fact.Proposal] = fact
		}
		return err
	}
	return nil
}

func (a *auditor) publishedTexts(ctx context.Context, facts policyFacts) error {
	var rows []PolicyRow
	const query = `SELECT ` + policyColumns + ` FROM policies ORDER BY kind, id, version`
	if err := a.tx.SelectContext(ctx, &rows, query); err != nil {
		return err
	}
	seen := map[string]bool{}
	calendars, err := a.publishedCalendars(ctx)
	if err != nil {
		return err
	}
	for _, row := range append(rows, calendars...) {
		key := versionKey(row.Kind, row.ID, row.Version)
		seen[key] = true
		fact, ok := facts.published[key]
		if !ok {
			a.found(streamOf(proposal.Kind(row.Kind), row.ID), 0, "policy.unrecorded", "no event published %s", key)
			continue
		}
		text, err := evidence.HashOf(row.YAML)
		if err != nil {
			return err
		}
		if fact.Hash != row.Hash || fact.actor != row.PublishedBy || fact.Text != "" && fact.Text != text {
			a.found(streamOf(proposal.Kind(row.Kind), row.ID), 0, "policy.differs", "%s is not what was published", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(facts.published)) {
		if !seen[key] {
			a.found("policy:", 0, "policy.missing", "%s was published and is not there", key)
		}
	}
	return nil
}

func (a *auditor) proposals(ctx context.Context, facts policyFacts) error {
	var rows []proposalRow
	if err := a.tx.SelectContext(ctx, &rows, `SELECT `+proposalColumns+` FROM proposals
		WHERE kind IN ('policy', 'type', 'mapping', 'calendar') ORDER BY id`); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row.ID] = true
		p := row.proposal()
		what, err := facts.disagree(p)
		if err != nil {
			return err
		}
		if what != "" {
			a.found(streamOf(p.Kind, p.Subject), 0, "proposal.differs", "%s: %s", p.ID, what)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(facts.proposed)) {
		if !seen[id] {
			made := facts.proposed[id]
			a.found(streamOf(made.Kind, made.subject), 0, "proposal.missing", "%s was made and is not there", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(facts.approved)) {
		if _, ok := facts.proposed[id]; !ok {
			a.found("policy:", 0, "proposal.missing", "%s was approved and never made", id)
		}
	}
	return nil
}

// disagree says where a proposal is not what its events say, "" for nowhere.
func (f policyFacts) disagree(p ProposalRow) (string, error) {
	text, err := evidence.HashOf(p.Payload)
	if err != nil {
		return "", err
	}
	made, ok := f.proposed[p.ID]
	refused, wasRefused := f.refused[p.ID]
	approved, wasApproved := f.approved[p.ID]
	want := proposedData{Kind: p.Kind, Proposal: p.ID, Base: p.Base, Hash: p.Hash, Text: text, Note: p.Note,
		Expires: p.Expires.Format(time.RFC3339Nano)}
	switch {
	case !ok:
		return "no event made it", nil
	case made.proposedData != want || made.subject != p.Subject || made.maker != p.Maker:
		return "it is not what was proposed", nil
	case wasRefused && wasApproved:
		return "it was decided twice", nil
	case wasRefused != (p.State == proposal.Refused) || wasApproved != (p.State == proposal.Approved):
		return "its state is not that of its events", nil
	case wasRefused && (refused.checker != p.Checker || refused.Reason != p.Reason || !refused.at.Before(p.Expires)):
		return "it was refused otherwise", nil
	case wasApproved && (approved.actor != p.Checker || approved.Maker != p.Maker || approved.Version != p.Version ||
		approved.Hash != p.Hash || approved.Kind != string(p.Kind) || !approved.at.Before(p.Expires)):
		return "it was approved otherwise", nil
	case p.Checker == p.Maker:
		return "its maker decided it", nil
	}
	return "", nil
}
