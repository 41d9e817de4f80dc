package problem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

// TestActsAndStatusesAreSaidInWords: the text of a problem says what people call an
// act; its arguments stay what programs know.
func TestActsAndStatusesAreSaidInWords(t *testing.T) {
	for locale, words := range map[string][2]string{"en": {"Extend the deadline", "Rejected"}, "zh-CN": {"延期", "已拒绝"}} {
		ctx := i18n.With(t.Context(), locale)
		p := problem.Of(ctx, fault.New(fault.Forbidden, "act.not_allowed", fault.Arg("act", "extend")))
		require.Contains(t, p.Detail, words[0])
		require.Equal(t, "extend", p.Args["act"])
		p = problem.Of(ctx, fault.New(fault.Conflict, "document.final", fault.Arg("status", "rejected")))
		require.Contains(t, p.Detail, words[1])
		require.NotContains(t, p.Detail, "rejected")
	}
	for locale, words := range map[string]string{"en": "a Windows program", "zh-CN": "Windows 程序"} {
		p := problem.Of(i18n.With(t.Context(), locale), fault.New(fault.Invalid, "attachment.disguised",
			fault.Arg("name", "a.pdf"), fault.Arg("found", "application/vnd.microsoft.portable-executable")))
		require.Contains(t, p.Detail, words)
		require.NotContains(t, p.Detail, "application/")
	}
	for locale, words := range map[string]string{"en": "indented by spaces", "zh-CN": "缩进只能用空格"} {
		p := problem.Of(i18n.With(t.Context(), locale), fault.New(fault.Invalid, "yaml.syntax", fault.Arg("file", "expense"),
			fault.Arg("line", "2"), fault.Arg("column", "1"), fault.Arg("mistake", "tab"), fault.Arg("words", "found a tab")))
		require.Contains(t, p.Detail, words)
		require.Contains(t, p.Detail, "found a tab", "the original stays")
	}
	p := problem.Of(i18n.With(t.Context(), "zh-CN"), fault.New(fault.Invalid, "erp.unsupported", fault.Arg("what", "bills")))
	require.Equal(t, "该账务系统连接不支持：读取供应商账单。", p.Detail)
}
