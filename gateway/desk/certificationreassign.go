package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
)

// ReassignReview has somebody else asked about several items, each by itself: whom they
// ask hands them on, or an administrator does. To is named as people name each other.
//
// Safe to repeat with the same key. Errors: Invalid review.nothing_chosen,
// review.too_many, act.to_unknown, act.to_several; NotFound review.not_found; those of
// one item, store.ReassignItem's, are with it.
func (d *Desk) ReassignReview(ctx context.Context, who auth.Who, id string, items []int,
	r certification.Reassignment, key Key) ([]ItemResult, error) {
	if err := chosenItems(items); err != nil {
		return nil, err
	}
	if _, err := needAny(who, access.GrantRequest); err != nil {
		return nil, err
	}
	known, err := d.RightsReview(ctx, who, id)
	if err != nil {
		return nil, err
	}
	to, err := d.meant(ctx, []string{r.To})
	if err != nil {
		return nil, err
	}
	r.By, r.To, r.Reason = who.Person.ID, to[0], strings.TrimSpace(r.Reason)
	results := make([]ItemResult, 0, len(items))
	for _, no := range items {
		if !slices.ContainsFunc(known.Rows, func(i RightsReviewItem) bool { return i.No == no }) {
			results = append(results, ItemResult{no, fault.New(fault.NotFound, "review.not_found")})
			continue
		}
		idem, err := key.part(strconv.Itoa(no)).of(who)
		if err != nil {
			return nil, err
		}
		results = append(results, ItemResult{no, d.Store.ReassignItem(ctx, id, no, r, idem)})
	}
	return results, nil
}
