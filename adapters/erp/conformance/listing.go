package conformance

import (
	"context"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	listedVouchers = 7 // over three pages
	listedPage     = 3
)

// listsRange holds that a list has every voucher of its days once, over its pages, as
// Find tells of it, drafts too, and none of other days or of others' references. The
// company may hold other vouchers of ours.
func listsRange(t T, f Fixture) {
	lister, _ := f.Port.(erp.Lister)
	ctx := context.Background()
	want := map[string]erp.Found{}
	for i := range listedVouchers {
		ref := Reference()
		made, err := f.Port.Create(ctx, f.Voucher(ref, int64(100+i)))
		noError(t, err)
		if i%3 == 0 {
			_, err = f.Port.Post(ctx, made)
			noError(t, err)
		}
		found, err := f.Port.Find(ctx, ref)
		noError(t, err)
		length(t, found, 1)
		want[ref] = found[0]
	}
	other := "not-ours" + Reference()
	_, err := f.Port.Create(ctx, f.Voucher(other, 100))
	noError(t, err)
	listed := listAll(t, lister, f.Date, f.Date)
	for ref, found := range want {
		equal(t, f.asListed(found), listed[f.asListed(found).Reference], "as Find and List tell of %s", ref)
	}
	_, theirs := listed[other]
	holds(t, !theirs, "%s was listed, which is not ours", other)
	years := listAll(t, lister, "1999-01-01", "1999-12-31")
	for ref, found := range want {
		_, wrong := years[f.asListed(found).Reference]
		holds(t, !wrong, "%s was listed for another year", ref)
	}
}

// asListed is a voucher as List tells it.
func (f Fixture) asListed(found erp.Found) erp.Found {
	if f.Port.Capabilities().ListsShort {
		found.Reference = voucher.Short(found.Reference)
	}
	return found
}

func listAll(t T, lister erp.Lister, from, until string) map[string]erp.Found {
	t.Helper()
	all := map[string]erp.Found{}
	for asked := (erp.Listing{From: from, Until: until, Limit: listedPage}); ; {
		page, err := lister.List(context.Background(), asked)
		noError(t, err)
		for _, found := range page.Vouchers {
			first, twice := all[found.Reference]
			holds(t, !twice || first.ID != found.ID, "%s was listed twice", found.Reference)
			all[found.Reference] = found
		}
		holds(t, page.Next == "" || page.Next != asked.Cursor, "a page is followed by itself")
		if asked.Cursor = page.Next; asked.Cursor == "" {
			return all
		}
	}
}
