package desk

import (
	"context"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/gateway/auth"
)

// Version is one content of a document that was decided on. 版本
type Version struct {
	Revision int
	Hash     string
	Actor    string
	At       time.Time
	Content  document.Content
}

// Contents lists every content of a document, in order, for whoever may read it.
//
// Errors: NotFound document.not_found.
func (d *Desk) Contents(ctx context.Context, who auth.Who, id string) (Detail, []Version, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return Detail{}, nil, err
	}
	rows, err := d.Store.Contents(ctx, id)
	if err != nil {
		return Detail{}, nil, err
	}
	versions := make([]Version, 0, len(rows))
	for _, r := range rows {
		version := Version{Revision: r.Revision, Hash: r.Hash, Actor: r.Actor, At: r.At}
		if err := json.Unmarshal(r.Content, &version.Content); err != nil {
			return Detail{}, nil, err
		}
		versions = append(versions, version)
	}
	return detail, versions, nil
}
