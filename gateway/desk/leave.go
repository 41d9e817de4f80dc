package desk

import (
	"context"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

var _ = fault.Register(map[string]fault.Entry{
	"notice.no_such_link": {Kind: fault.NotFound},
})

// Leaving is what the link of a letter would have somebody do without by mail. It needs
// no sign-in: whoever has the letter may say so, and nothing else.
//
// Errors: NotFound notice.no_such_link.
func (d *Desk) Leaving(ctx context.Context, sealed string) (notice.Leave, error) {
	key, err := d.Store.NoticeKey(ctx)
	if err != nil {
		return notice.Leave{}, err
	}
	leave, ok := notice.ReadLeave(key, sealed)
	if !ok {
		return notice.Leave{}, fault.New(fault.NotFound, "notice.no_such_link")
	}
	return leave, nil
}

// LeaveTopics does what the link says. Safe to repeat. Errors: as Leaving.
func (d *Desk) LeaveTopics(ctx context.Context, sealed string) (notice.Leave, error) {
	leave, err := d.Leaving(ctx, sealed)
	if err != nil {
		return notice.Leave{}, err
	}
	wishes, err := d.Store.Wishes(ctx, leave.Person)
	if err != nil {
		return notice.Leave{}, err
	}
	return leave, d.Store.SaveWishes(ctx, leave.Person, wishes.Without(leave.Topics))
}
