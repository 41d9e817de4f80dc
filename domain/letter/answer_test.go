package letter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/letter"
)

// TestAnAnswerIsItsFirstLine, whole: nothing that looks like one decides.
func TestAnAnswerIsItsFirstLine(t *testing.T) {
	approve := letter.Answer{}
	for text, want := range map[string]letter.Answer{
		"approve": approve, "Approve.\r\n\r\n> reject: no": approve, "\n\n  同意。\n张三": approve, "\ufeffAPPROVE \n-- \nLin": approve,
		"同意！": approve, "reject: too dear\n> approve": {Reject: true, Reason: "too dear"},
		"驳回：金额不对：应为 5 元":                                    {Reject: true, Reason: "金额不对：应为 5 元"},
		"拒绝: 重复":                                            {Reject: true, Reason: "重复"},
		"Reject : a reason that \nwas broken softly\n\nLin": {Reject: true, Reason: "a reason that was broken softly"},
		"reject": {Reject: true}, "驳回：": {Reject: true},
	} {
		got, ok := letter.ReadAnswer(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", "\n \n", "> approve", "approve it", "I approve", "approved?", "do not approve", "不同意", "同意但是", "approve: yes", "ok", "yes",
		"Hello,\napprove", "rejected: no", "On Monday wrote:\n> approve", "aprove", "-- \napprove", "approve\u00a0not",
	} {
		_, ok := letter.ReadAnswer(text)
		require.False(t, ok, text)
	}
}
