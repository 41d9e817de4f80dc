package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// RecordExportMost is how many events one export holds.
const RecordExportMost = 50_000

// CodeBadPeriod says that a period is none.
const CodeBadPeriod = "audit.bad_period"

// CodeUnknownKind says that no event is of a kind.
const CodeUnknownKind = "audit.unknown_kind"

var _ = fault.Register(map[string]fault.Entry{
	CodeBadPeriod:   {Kind: fault.Invalid},
	CodeUnknownKind: {Kind: fault.Invalid, Args: []string{"kind"}},
})

// RecordSearch is what an auditor asks of the record. Empty fields ask for nothing.
type RecordSearch struct {
	store.RecordFilter
	Kind     string // one of RecordKinds, or an event's own
	FromDay  string // YYYY-MM-DD, from its beginning where the auditor is
	UntilDay string // YYYY-MM-DD, to its end
}

// recordKinds are the kinds of event that are looked for together.
var recordKinds = map[string][]string{
	"decisions": {
		approval.TaskWasApproved, approval.TaskWasRejected, approval.TaskWasReturned, approval.TaskWasExpired,
		approval.TaskWasRetracted, approval.StepAutoApproved,
	},
	"changes":       {approval.DocumentSanctioned, approval.DocumentAmended, approval.DocumentResubmitted},
	"interventions": approval.Interventions(),
	"handling": {
		approval.TaskWasTransferred, approval.TaskWasConsulted, approval.TaskWasAdvised, approval.SignerAdded,
		approval.SignerRemoved, approval.ClockStopped, approval.ClockResumed, approval.TaskWasRescheduled,
	},
	"documents": {
		approval.DocumentSubmitted, approval.DocumentResubmitted, approval.DocumentReturned, approval.DocumentRejected,
		approval.DocumentWithdrawn, approval.DocumentApproved, approval.DocumentClosed, approval.DocumentVoided,
	},
	"vouchers": {approval.VoucherPosted, approval.VoucherParked, approval.VoucherResolved},
	"policies": {
		store.PolicyPublished, store.PolicyProposed, store.PolicyRefused, store.CalendarPublished, store.CalendarProposed,
		store.CalendarRefused,
	},
	"people": {
		store.OrganisationReplaced, store.OrganisationChanged, store.OrganisationEdited, store.DirectoryStopped,
		store.DirectoryReleased,
		approval.TaskWasHandedOver, store.HeirNamed, store.IdentityBound, store.IdentityUnbound, store.PasskeyAdded,
		store.PasskeyRemoved,
	},
	"rights": {
		store.GrantRequested, store.GrantApproved, store.GrantRefused, store.GrantRevoked, store.RevocationRequested,
		store.RevocationRefused, store.OrganisationRegrant, store.GrantClaimed, store.GrantUnclaimed,
	},
	"delegations": {delegation.Made, delegation.TakenBack},
	"copies":      {cc.Given, cc.Removed},
}

// RecordKinds lists them.
func RecordKinds() []string {
	return []string{
		"decisions", "changes", "interventions", "handling", "documents", "vouchers", "policies", "people", "rights",
		"delegations", "copies",
	}
}

// SearchRecord lists what happened, the newest first: in the documents of the entities
// one audits; and of policies, people and rules too, for who audits the whole group.
//
// Errors: Forbidden access.denied; Invalid audit.bad_period, audit.unknown_kind,
// act.to_unknown, act.to_several, cursor.bad.
func (d *Desk) SearchRecord(ctx context.Context, who auth.Who, in RecordSearch) (
	store.Page[store.RecordedEvent], error) {
	scope, err := needAny(who, access.AuditRead)
	if err != nil {
		return store.Page[store.RecordedEvent]{}, err
	}
	filter, err := d.recordFilter(ctx, who, in)
	if err != nil {
		return store.Page[store.RecordedEvent]{}, err
	}
	return d.Store.SearchRecord(ctx, scope, filter)
}

func (d *Desk) recordFilter(ctx context.Context, who auth.Who, in RecordSearch) (store.RecordFilter, error) {
	f := in.RecordFilter
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return f, err
	}
	if f.Person != "" && !strings.Contains(f.Person, ":") && snapshot.People[f.Person].ID == "" {
		people, err := d.meant(ctx, []string{f.Person})
		if err != nil {
			return f, err
		}
		f.Person = people[0]
	}
	if in.Kind != "" {
		if f.Kinds = recordKinds[in.Kind]; f.Kinds == nil {
			f.Kinds = []string{in.Kind}
		}
		if !strings.Contains(f.Kinds[0], ".") {
			return f, fault.New(fault.Invalid, CodeUnknownKind, fault.Field("kind"), fault.Arg("kind", in.Kind))
		}
	}
	zone, err := time.LoadLocation(zoneOf(snapshot, who.Person.Entity))
	if err != nil {
		zone = time.UTC
	}
	if f.From, err = dayStart(in.FromDay, zone, 0, "from", f.From); err != nil {
		return f, err
	}
	if f.To, err = dayStart(in.UntilDay, zone, 1, "until", f.To); err != nil {
		return f, err
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return f, fault.New(fault.Invalid, CodeBadPeriod, fault.Field("until"))
	}
	return f, nil
}

// dayStart is the beginning of a day, or of one after it; instant where no day is said.
func dayStart(day string, zone *time.Location, later int, field string, instant time.Time) (time.Time, error) {
	if day == "" {
		return instant, nil
	}
	at, err := time.ParseInLocation(dateForm, day, zone)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, CodeBadPeriod, fault.Field(field))
	}
	return at.AddDate(0, 0, later), nil
}

// ExportRecord hands out what a search finds, page by page, up to RecordExportMost
// events. It stops where each answers with an error.
func (d *Desk) ExportRecord(ctx context.Context, who auth.Who, in RecordSearch,
	each func([]store.RecordedEvent) error) error {
	in.Limit, in.Cursor = store.PageMost, ""
	for given := 0; given < RecordExportMost; {
		page, err := d.SearchRecord(ctx, who, in)
		if err != nil {
			return err
		}
		part := page.Items[:min(len(page.Items), RecordExportMost-given)]
		if err := each(slices.Clip(part)); err != nil {
			return err
		}
		given += len(part)
		if page.Next == "" {
			return nil
		}
		in.Cursor = page.Next
	}
	return nil
}

// Checkpoints lists the newest signed statements of the heads of all chains.
func (d *Desk) Checkpoints(ctx context.Context, who auth.Who) ([]store.Checkpoint, error) {
	if _, err := needAny(who, access.AuditRead); err != nil {
		return nil, err
	}
	return d.Store.Checkpoints(ctx, store.PageDefault)
}
