package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{
	"inbound.no_source":       {Kind: fault.NotFound},
	"inbound.reason_required": {Kind: fault.Invalid},
	"inbound.no_account":      {Kind: fault.Forbidden, Args: []string{"account"}},
	"inbound.not_asked":       {Kind: fault.Forbidden},
	"inbound.nobody":          {Kind: fault.Invalid, Args: []string{"who"}},
	"inbound.several":         {Kind: fault.Invalid, Args: []string{"who"}},
	"inbound.other_entity":    {Kind: fault.Forbidden, Args: []string{"entity"}},
	"inbound.invoice_used":    {Kind: fault.Conflict, Args: []string{"invoice", "number"}},
})

// InboundSource is a system that may start documents. 入站来源
type InboundSource struct {
	ID       string
	Kind     string
	Title    string
	Account  string   // in whose name it enters documents: a person of the organisation that nobody signs in as
	Entities []string // whose documents it may start; none = every one
	Mapping  *inbound.Mapping

	When string // how often we ask it ourselves; "" for one that sends

	// OnceByInvoice refuses what names an invoice that another document shows already:
	// nobody looks at a warning here.
	OnceByInvoice bool
}

// inboundScopes are what a source may do beside being its account: nothing else, whatever
// the account's roles.
var inboundScopes = []string{
	access.DocumentCreate, access.DocumentSubmit, access.DocumentOnBehalf, access.DocumentRead,
}

// ReceiveInbound keeps what a source sends; what it asks for becomes a document soon, or
// at once where the sender waits for that.
//
// Safe to repeat. Errors: those of store.Receive.
func (d *Desk) ReceiveInbound(ctx context.Context, source InboundSource, body []byte, waits bool) (
	store.Inbound, error) {
	in := activities.InboundOf(source.ID, source.Mapping, body)
	in.Entities, in.Held = source.Entities, waits
	row, err := d.Store.Receive(ctx, in)
	if err != nil || !waits || row.State != store.InboundReceived {
		return row, err
	}
	if err := (InboundRunner{Desk: d}).message(ctx, row); err != nil {
		return store.Inbound{}, err
	}
	return d.Store.Inbound(ctx, row.Origin)
}

// TryInbound says which document a message would become, and writes nothing.
//
// Errors: those for which it would be refused.
func (d *Desk) TryInbound(ctx context.Context, source InboundSource, body []byte) (
	document.Content, store.InboundInput, error) {
	in := activities.InboundOf(source.ID, source.Mapping, body)
	if in.Fault != nil {
		return document.Content{}, in, in.Fault
	}
	if in.State == store.InboundIgnored {
		return document.Content{}, in, nil
	}
	who, content, err := d.inboundContent(ctx, source, body)
	if err != nil {
		return content, in, err
	}
	content, err = d.finished(ctx, who, content)
	return content, in, err
}

// inboundContent is what a message asks for, and in whose name.
func (d *Desk) inboundContent(ctx context.Context, source InboundSource, body []byte) (
	auth.Who, document.Content, error) {
	message, err := inbound.Read(body)
	if err != nil {
		return auth.Who{}, document.Content{}, err
	}
	made, err := source.Mapping.Make(message)
	if err != nil {
		return auth.Who{}, made.Content, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return auth.Who{}, made.Content, err
	}
	account := snapshot.People[source.Account]
	if !account.Active {
		return auth.Who{}, made.Content, fault.New(fault.Forbidden, "inbound.no_account",
			fault.Arg("account", source.Account))
	}
	if made.Content.Requester, err = requesterOf(snapshot, made); err != nil {
		return auth.Who{}, made.Content, err
	}
	who := auth.Who{Person: account, Subject: access.SubjectOf(snapshot, account.ID)}
	who.Subject.Machine, who.Subject.Scopes = true, inboundScopes
	c := Filled(made.Content, account.ID, snapshot)
	if len(source.Entities) > 0 && !slices.Contains(source.Entities, c.Entity) {
		return who, c, fault.New(fault.Forbidden, "inbound.other_entity", fault.Field("entity"),
			fault.Arg("entity", c.Entity))
	}
	if source.OnceByInvoice {
		err = d.invoicesUnused(ctx, who, c)
	}
	return who, c, err
}

// requesterOf finds whom a message is for; "" is the source's own account.
func requesterOf(snapshot *org.Snapshot, made inbound.Made) (string, error) {
	nobody := func(who string) error {
		return fault.New(fault.Invalid, "inbound.nobody", fault.Field("requester"), fault.Arg("who", who))
	}
	if made.Person != "" {
		if !snapshot.Active(made.Person) {
			return "", nobody(made.Person)
		}
		return made.Person, nil
	}
	if made.Email == "" {
		return "", nil
	}
	var found []string
	for id, p := range snapshot.People {
		if p.Active && strings.EqualFold(p.Email, made.Email) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", nobody(made.Email)
	case 1:
		return found[0], nil
	}
	return "", fault.New(fault.Invalid, "inbound.several", fault.Field("requester"), fault.Arg("who", made.Email))
}

// invoicesUnused holds that no other document shows an invoice that this one names.
//
// Errors: Conflict inbound.invoice_used.
func (d *Desk) invoicesUnused(ctx context.Context, who auth.Who, c document.Content) error {
	used, err := d.reused(ctx, who, c, "")
	if err != nil {
		return err
	}
	for i, r := range used {
		if r.Of.Invoice == "" {
			continue // the same bill names one invoice on many lines
		}
		return fault.New(fault.Conflict, "inbound.invoice_used", fault.Field(lineField(i, "invoice")),
			fault.Arg("invoice", r.Of.Invoice), fault.Arg("number", r.Of.Number))
	}
	return nil
}

// InboundFrom finds a source that somebody may send to, or ask.
//
// Errors: NotFound inbound.no_source, whether there is none or it is not theirs.
func (d *Desk) InboundFrom(who auth.Who, id string) (InboundSource, error) {
	source, ok := d.Inbound[id]
	o := access.Object{Owners: []string{source.Account}, Source: id}
	if may, _ := access.Can(who.Subject, access.InboundSend, o); !ok || !may {
		return InboundSource{}, fault.New(fault.NotFound, "inbound.no_source")
	}
	return source, nil
}

// InboundState is what became of what a source sent under a name.
//
// Errors: NotFound inbound.no_source, inbound.not_found.
func (d *Desk) InboundState(ctx context.Context, who auth.Who, source, reference string) (store.Inbound, error) {
	if _, err := d.InboundFrom(who, source); err == nil {
		return d.Store.Inbound(ctx, document.Origin{Source: source, Reference: reference})
	}
	if !access.Has(who.Subject, access.InboundRead) {
		return store.Inbound{}, fault.New(fault.NotFound, "inbound.no_source")
	}
	row, err := d.Store.Inbound(ctx, document.Origin{Source: source, Reference: reference})
	if err != nil {
		return store.Inbound{}, err
	}
	return d.InboundMessage(ctx, who, row.ID)
}

// InboundMessage is one message that one may know of.
//
// Errors: NotFound inbound.not_found.
func (d *Desk) InboundMessage(ctx context.Context, who auth.Who, id string) (store.Inbound, error) {
	scope, err := needAny(who, access.InboundRead)
	if err != nil {
		return store.Inbound{}, err
	}
	if uuid.Validate(id) != nil {
		return store.Inbound{}, fault.New(fault.NotFound, "inbound.not_found")
	}
	return d.Store.InboundByID(ctx, scope, id)
}

// InboundMessages lists the messages that one may know of, the newest first.
func (d *Desk) InboundMessages(ctx context.Context, who auth.Who, f store.InboundFilter) (
	store.Page[store.Inbound], error) {
	scope, err := needAny(who, access.InboundRead)
	if err != nil {
		return store.Page[store.Inbound]{}, err
	}
	return d.Store.Inbounds(ctx, scope, f)
}

// RuleInbound tries a refused message again, or leaves it.
//
// Safe to repeat. Errors: NotFound inbound.not_found; Conflict inbound.settled; Invalid
// inbound.reason_required where it is left without one.
func (d *Desk) RuleInbound(ctx context.Context, who auth.Who, r store.InboundRuling) (store.Inbound, error) {
	row, err := d.InboundMessage(ctx, who, r.ID)
	if err != nil {
		return store.Inbound{}, err
	}
	if !MayRuleInbound(who, row) {
		return store.Inbound{}, need(who, access.InboundManage, access.Object{Entity: row.Entity})
	}
	r.Person, r.Reason = who.Person.ID, strings.TrimSpace(r.Reason)
	if r.Leave && r.Reason == "" {
		return store.Inbound{}, fault.New(fault.Invalid, "inbound.reason_required", fault.Field("reason"))
	}
	if err := d.Store.RuleInbound(ctx, r); err != nil {
		return store.Inbound{}, err
	}
	return d.InboundMessage(ctx, who, r.ID)
}

// MayRuleInbound says whether somebody may decide on a refused message: in its entity, or
// while nobody knows that, in every one that its source serves.
func MayRuleInbound(who auth.Who, row store.Inbound) bool {
	entities := row.Entities
	if row.Entity != "" || len(entities) == 0 {
		entities = []string{row.Entity}
	}
	return !slices.ContainsFunc(entities, func(entity string) bool {
		may, _ := access.Can(who.Subject, access.InboundManage, access.Object{Entity: entity})
		return !may
	})
}

// The rulings on a refused message.
const (
	InboundAgain = "again"
	InboundLeave = "leave"
)

// InboundRuling is what somebody says of a refused message, in words.
func InboundRuling(id, ruling, reason string) store.InboundRuling {
	return store.InboundRuling{ID: id, Leave: ruling == InboundLeave, Reason: reason}
}

// CheckInbound says what keeps a source from starting any document: its mapping beside
// the document type in force, and its account.
func (d *Desk) CheckInbound(ctx context.Context, source InboundSource) ([]*fault.Fault, error) {
	t, err := d.Type(ctx, source.Mapping.Type)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return nil, err
	}
	found := source.Mapping.Check(t)
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if !snapshot.Active(source.Account) {
		found = append(found, fault.New(fault.Forbidden, "inbound.no_account", fault.Field("account"),
			fault.Arg("account", source.Account)))
	}
	for _, entity := range source.Entities {
		if _, known := snapshot.Entities[entity]; !known {
			found = append(found, fault.New(fault.Forbidden, "inbound.other_entity", fault.Field("entities"),
				fault.Arg("entity", entity)))
		}
	}
	return found, nil
}
