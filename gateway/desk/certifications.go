package desk

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Defaults of a campaign, in working time of the calendar of whose campaign it is.
const (
	reviewTime  = "15 workday"
	reviewGrace = "3 workday"
)

// AskedReview is a campaign as somebody opens it.
type AskedReview struct {
	Title           string
	Roles, Entities []string
	Reviewer        string // "": the nearest manager
	Undecided       string // "": what is undecided is listed

	Due   string // working time such as «15 workday», or the last day as YYYY-MM-DD; "" is the default
	Grace string // working time after it, until the campaign is over; "" is the default, «0s» none
}

// RightsReview is a campaign with the items that its reader may know of.
type RightsReview struct {
	store.Certification

	Rows []RightsReviewItem
	All  bool // the reader may know of all rights of where it is held, as administrators and auditors do
}

// RightsReviewItem is one right of a campaign.
type RightsReviewItem struct {
	store.CertificationItem

	MayDecide bool // the reader, now
	MayAssign bool // the reader may have somebody else asked
}

// mayKnowRights is what somebody may know of others' rights; not of one's own, which is
// nothing to review.
func mayKnowRights(who auth.Who) access.Scope {
	scope := access.ScopeFor(who.Subject, access.GrantRead)
	return access.Scope{All: scope.All, Entities: scope.Entities}
}

// MayOpenReview refuses who administers nothing.
//
// Errors: Forbidden access.denied.
func (d *Desk) MayOpenReview(who auth.Who) error {
	_, err := needAny(who, access.GrantDecide)
	return err
}

// OpenReview opens a campaign as an administrator of all the companies in its scope.
//
// Safe to repeat with the same key. Errors: Forbidden access.denied; Invalid review.*.
func (d *Desk) OpenReview(ctx context.Context, who auth.Who, in AskedReview, key Key) (string, error) {
	entities := in.Entities
	if len(entities) == 0 {
		entities = []string{""}
	}
	for _, entity := range entities {
		if err := need(who, access.GrantDecide, access.Object{Entity: entity}); err != nil {
			return "", err
		}
	}
	idem, err := key.of(who)
	if err != nil {
		return "", err
	}
	c, err := d.campaign(ctx, in, who.Person.Entity)
	if err != nil {
		return "", err
	}
	c.OpenedBy = who.Person.ID
	return d.Store.OpenCertification(ctx, c, idem)
}

// OpenReviewAs opens a campaign for an operator or a schedule, over every company.
//
// Errors: Invalid review.*.
func (d *Desk) OpenReviewAs(ctx context.Context, actor string, in AskedReview, idem store.Idempotency) (string, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	home := slices.Min(append(slices.Collect(maps.Keys(snapshot.Entities)), "~"))
	c, err := d.campaign(ctx, in, home)
	if err != nil {
		return "", err
	}
	c.OpenedBy = actor
	return d.Store.OpenCertification(ctx, c, idem)
}

func (d *Desk) campaign(ctx context.Context, in AskedReview, home string) (certification.Campaign, error) {
	c := certification.Campaign{
		Title: strings.TrimSpace(in.Title), Scope: certification.Scope{Roles: sortedOnce(in.Roles),
			Entities: sortedOnce(in.Entities)},
		Reviewer: in.Reviewer, Undecided: in.Undecided,
	}
	if c.Reviewer == "" {
		c.Reviewer = certification.ByManager
	}
	if c.Undecided == "" {
		c.Undecided = certification.ListUndecided
	}
	var err error
	if c.Due, err = d.reviewInstant(ctx, home, d.now(), in.Due, reviewTime); err != nil {
		return c, err
	}
	c.Closes, err = d.reviewInstant(ctx, home, c.Due, in.Grace, reviewGrace)
	return c, err
}

func sortedOnce(list []string) []string {
	all := slices.DeleteFunc(slices.Sorted(slices.Values(list)), func(s string) bool { return s == "" })
	return append([]string{}, slices.Compact(all)...)
}

// reviewInstant is the end of a day, or an instant after another by working time.
func (d *Desk) reviewInstant(ctx context.Context, entity string, from time.Time, text,
	otherwise string) (time.Time, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return time.Time{}, err
	}
	home := snapshot.Entities[entity]
	bad := fault.New(fault.Invalid, "review.bad_due", fault.Field("due"))
	zone, err := time.LoadLocation(zoneOf(snapshot, entity))
	if err != nil {
		return time.Time{}, err
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if text == "" {
		text = otherwise
	}
	if text == "0s" {
		return from, nil
	}
	count, err := calendar.ParseDuration(text)
	if err != nil {
		return time.Time{}, bad
	}
	calendars, err := d.Calendars(ctx)
	if err != nil {
		return time.Time{}, err
	}
	by := calendars[home.Calendar]
	if by == nil {
		return time.Time{}, bad
	}
	due, err := by.Due(from, count)
	return due.At, err
}

// RightsReviews lists the campaigns of which somebody may know an item, the newest first: all
// of those over the rights that they may know of, and those that ask them.
func (d *Desk) RightsReviews(ctx context.Context, who auth.Who) ([]store.Certification, error) {
	if _, err := needAny(who, access.GrantRead); err != nil {
		return nil, err
	}
	return d.Store.Certifications(ctx, mayKnowRights(who), who.Person.ID)
}

// RightsReview is one campaign with its items, as far as somebody may know of them.
//
// Errors: NotFound review.not_found where they may know of none.
func (d *Desk) RightsReview(ctx context.Context, who auth.Who, id string) (RightsReview, error) {
	scope := mayKnowRights(who)
	r, err := d.RightsReviewOf(ctx, id, scope, who.Person.ID)
	if err != nil {
		return r, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return r, err
	}
	rules, err := d.Store.DelegationsWithin(ctx, r.Now, r.Now.Add(certification.DueMax))
	if err != nil {
		return r, err
	}
	r.All = scope.All || len(scope.Entities) > 0
	for i := range r.Rows {
		item := &r.Rows[i]
		if item.State != certification.Open || r.Over(r.Now) ||
			certification.Impartial(snapshot, rules, item.Person, who.Person.ID, r.Now) != nil {
			continue
		}
		administers, _ := access.Can(who.Subject, access.GrantDecide, access.Object{Entity: item.Entity})
		item.MayDecide = r.Asked(item.Asks(), who.Person.ID, administers, snapshot, r.Now)
		item.MayAssign = (administers || item.Asks() == who.Person.ID) && item.Handed < certification.ReassignMax
	}
	return r, nil
}

// RightsReviewOf is RightsReview for who may see what a scope says; operators ask it.
//
// Errors: NotFound review.not_found.
func (d *Desk) RightsReviewOf(ctx context.Context, id string, scope access.Scope, who string) (RightsReview, error) {
	c, err := d.Store.Certification(ctx, id)
	if err != nil {
		return RightsReview{}, err
	}
	items, err := d.Store.CertificationItems(ctx, scope, who, id)
	if err == nil && len(items) == 0 {
		err = fault.New(fault.NotFound, "review.not_found")
	}
	r := RightsReview{Certification: c}
	r.Counts = map[string]int{}
	for _, i := range items {
		r.Counts[i.State]++
		r.Rows = append(r.Rows, RightsReviewItem{CertificationItem: i})
	}
	return r, err
}

// DecideReview says of one item whether the right is still needed.
//
// Safe to repeat with the same key. Errors: NotFound review.not_found where one may not
// know of it; those of store.DecideItem.
func (d *Desk) DecideReview(ctx context.Context, who auth.Who, id string, no int, v certification.Verdict,
	key Key) error {
	if _, err := needAny(who, access.GrantRequest); err != nil {
		return err
	}
	r, err := d.RightsReview(ctx, who, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(r.Rows, func(i RightsReviewItem) bool { return i.No == no }) {
		return fault.New(fault.NotFound, "review.not_found")
	}
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	v.Reason = strings.TrimSpace(v.Reason)
	return d.Store.DecideItem(ctx, id, no, who.Person.ID, v, idem)
}

// ItemResult is what became of one item of many.
type ItemResult struct {
	No  int
	Err error // why it was refused; the others are not touched by it
}

// KeepAll keeps several items, each by itself.
//
// Safe to repeat with the same key. Errors: Invalid review.nothing_chosen, review.too_many;
// NotFound review.not_found; those of one item are with it.
func (d *Desk) KeepAll(ctx context.Context, who auth.Who, id string, items []int, reason string, key Key) (
	[]ItemResult, error) {
	if err := chosenItems(items); err != nil {
		return nil, err
	}
	if _, err := d.RightsReview(ctx, who, id); err != nil {
		return nil, err
	}
	results := make([]ItemResult, 0, len(items))
	for _, no := range items {
		said := certification.Verdict{Say: certification.Keep, Reason: reason}
		results = append(results, ItemResult{no, d.DecideReview(ctx, who, id, no, said, key.part(strconv.Itoa(no)))})
	}
	return results, nil
}

func chosenItems(items []int) error {
	switch {
	case len(items) == 0:
		return fault.New(fault.Invalid, "review.nothing_chosen", fault.Field("items"))
	case len(items) > BulkMax:
		return fault.New(fault.Invalid, "review.too_many", fault.Field("items"), fault.Arg("max", strconv.Itoa(BulkMax)))
	}
	return nil
}
