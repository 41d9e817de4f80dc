package desk

import (
	"context"
	"maps"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// ImportRunner submits the rows of imports in the background. Any number of
// them may run beside each other: rows are claimed with SKIP LOCKED, and a row's
// key makes one document of it however often it is tried.
type ImportRunner struct {
	Desk *Desk
}

// Run works until the context ends.
func (r ImportRunner) Run(ctx context.Context) {
	keepAt(ctx, "import", r.Once)
}

// Once works off one batch, and answers how many rows it met. A row that fails
// by our trouble is tried again later; it holds up none of the others.
func (r ImportRunner) Once(ctx context.Context) (int, error) {
	rows, err := r.Desk.Store.ClaimImportRows(ctx, batchMost)
	if err != nil {
		return 0, err
	}
	return workOff(ctx, rows, r.row)
}

// row submits one row. What the row is to blame for is written down at the row;
// what is our trouble is an error, and the row is tried again.
func (r ImportRunner) row(ctx context.Context, row store.ImportRow) error {
	doc, err := r.submit(ctx, row)
	if err == nil {
		return r.Desk.Store.ImportRowDone(ctx, row.Import, row.N, doc.ID)
	}
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Busy || f.Kind == fault.Unknown || f.Kind == fault.Internal {
		return err
	}
	return r.Desk.Store.ImportRowFailed(ctx, row.Import, row.N, f)
}

func (r ImportRunner) submit(ctx context.Context, row store.ImportRow) (store.Document, error) {
	if raw, unreadable := row.Content.Fields[rowRaw]; unreadable {
		if _, err := parseRow([]byte(raw)); err != nil {
			return store.Document{}, err
		}
	}
	if key := row.Content.Fields[rowTwice]; key != "" {
		return store.Document{}, fault.New(fault.Invalid, "import.twice", fault.Field("key"), fault.Arg("key", key))
	}
	snapshot, err := r.Desk.Snapshot(ctx)
	if err != nil {
		return store.Document{}, err
	}
	person := snapshot.People[row.Actor]
	if !person.Active {
		return store.Document{}, fault.New(fault.Forbidden, "auth.inactive")
	}
	who := auth.Who{Person: person, Subject: access.SubjectOf(snapshot, row.Actor)}
	content, key := keyOf(row)
	entity := content.Entity
	if entity == "" {
		entity = person.Entity
	}
	if err := need(who, access.ImportCreate, access.Object{Entity: entity}); err != nil {
		return store.Document{}, err
	}
	asked := Submission{Content: content, Bulk: true}
	return r.Desk.SubmitNew(ctx, who, asked, Key{Route: "import", Key: key, Body: content})
}

// keyOf is a row's content as its author meant it, and what makes it one
// document: the caller's own key, else its place in the import.
func keyOf(row store.ImportRow) (document.Content, string) {
	content := row.Content
	key := content.Fields[rowKey]
	if key == "" {
		return content, row.Import + "#" + strconv.Itoa(row.N)
	}
	content.Fields = maps.Clone(content.Fields)
	delete(content.Fields, rowKey)
	if len(content.Fields) == 0 {
		content.Fields = nil
	}
	return content, key
}
