package desk

import (
	"context"
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// InboundRunner makes documents of what other systems sent, in the background. Any
// number of them may run beside each other, and one that dies is made good by the next:
// messages are claimed with SKIP LOCKED, and a name over there is one document here.
type InboundRunner struct {
	Desk *Desk
}

// Run works until the context ends.
func (r InboundRunner) Run(ctx context.Context) {
	if len(r.Desk.Inbound) == 0 {
		return
	}
	keepAt(ctx, "inbound", r.Once)
}

// Once works off one batch, and answers how many messages it met. One that fails by our
// trouble is tried again later; it holds up none of the others.
func (r InboundRunner) Once(ctx context.Context) (int, error) {
	rows, err := r.Desk.Store.ClaimInbound(ctx, slices.Sorted(maps.Keys(r.Desk.Inbound)), batchMost)
	if err != nil {
		return 0, err
	}
	return workOff(ctx, rows, r.message)
}

// message makes a document of one message. What the message is to blame for is written
// down beside it; what is our trouble is an error, and it is tried again.
func (r InboundRunner) message(ctx context.Context, row store.Inbound) error {
	doc, entity, err := r.submit(ctx, row)
	if err == nil {
		crash.At("inbound.submitted")
		return r.Desk.Store.InboundBecame(ctx, row.ID, doc)
	}
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Busy || f.Kind == fault.Unknown || f.Kind == fault.Internal {
		return err
	}
	return r.Desk.Store.InboundFailed(ctx, row, f, entity)
}

// submit answers with the document of a message, and where it is none, with the entity
// that it would be of. One that was submitted before a crash is found again.
func (r InboundRunner) submit(ctx context.Context, row store.Inbound) (store.Document, string, error) {
	d := r.Desk
	source, ok := d.Inbound[row.Origin.Source]
	if !ok {
		return store.Document{}, "", fault.New(fault.NotFound, "inbound.no_source")
	}
	if row.ReceivedBy == store.RoleWorker && source.When == "" {
		return store.Document{}, "", fault.New(fault.Forbidden, "inbound.not_asked")
	}
	switch id, err := d.Store.OfOrigin(ctx, row.Origin); {
	case err != nil:
		return store.Document{}, "", err
	case id != "":
		doc, err := d.Store.Document(ctx, access.Scope{All: true}, id)
		return doc, "", err
	}
	who, content, err := d.inboundContent(ctx, source, []byte(row.Body))
	if err != nil {
		return store.Document{}, content.Entity, err
	}
	key := Key{Route: "inbound", Key: row.Origin.Source + ":" + row.Origin.Reference, Body: row.Hash}
	doc, err := d.SubmitNew(ctx, who, Submission{Content: content, Origin: row.Origin}, key)
	return doc, content.Entity, err
}
