package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Sessions lists where somebody is signed in; no program sees it.
func (d *Desk) Sessions(ctx context.Context, who auth.Who) ([]store.SessionInfo, error) {
	if err := need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}}); err != nil {
		return nil, err
	}
	return d.Store.Sessions().List(ctx, who.Person.ID, who.Session)
}

// EndSession signs somebody out somewhere else, at once.
//
// Errors: NotFound session.not_found.
func (d *Desk) EndSession(ctx context.Context, who auth.Who, id string) error {
	if err := need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}}); err != nil {
		return err
	}
	return d.Store.Sessions().End(ctx, who.Person.ID, id)
}
