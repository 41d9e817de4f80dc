package erptest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
)

const (
	listedVouchers = 7 // over three pages
	listedPage     = 3
)

// listsRange holds that a list has every voucher of its days once, over its pages, as
// Find tells of it, drafts too, and none of other days or of others' references.
func listsRange(t *testing.T, f Fixture) {
	lister, ok := f.Port.(erp.Lister)
	if !ok {
		t.Skip("this connector cannot list")
	}
	ctx := context.Background()
	want := map[string]erp.Found{}
	for i := range listedVouchers {
		ref := fmt.Sprintf("v:listed-%03d:accrual:1", i)
		made, err := f.Port.Create(ctx, f.Voucher(ref, int64(100+i)))
		require.NoError(t, err)
		if i%3 == 0 {
			_, err = f.Port.Post(ctx, made)
			require.NoError(t, err)
		}
		found, err := f.Port.Find(ctx, ref)
		require.NoError(t, err)
		want[ref] = found[0]
	}
	_, err := f.Port.Create(ctx, f.Voucher("not-ours:1", 100))
	require.NoError(t, err)
	require.Equal(t, want, listAll(t, lister, f.Date, f.Date))
	require.Empty(t, listAll(t, lister, "1999-01-01", "1999-12-31"))
}

func listAll(t *testing.T, lister erp.Lister, from, until string) map[string]erp.Found {
	t.Helper()
	all := map[string]erp.Found{}
	asked := erp.Listing{From: from, Until: until, Limit: listedPage}
	for range 2 * listedVouchers {
		page, err := lister.List(context.Background(), asked)
		require.NoError(t, err)
		for _, found := range page.Vouchers {
			_, twice := all[found.Reference]
			require.False(t, twice, "%s was listed twice", found.Reference)
			all[found.Reference] = found
		}
		if asked.Cursor = page.Next; asked.Cursor == "" {
			return all
		}
	}
	require.Fail(t, "the pages never end")
	return nil
}
