package cc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/fault"
)

func people(n int) []string {
	list := make([]string, 0, n)
	for i := range n {
		list = append(list, fmt.Sprintf("p%d", i))
	}
	return list
}

func TestACallIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name   string
		people []string
		remark string
		code   string
	}{
		{"twenty with a remark", people(20), strings.Repeat("阅", 500), ""},
		{"nobody", nil, "", "copy.nobody"},
		{"oneself among them", []string{"li", "me"}, "", "copy.self"},
		{"twenty-one", people(21), "", "copy.too_many"},
		{"a remark too long", people(1), strings.Repeat("阅", 501), "copy.remark_too_long"},
	} {
		require.Equal(t, tt.code, fault.CodeOf(cc.Check("me", tt.people, tt.remark)), tt.name)
	}
}

func TestNobodyHasTwoCopiesAndThereIsAnEndToThem(t *testing.T) {
	removed := cc.Copy{Person: "li", RemovedAt: time.Unix(1, 0)}
	require.NoError(t, cc.Admit([]cc.Copy{removed, {Person: "wu"}}, []string{"li"}), "taken away, so given again")
	err := cc.Admit([]cc.Copy{{Person: "wu"}, {Person: "li"}}, []string{"chen", "li"})
	require.Equal(t, "copy.already", fault.CodeOf(err))
	f, _ := fault.As(err)
	require.Equal(t, "li", f.Args["person"])

	var before []cc.Copy
	for _, p := range people(199) {
		before = append(before, cc.Copy{Person: p})
	}
	require.NoError(t, cc.Admit(before, []string{"li"}))
	require.Equal(t, "copy.document_full", fault.CodeOf(cc.Admit(before, []string{"li", "wu"})))
	before[0].RemovedAt = time.Unix(1, 0)
	require.Equal(t, "copy.document_full", fault.CodeOf(cc.Admit(before, []string{"li", "wu"})),
		"the removed count, so nobody writes for ever")
}
