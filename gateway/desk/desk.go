// Package desk is the service behind the counter: what the API and the pages
// ask for is done here, once, by the same rules. It judges rights through
// access.Can, validates, signs and commits; it decides nothing about a flow.
//
//	api ──┐
//	      ├──▶ desk ──▶ store (drafts, inbox, reads)
//	pages ┘      └────▶ engine (start, deliver)
package desk

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/workflows"
)

// Limits of the desk.
const (
	CommentMax    = 2000 // characters
	TimelineMax   = 5000 // events shown of one document
	PeopleMax     = 50   // people or suppliers found by one query
	TokenLifeMax  = 366 * 24 * time.Hour
	TokenScopeMax = 50
	TokenNameMax  = 100 // characters
	UrgeCooldown  = time.Hour
)

// Codes are the faults that are born at the desk.
var Codes = fault.Register(map[string]fault.Entry{
	"access.denied":           {Kind: fault.Forbidden, Args: []string{"permission", "reason"}},
	"act.question_required":   {Kind: fault.Invalid},
	"act.back_without_step":   {Kind: fault.Invalid},
	"document.type_unknown":   {Kind: fault.Invalid, Args: []string{"type"}},
	"proof.of_a_draft":        {Kind: fault.Conflict},
	"comment.too_long":        {Kind: fault.Invalid, Args: []string{"max"}},
	"delegation.cap_currency": {Kind: fault.Invalid, Args: []string{"currency"}},
	"policy.simulation_busy":  {Kind: fault.Busy},
	"replan.other_policy":     {Kind: fault.Invalid, Args: []string{"id"}},
	"replan.too_many":         {Kind: fault.Invalid, Args: []string{"max"}},
	"replan.nothing":          {Kind: fault.Invalid},
	"intervention.maker_gone": {Kind: fault.Conflict, Args: []string{"maker"}},

	"intervention.to_approver": {Kind: fault.Conflict},
	"passkey.none":             {Kind: fault.Conflict},
	"passkey.not_asked":        {Kind: fault.Conflict},
	"passkey.no_name":          {Kind: fault.Conflict},
	"passkey.bad_name":         {Kind: fault.Invalid, Args: []string{"max"}},
	"passkey.sign_in_again":    {Kind: fault.Forbidden, Status: http.StatusUnauthorized, Args: []string{"max_age"}},
	"token.bad_scope":          {Kind: fault.Invalid, Args: []string{"scope"}},
	"token.by_operator":        {Kind: fault.Invalid, Args: []string{"scope"}},
	"token.bad_expiry":         {Kind: fault.Invalid, Args: []string{"max"}},
	"wishes.not_choosable":     {Kind: fault.Invalid, Args: []string{"topic"}},
	"wishes.bad_quiet":         {Kind: fault.Invalid},
	"wishes.bad_zone":          {Kind: fault.Invalid},
	"wishes.too_quiet":         {Kind: fault.Invalid},
	"wishes.bad_way":           {Kind: fault.Invalid, Args: []string{"urgency"}},
	"wishes.bad_absence":       {Kind: fault.Invalid},
	"token.incomplete":         {Kind: fault.Invalid},
	"token.shown_once":         {Kind: fault.Conflict},
	"import.bad_row":           {Kind: fault.Invalid, Args: []string{"words"}},
	"import.row_too_long":      {Kind: fault.Invalid, Args: []string{"max"}},
	"import.unknown_column":    {Kind: fault.Invalid, Args: []string{"column"}},
	"import.twice":             {Kind: fault.Invalid, Args: []string{"key"}},
	"calendar.file_too_large":  {Kind: fault.Invalid, Args: []string{"max"}},
	"calendar.file_kind":       {Kind: fault.Invalid, Args: []string{"file"}},
	"calendar.no_file":         {Kind: fault.Invalid},
	"calendar.bad_years":       {Kind: fault.Invalid, Args: []string{"text"}},
})

// Engine is the part of gateway/engine that the desk needs.
type Engine interface {
	// Start starts the workflow of a submitted document; a repeat is no error.
	Start(ctx context.Context, in engine.StartRequest) error
	// Deliver gives an act to its workflow and answers with the outcome.
	//
	// Errors: the workflow's own faults; Unknown act.pending without an answer in time.
	Deliver(ctx context.Context, a approval.Act) (approval.Outcome, error)
}

// Desk serves everybody. It is safe for concurrent use.
type Desk struct {
	Store  *store.Store
	Engine Engine
	// Organisation writes people and departments, as the database's role of the directory;
	// nil where this gateway may not.
	Organisation *store.Store
	// Receipts notes what Engine delivered; nil leaves it to the relay to make sure.
	Receipts *Receipts
	Signer   evidence.Signer
	Files    files.Store
	Now      func() time.Time // nil means time.Now; for validation only, evidence takes the database's

	// Passkeys asks browsers for passkeys; nil where the house has no name to make them for.
	Passkeys *auth.Passkeys

	// Directories are those that we ask ourselves, and AskDirectory asks one; none without
	// it.
	Directories  []DirectorySource
	AskDirectory func(ctx context.Context, in workflows.DirectorySyncInput) error

	// Foresee says what would become of somebody's tasks if they left: that of
	// activities.Plans. nil foresees nothing.
	Foresee Foresee

	// Connections are the ERP companies; Books has them asked and told, nil asks none.
	Connections []Connection
	Books       Books

	// Webhooks are the other systems that are told of events; PublicURL is how they and
	// people reach the house, without a path.
	Webhooks  []Endpoint
	PublicURL string

	// Messengers are the messaging apps in which people get cards, in their order.
	Messengers []Messenger

	// Inbound are the systems that may start documents, by id; Collector has those read
	// that we ask ourselves, nil reads none.
	Inbound   map[string]InboundSource
	Collector Collector

	// AttachmentMax is how many bytes one attachment may have; 0 means 20 MiB.
	AttachmentMax int64

	mutex    sync.Mutex
	types    map[string]*doctype.Type  // by hash of their text
	policies map[string]*policy.Policy // by hash of their text
	recent   recent

	simulating sync.Mutex   // one simulation at a time
	delivering atomic.Int32 // acts under way behind an answer

	calendars shownCalendars
	lookout   lookout
}

const attachmentDefaultMax = 20 << 20

// AttachmentLimit is how many bytes one attachment may have.
func (d *Desk) AttachmentLimit() int64 {
	if d.AttachmentMax == 0 {
		return attachmentDefaultMax
	}
	return d.AttachmentMax
}

// Time is what the desk takes for now: to show by, and to validate by.
func (d *Desk) Time() time.Time { return d.now() }

func (d *Desk) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// Key is what makes a write findable again: the caller's Idempotency-Key, the
// route, and what was asked. The zero value asks for nothing of the kind.
type Key struct {
	Route string
	Key   string
	Body  any // what was asked, for the fingerprint: text and whole numbers only
}

// of makes the store's form of a key.
func (k Key) of(who auth.Who) (store.Idempotency, error) {
	if k.Key == "" {
		return store.Idempotency{}, nil
	}
	fingerprint, err := evidence.HashOf(k.Body)
	if err != nil {
		return store.Idempotency{}, err
	}
	return store.Idempotency{Actor: actorOf(who), Route: k.Route, Key: k.Key, Fingerprint: fingerprint}, nil
}

// Answered says whether something was done under a key already: the first of a double
// click did it.
func (d *Desk) Answered(ctx context.Context, who auth.Who, key Key) (bool, error) {
	i, err := key.of(who)
	if err != nil || i.Key == "" {
		return false, err
	}
	return d.Store.Answered(ctx, i)
}

// actorOf is the person, or the token: two programs of one person do not see
// each other's keys.
func actorOf(who auth.Who) string {
	if who.Token != "" {
		return "token:" + who.Token
	}
	return who.Person.ID
}

// need asks access whether somebody may do something to an object.
//
// Errors: Forbidden access.denied.
func need(who auth.Who, permission string, o access.Object) error {
	ok, reason := access.Can(who.Subject, permission, o)
	if ok {
		return nil
	}
	return fault.New(fault.Forbidden, "access.denied", fault.Arg("permission", permission), fault.Arg("reason", reason))
}

// needAny asks access whether somebody has a permission for anything at all; the
// list behind it is cut to their scope.
func needAny(who auth.Who, permission string) (access.Scope, error) {
	if !access.Has(who.Subject, permission) {
		return access.Scope{}, need(who, permission, access.Object{})
	}
	return access.ScopeFor(who.Subject, permission), nil
}

// Snapshot is the organisation as it is now.
func (d *Desk) Snapshot(ctx context.Context) (*org.Snapshot, error) { return d.Store.Snapshot(ctx, 0) }

// Ready says whether the desk's own edges can be reached, for /readyz.
func (d *Desk) Ready(ctx context.Context) error {
	if err := d.Store.Ping(ctx); err != nil {
		return err
	}
	return d.Files.Check(ctx)
}
