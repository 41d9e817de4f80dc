package master_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/master"
)

func account(code, name string, active bool) master.Row {
	return master.Row{Kind: master.Account, Code: code, Name: name, ID: code, Active: active}
}

func TestClean(t *testing.T) {
	kept, remarks := master.Clean([]master.Row{
		account(" 6602 ", "管理 \t 费用\u200b", true),
		account("６６０３", "财务费用", false),
		account("6603", "财务费用（新）", true),
		account("6602", "closed twin", false),
		account(" \n", "heading", true),
		{Kind: master.Party, Code: "6602", Name: "a party may have an account's code", Active: true},
	})
	var got []string
	for _, r := range kept {
		got = append(got, string(r.Kind)+" "+r.Code+" "+r.Name)
	}
	require.Equal(t, []string{"account 6602 管理 费用", "account 6603 财务费用（新）",
		"party 6602 a party may have an account's code"}, got)
	var why []string
	for _, r := range remarks {
		why = append(why, r.Code+" "+r.Why)
	}
	require.Equal(t, []string{"6602 cleaned", "6603 cleaned", "6603 duplicate", "6602 duplicate", " no_code"}, why)
}

func TestCompare(t *testing.T) {
	before := []master.Row{account("1002", "Bank", true), account("2202", "Payable", true), account("6602", "Cost", true),
		account("6603", "Old", false), {Kind: master.Period, Code: "2026-01", Active: true}}
	now := []master.Row{account("1002", "Bank of China", true), account("6602", "Cost", false), account("6603", "Old", true),
		account("6604", "New", true), {Kind: master.Period, Code: "2026-01"}}
	used := map[master.Key]string{{Kind: master.Account, Code: "2202"}: "expense", {Kind: master.Account, Code: "6602"}: "expense",
		{Kind: master.Period, Code: "2026-01"}: "never"}
	changes := master.Compare(before, now, true, used)
	var got []string
	for _, c := range changes {
		got = append(got, c.After.Code+" "+c.What+" "+c.Uses)
	}
	require.Equal(t, []string{"1002 changed ", "2202 gone expense", "6602 closed expense", "6603 reopened ", "6604 added ",
		"2026-01 closed "}, got, "a period closes every month: that breaks nothing")
	apply, held := master.Settle(changes, false, nil)
	require.Len(t, apply, 4)
	require.Len(t, held, 2)
	apply, held = master.Settle(changes, true, map[string]master.Ruling{held[0].Fingerprint(): master.Apply,
		held[1].Fingerprint(): master.Refuse})
	require.Len(t, apply, 1, "what somebody applied")
	require.Equal(t, "2202", apply[0].After.Code)
	require.Len(t, held, 4, "everything waits, but what somebody ruled on")
	other := changes[1]
	other.After.Name = "Payables"
	require.NotEqual(t, changes[1].Fingerprint(), other.Fingerprint(), "another difference is asked about anew")
	for _, c := range master.Compare(before, now, false, used) {
		require.NotEqual(t, master.Vanished, c.What, "a delta cannot tell what is gone")
	}
}

// TestWhatWasAppliedIsNoDifference holds that a second run over the same data finds
// nothing, and that nothing that was there is ever forgotten.
func TestWhatWasAppliedIsNoDifference(t *testing.T) {
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) master.Row {
		return account(rapid.StringMatching(`[0-9]{1,2}`).Draw(t, "code"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"),
			rapid.Bool().Draw(t, "active"))
	}), 0, 30)
	rapid.Check(t, func(t *rapid.T) {
		before, _ := master.Clean(rows.Draw(t, "before"))
		now, _ := master.Clean(rows.Draw(t, "now"))
		kept := map[master.Key]master.Row{}
		for _, r := range before {
			kept[r.Key()] = r
		}
		for _, c := range master.Compare(before, now, true, nil) {
			kept[c.After.Key()] = c.After
		}
		var all []master.Row
		for _, r := range kept {
			all = append(all, r)
		}
		require.Empty(t, master.Compare(all, now, true, nil))
		require.GreaterOrEqual(t, len(all), len(before))
	})
}
