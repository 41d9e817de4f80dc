package desk

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// CC is whom somebody copies in, and what they say about it. 抄送
type CC struct {
	People []string // as people name them: accounts, addresses or whole names
	Remark string
}

// Copy copies colleagues in on a document: they may read it from now on, and
// decide nothing. Who was copied in themselves passes it on so.
//
// Safe to repeat with the same key. Errors: NotFound document.not_found,
// Conflict copy.draft, Forbidden access.denied, Invalid act.to_unknown and
// act.to_several, those of cc.Check and cc.Admit.
func (d *Desk) Copy(ctx context.Context, who auth.Who, id string, in CC, key Key) ([]cc.Copy, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if detail.Status == approval.Draft {
		return nil, fault.New(fault.Conflict, "copy.draft")
	}
	if err := need(who, access.DocumentCopy, detail.Object()); err != nil {
		return nil, err
	}
	how := cc.ByApproval
	if _, reason := access.Can(who.Subject, access.DocumentCopy, detail.Object()); reason == access.ByCopy {
		how = cc.PassedOn
	}
	people, err := d.copied(ctx, who, in, "people")
	if err != nil {
		return nil, err
	}
	idem, err := key.of(who)
	if err != nil {
		return nil, err
	}
	return d.Store.AddCopies(ctx, store.CopyInput{
		Document: id, By: who.Person.ID, How: how, Remark: strings.TrimSpace(in.Remark), People: people, Idem: idem,
	})
}

// copied finds the people of a CC, each once, and judges them: active, and none
// of them its author under whichever account.
func (d *Desk) copied(ctx context.Context, who auth.Who, in CC, field string) ([]string, error) {
	people, err := d.meantIn(ctx, in.People, field)
	if err != nil {
		return nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	me := who.Person.ID
	for i, person := range people {
		if snapshot.Same(person, me) {
			people[i] = me // refused as oneself
		}
	}
	return people, inField(cc.Check(me, people, strings.TrimSpace(in.Remark)), field)
}

// meantIn is meant for a field of its own; each person is there once.
func (d *Desk) meantIn(ctx context.Context, names []string, field string) ([]string, error) {
	ids, err := d.meant(ctx, names)
	if err != nil {
		return nil, inField(err, field)
	}
	var each []string
	for _, id := range ids {
		if !slices.Contains(each, id) {
			each = append(each, id)
		}
	}
	return each, nil
}

// inField puts the blame of a fault about people on the field that names them.
func inField(err error, field string) error {
	f, ok := fault.As(err)
	if !ok || f.Field != "to" && f.Field != "people" {
		return err
	}
	moved := *f
	moved.Field = field
	return &moved
}

// Copies lists who was copied in on a document, and by whom. When they first
// opened it, and whose copy was taken back, is for its submitter, its approvers,
// admins and auditors; everybody knows that of the copies they made.
func (d *Desk) Copies(ctx context.Context, who auth.Who, id string) ([]cc.Copy, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return detail.CopiesFor(who), nil
}

// CopiesFor is what somebody who may read the document sees of its copies.
func (d Detail) CopiesFor(who auth.Who) []cc.Copy {
	var seen []cc.Copy
	for _, c := range d.Copied {
		told := d.Tells(who, c)
		if !told && !c.RemovedAt.IsZero() {
			continue
		}
		if !told {
			c.ReadAt = time.Time{}
		}
		seen = append(seen, c)
	}
	return seen
}

// Tells says whether somebody is told that a copy was opened, and when: its
// maker, its reader, submitter and approvers, admins and auditors.
func (d Detail) Tells(who auth.Who, c cc.Copy) bool {
	me, o := who.Person.ID, d.Object()
	return c.By == me || c.RemovedAt.IsZero() && c.Person == me || slices.Contains(o.Owners, me) ||
		slices.Contains(o.Assignees, me) || d.oversees(who)
}

// oversees says whether somebody sees all copies by their role: admins, who may
// take them back, and auditors.
func (d Detail) oversees(who auth.Who) bool {
	mends, _ := access.Can(who.Subject, access.CopyRemove, access.Object{Entity: d.Entity})
	audits, _ := access.Can(who.Subject, access.AuditRead, d.Object())
	return mends || audits
}

// Opened notes that somebody opened what they were copied in on. That the note
// cannot be written keeps nobody from reading.
func (d *Desk) Opened(ctx context.Context, who auth.Who, detail Detail) {
	for _, c := range detail.Copied {
		if c.Person == who.Person.ID && c.RemovedAt.IsZero() && c.ReadAt.IsZero() {
			if err := d.Store.ReadCopy(ctx, detail.ID, c.Person); err != nil && !errors.Is(err, context.Canceled) {
				slog.WarnContext(ctx, "not noted who opened their copy", "document", detail.ID, "error", err.Error())
			}
		}
	}
}

// UnreadCopies counts what one was copied in on and did not open yet.
func (d *Desk) UnreadCopies(ctx context.Context, who auth.Who) (int64, error) {
	if _, err := needAny(who, access.DocumentRead); err != nil {
		return 0, err
	}
	return d.Store.UnreadCopies(ctx, who.Person.ID)
}

// Uncopy says whose copy of which document is taken back, and why.
type Uncopy struct {
	Document, Person, Reason string
}

// RemoveCopy takes somebody's copy back: who made it, or an admin of the entity.
// Whom they passed it on to keep theirs.
//
// Safe to repeat. Errors: NotFound document.not_found, copy.not_found; Forbidden
// access.denied, copy.by_policy; Invalid copy.remark_too_long; Conflict
// idempotency.reused.
func (d *Desk) RemoveCopy(ctx context.Context, who auth.Who, in Uncopy, key Key) (cc.Copy, error) {
	idem, err := key.of(who)
	if err != nil {
		return cc.Copy{}, err
	}
	detail, err := d.Document(ctx, who, in.Document)
	if err != nil {
		return cc.Copy{}, err
	}
	found, ok := store.CopyOf(detail.Copied, in.Person)
	if !ok {
		return cc.Copy{}, fault.New(fault.NotFound, "copy.not_found")
	}
	if err := d.Removable(ctx, who, detail, found); err != nil {
		return cc.Copy{}, err
	}
	return d.Store.RemoveCopy(ctx, store.CopyRemoval{
		Document: in.Document, Person: in.Person, By: who.Person.ID, Reason: strings.TrimSpace(in.Reason), Idem: idem,
	})
}

// Removable says why somebody may not take a copy back; nil where they may.
//
// Errors: Forbidden access.denied, copy.by_policy.
func (d *Desk) Removable(ctx context.Context, who auth.Who, detail Detail, c cc.Copy) error {
	if err := need(who, access.CopyRemove, access.Object{Entity: detail.Entity, Owners: []string{c.By}}); err != nil {
		return err
	}
	return d.keepsForPolicy(ctx, who, detail, c.Person)
}

// keepsForPolicy refuses to take back from somebody whom the policy copies in: it
// passed them over for they had a copy, and whoever made that must not undo both. An
// admin may.
func (d *Desk) keepsForPolicy(ctx context.Context, who auth.Who, detail Detail, person string) error {
	if mends, _ := access.Can(who.Subject, access.CopyRemove, access.Object{Entity: detail.Entity}); mends {
		return nil
	}
	named, err := d.Store.PolicyCopies(ctx, detail.ID, person)
	if err == nil && named {
		return fault.New(fault.Forbidden, "copy.by_policy", fault.Arg("person", person))
	}
	return err
}

// mayRead says whether somebody else may read a document: by what they are, what
// they were asked, what they were copied in on, or a delegation in force.
func (d *Desk) mayRead(ctx context.Context, people *org.Snapshot, detail Detail, person string) (bool, error) {
	subject := access.SubjectOf(people, person)
	o := objectOf(detail.Document, detail.Tasks)
	o.Copied = detail.copiedNow()
	if ok, _ := access.Can(subject, access.DocumentRead, o); ok {
		return true, nil
	}
	rules, err := d.standsIn(ctx, auth.Who{Person: people.People[person], Subject: subject}, detail.Tasks)
	return len(rules) > 0, err
}
