package proof

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
)

const doc = "01a2"

// desk writes one document as the house does: judged, recorded, signed.
type desk struct {
	t      *testing.T
	signer evidence.Signer
	now    time.Time
	bundle Bundle
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	d := &desk{t: t, signer: evidence.Signer{KeyID: "main-1", Key: key}, now: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	content := document.Content{Type: "expense", Title: "杭州", Submitter: "lin", Requester: "lin", Currency: "CNY",
		Total:       money.Amount{Minor: 200000, Currency: "CNY"},
		Lines:       []document.Line{{No: 1, Category: "travel", Amount: money.Amount{Minor: 200000, Currency: "CNY"}}},
		Attachments: []document.Attachment{{ID: "a1", Name: "发票.pdf", SHA256: "00"}}}
	hash, err := content.Hash()
	require.NoError(t, err)
	text, err := evidence.Canonical(content)
	require.NoError(t, err)
	d.bundle = Bundle{Format: Format, Document: doc, Number: "EXP-2026-000001", MadeAt: d.now,
		Revisions: []Revision{{Revision: 1, Hash: hash, Actor: "lin", At: d.now, Content: text}},
		Keys:      KeyTexts(evidence.KeyRing{"main-1": d.signer.Public()})}
	data, err := json.Marshal(approval.SubmittedData{Number: d.bundle.Number, Type: "expense", Entity: "e", Submitter: "lin",
		Requester: "lin", Total: content.Total})
	require.NoError(t, err)
	d.record("submit:1", []evidence.Draft{{Kind: approval.DocumentSubmitted, Actor: "lin", Round: 1, Revision: 1,
		ContentHash: hash, Data: data}})
	d.do(approval.Planned{Plan: approval.Plan{Round: 1, Policy: "expense", PolicyVersion: 1, Interested: []string{"lin"},
		Steps: []approval.Step{step("review", "wang"), step("final", "liu")}}})
	return d
}

func step(id, person string) approval.Step {
	return approval.Step{ID: id, Title: map[string]string{"en": id}, Need: approval.NeedsPeople, Reason: "always", Mode: approval.AnyOf,
		Approvers: []approval.Approver{{Person: person, Via: "role:x"}}, Allow: []string{"transfer"}}
}

func (d *desk) record(cause string, drafts []evidence.Draft) {
	d.t.Helper()
	var prev evidence.Event
	if n := len(d.bundle.Events); n > 0 {
		prev = d.bundle.Events[n-1]
	}
	d.now = d.now.Add(time.Minute)
	events, err := evidence.Seal(prev, drafts, cause, d.now, doc)
	require.NoError(d.t, err)
	d.bundle.Events = append(d.bundle.Events, events...)
}

func (d *desk) state() approval.State {
	s, err := approval.FoldAll(d.bundle.Events)
	require.NoError(d.t, err)
	return s
}

func (d *desk) do(c approval.Command) {
	d.t.Helper()
	drafts, err := d.state().Judge(c, d.now)
	require.NoError(d.t, err)
	require.NotEmpty(d.t, drafts)
	d.record(c.Cause(), drafts)
}

// act is somebody's act on the first open task.
func (d *desk) act(id, actor string, name approval.Name, opinion string, to ...string) {
	d.t.Helper()
	s := d.state()
	a := approval.Act{ID: id, Name: name, Document: doc, Task: s.OpenTasks()[0].ID, Round: s.Round, ContentHash: s.ContentHash,
		Actor: actor, Opinion: opinion, To: to}
	text, err := evidence.Canonical(a)
	require.NoError(d.t, err)
	signature, err := d.signer.Sign(a)
	require.NoError(d.t, err)
	d.bundle.Acts = append(d.bundle.Acts, Act{Act: text, Signature: signature, ReceivedAt: d.now, Outcome: approval.Outcome{Code: "ok"}})
	d.do(a)
}

// sealed is the bundle as a file that was written and read again.
func (d *desk) sealed() Bundle {
	d.t.Helper()
	last := d.bundle.Events[len(d.bundle.Events)-1]
	d.bundle.Head = Head{last.Seq, last.Hash}
	b, err := d.bundle.Sealed(d.signer)
	require.NoError(d.t, err)
	text, err := json.MarshalIndent(b, "", "  ")
	require.NoError(d.t, err)
	b, err = Read(text)
	require.NoError(d.t, err)
	return b
}

func decided(t *testing.T) *desk {
	d := newDesk(t)
	d.act("act-1", "wang", approval.Transfer, "on leave", "zhao")
	d.act("act-2", "zhao", approval.Approve, "fine")
	d.act("act-3", "liu", approval.Approve, "")
	return d
}

func TestAWholeBundleAddsUp(t *testing.T) {
	d := decided(t)
	b := d.sealed()
	report := Check(b, evidence.KeyRing{"main-1": d.signer.Public()})
	require.Empty(t, report.Findings)
	require.Equal(t, approval.Closed, report.Status)
	require.Equal(t, 3, report.Acts)
	require.Equal(t, Word(b.Head.Hash), report.Word)
	require.Len(t, report.Attachments, 1)
	require.Len(t, report.Keys, 1)
	require.True(t, report.Keys[0].Trusted)
	require.False(t, Check(b, nil).Keys[0].Trusted, "a key that comes with the bundle is not known by that")

	b.Revisions[0].Content = nil
	b, err := b.Sealed(d.signer)
	require.NoError(t, err)
	withheld := Check(b, nil)
	require.Empty(t, withheld.Findings)
	require.Equal(t, 1, withheld.Withheld)
}

// TestTampering changes a bundle in every way that pays, each as far as somebody could
// who has the database and not the key: the chain is linked anew. One who has a key of
// their own seals it anew too.
func TestTampering(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(b *Bundle)
		what   string
	}{
		{"another opinion in an event", func(b *Bundle) { edit(b, approval.TaskWasApproved, "fine", "not fine") }, "act.differs"},
		{"a no made a yes", func(b *Bundle) {
			b.Acts[1].Act = json.RawMessage(strings.Replace(string(b.Acts[1].Act), `"approve"`, `"reject"`, 1))
		}, "act.bad_signature"},
		{"somebody else decided", func(b *Bundle) { eventOf(b, approval.TaskWasApproved).Actor = "chen" }, "act.differs"},
		{"a decision without an act", func(b *Bundle) { b.Acts = b.Acts[:2] }, "act.missing"},
		{"an act of another document", func(b *Bundle) {
			b.Acts[0].Act = json.RawMessage(strings.Replace(string(b.Acts[0].Act), doc, "01a3", 1))
		}, "act.other_document"},
		{"another person was asked", func(b *Bundle) { edit(b, approval.TaskOpened, `"zhao"`, `"chen"`) }, "act.differs"},
		{"a step left out", func(b *Bundle) { b.Events = b.Events[:len(b.Events)-1] }, "seal.broken"},
		{"an act that did nothing", func(b *Bundle) { b.Acts = append(b.Acts, b.Acts[0]) }, "act.twice"},
		{"another amount in the content", func(b *Bundle) {
			b.Revisions[0].Content = json.RawMessage(strings.Replace(string(b.Revisions[0].Content), "200000", "900000", 1))
		}, "content.differs"},
		{"another content altogether", func(b *Bundle) {
			b.Revisions[0].Content = json.RawMessage(strings.Replace(string(b.Revisions[0].Content), "200000", "900000", 1))
			b.Revisions[0].Hash, _ = evidence.HashOf(b.Revisions[0].Content)
		}, "content.unknown"},
		{"an earlier time of submission", func(b *Bundle) { b.Events[0].At = b.Events[0].At.Add(-time.Hour) }, "seal.broken"},
		{"another head", func(b *Bundle) { b.Head.Hash = strings.Repeat("0", 64) }, "head.differs"},
		{"another number", func(b *Bundle) { b.Number = "EXP-2026-000002" }, "number.differs"},
		{"a key left out", func(b *Bundle) { b.Keys = nil }, "key.missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := decided(t).sealed()
			tt.change(&b)
			if tt.what != "head.differs" {
				relink(t, &b)
			}
			whats(t, Check(b, nil), tt.what)
		})
	}
}

func TestABrokenLinkIsNamed(t *testing.T) {
	b := decided(t).sealed()
	b.Events[2].Actor = "mallory"
	whats(t, Check(b, nil), "evidence.wrong_hash")
}

func TestAForgersOwnKeyIsNotTheHouses(t *testing.T) {
	d := decided(t)
	theirs := decided(t) // signed and sealed by another key under the same id
	b := theirs.sealed()
	require.Empty(t, Check(b, nil).Findings, "it adds up: only the key tells")
	whats(t, Check(b, evidence.KeyRing{"main-1": d.signer.Public()}), "key.untrusted")
}

func TestWords(t *testing.T) {
	require.Equal(t, "0000-0000", Word(strings.Repeat("0", 64)))
	require.Equal(t, "ZZZZ-ZZZZ", Word(strings.Repeat("f", 64)))
	require.Empty(t, Word("nonsense"))
	_, err := Read([]byte(`{"format":"other/9"}`))
	require.Error(t, err)
	_, err = Read([]byte(`x`))
	require.Error(t, err)
}

func whats(t *testing.T, r Report, want string) {
	t.Helper()
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.What)
	}
	require.Contains(t, all, want)
}

func eventOf(b *Bundle, kind string) *evidence.Event {
	for i := range b.Events {
		if b.Events[i].Kind == kind {
			return &b.Events[i]
		}
	}
	return nil
}

func edit(b *Bundle, kind, from, to string) {
	for i := range b.Events {
		if e := &b.Events[i]; e.Kind == kind && strings.Contains(string(e.Data), from) {
			e.Data = json.RawMessage(strings.Replace(string(e.Data), from, to, 1))
			return
		}
	}
	panic("nothing to change")
}

// relink makes the chain hold again, as whoever has the database could.
func relink(t *testing.T, b *Bundle) {
	t.Helper()
	var prev evidence.Event
	for i, e := range b.Events {
		again, err := evidence.Seal(prev, []evidence.Draft{{Kind: e.Kind, Actor: e.Actor, OnBehalfOf: e.OnBehalfOf, Round: e.Round,
			Revision: e.Revision, ContentHash: e.ContentHash, Data: e.Data}}, e.Cause, e.At, e.Stream)
		require.NoError(t, err)
		b.Events[i], prev = again[0], again[0]
	}
	b.Head = Head{prev.Seq, prev.Hash}
}
