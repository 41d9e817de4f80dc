package port_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

func dimensions(t *testing.T, text string) port.Dimensions {
	t.Helper()
	d, err := port.Options{"dimensions": text}.Dimensions("dimensions")
	require.NoError(t, err)
	return d
}

// TestValues proves where everything of an entry goes, and what is refused unsent.
func TestValues(t *testing.T) {
	d := dimensions(t, "2202.party=F4, 66.cost_center=F5, 66.project=P1, 6602.project=P2, 66.region=F5")
	for _, tt := range []struct {
		name  string
		entry voucher.Entry
		want  map[string]string
		code  string
	}{
		{"the longest beginning wins", voucher.Entry{Account: "660201", CostCenter: "C",
			Dimensions: map[string]string{"project": "X"}}, map[string]string{"F5": "C", "P2": "X"}, ""},
		{"a party", voucher.Entry{Account: "2202", Party: "S1", CostCenter: "C"}, map[string]string{"F4": "S1"}, ""},
		{"no party", voucher.Entry{Account: "2202"}, nil, port.CodeUnknownParty},
		{"a dimension the account does not keep", voucher.Entry{Account: "1002",
			Dimensions: map[string]string{"project": "X"}}, nil, port.CodeUnsupported},
		{"two values for one field", voucher.Entry{Account: "6601", CostCenter: "C",
			Dimensions: map[string]string{"region": "R"}}, nil, port.CodeUnsupported},
		{"the same value twice", voucher.Entry{Account: "6601", CostCenter: "C",
			Dimensions: map[string]string{"region": "C"}}, map[string]string{"F5": "C"}, ""},
	} {
		got, err := d.Values(tt.entry)
		require.Equal(t, tt.code, fault.CodeOf(err), tt.name)
		require.Equal(t, tt.want, got, tt.name)
	}
}

// TestApart proves that accounts of a party keep nothing else, and all others do.
func TestApart(t *testing.T) {
	can := port.Capabilities{Fields: dimensions(t, "2202.party=creditor, .cost_center=CostCenter, .project=WBS").Apart()}
	require.True(t, can.Keeps().Dimension("6602", "project"))
	require.False(t, can.Keeps().Dimension("220201", "project"))
	require.Equal(t, []string{"cost_center", "project"}, can.Keeps().Names())
	values, err := can.Fields.Values(voucher.Entry{Account: "2202", Party: "S1", CostCenter: "C"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"creditor": "S1"}, values)
}

// TestSplits proves that only what is kept and told is compared.
func TestSplits(t *testing.T) {
	e := voucher.Entry{Account: "6602", CostCenter: "C", Dimensions: map[string]string{"project": "P", "region": "R"}}
	fields := dimensions(t, "66.cost_center=F5, 66.project=F6, 66.region=F7")
	require.Equal(t, voucher.Splits("cost_center=C\nproject=P"),
		port.Capabilities{Fields: fields, Told: []string{"cost_center", "project"}}.Splits(e))
	require.Equal(t, voucher.Splits("project=P\nregion=R"),
		port.Capabilities{Dimensions: []string{"*"}, Told: []string{"*"}}.Splits(e))
	require.Empty(t, port.Capabilities{Fields: fields}.Splits(e))
}

// TestBlame proves that a refused value is blamed on its dimension, not on the party.
func TestBlame(t *testing.T) {
	v := voucher.Voucher{Entries: []voucher.Entry{{CostCenter: "CC-1", Dimensions: map[string]string{"project": "P-009"}},
		{Party: "lin"}}}
	for words, want := range map[string]string{"核算维度的值 P-009 不存在": "project", "核算维度的值 CC-1 不存在": "cost_center",
		"核算维度的值 lin 不存在": "", "核算维度必录": ""} {
		err := port.Blame(port.Fault(port.CodeUnknownParty, words), v)
		said, _ := fault.As(err)
		require.Equal(t, want, said.Args["dimension"], words)
		require.Equal(t, want != "", said.Code == port.CodeUnknownDimension, words)
	}
	require.NoError(t, port.Blame(nil, v))
}

// TestOptionsNameDimensions proves which names an option may have.
func TestOptionsNameDimensions(t *testing.T) {
	for _, wrong := range []string{"project=P", "66.=P", "66.Project=P", "66.pro-ject=P", "66.project"} {
		_, err := port.Options{"dimensions": wrong}.Dimensions("dimensions")
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err), wrong)
	}
	for _, wrong := range []string{"party=P", "cost_center=P", "Project=P", "project"} {
		_, err := port.Options{"dimensions": wrong}.DimensionTable("dimensions")
		require.Equal(t, port.CodeBadConfig, fault.CodeOf(err), wrong)
	}
}
