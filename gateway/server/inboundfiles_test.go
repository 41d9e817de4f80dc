package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/drop/folder"
	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
)

// sheetMapping is what the rows of a file become: those of one number are one document.
const sheetMapping = `
inbound: sheet
type: payment_request
id: $.no
document:
  title: = "Contract " + message.no
  supplier: $.party
  currency: { from: $.currency, default: CNY }
fields: { contract: $.no, payment_kind: prepayment }
lines: $.rows
line: { category: services, description: "@.what", amount: "@.amount" }
`

// collector asks the source «drop», which leaves files in a folder.
func (h *house) collector(t *testing.T, at string) *activities.Inbounds {
	t.Helper()
	mapping, err := inbound.Parse("sheet.yaml", []byte(sheetMapping))
	require.NoError(t, err)
	place, err := folder.Open(at)
	require.NoError(t, err)
	h.desk.Inbound["drop"] = desk.InboundSource{ID: "drop", Account: "crm-bot", Entities: []string{"acme-cn"}, Mapping: mapping,
		Kind: "folder", When: "1m"}
	return &activities.Inbounds{Book: h.store, Sources: map[string]activities.InboundSource{"drop": {
		ID: "drop", Entities: []string{"acme-cn"}, Mapping: mapping, Place: place, Rows: rows.Options{GroupBy: "no"},
		Language: i18n.Chinese,
	}}, Words: activities.Words{
		Text: func(language, key string) string { return i18n.Shipped().Text(language, key, nil) },
		Fault: func(language string, f *fault.Fault) string {
			return i18n.Shipped().Text(language, "fault."+f.Code, f.Args)
		},
	}}
}

// filesBecomeDocuments row by row, once under each name, and tell what became of each row
// beside the file; a reader that dies is made good by the next.
func (h *house) filesBecomeDocuments(t *testing.T) {
	at := t.TempDir()
	b := h.collector(t, at)
	in := activities.CollectInput{Source: "drop"}
	play := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(at, name), []byte(text), 0o600))
		got, err := b.TakeInbound(t.Context(), in)
		require.NoError(t, err)
		require.Len(t, got.Files, 1)
		again, err := b.TakeInbound(t.Context(), in) // as after a crash
		require.NoError(t, err)
		require.Equal(t, got.Files, again.Files)
		done, err := b.AnswerInbound(t.Context(), activities.AnswerInput{Source: "drop", File: got.Files[0]})
		require.NoError(t, err)
		if !done {
			h.work()
			done, err = b.AnswerInbound(t.Context(), activities.AnswerInput{Source: "drop", File: got.Files[0]})
		}
		require.NoError(t, err)
		require.True(t, done)
		done, err = b.AnswerInbound(t.Context(), activities.AnswerInput{Source: "drop", File: got.Files[0]})
		require.NoError(t, err)
		require.True(t, done, "safe to repeat")
		kept, err := os.ReadFile(filepath.Join(at, "done", got.Files[0]))
		require.NoError(t, err)
		require.Equal(t, text, string(kept))
		result, err := os.ReadFile(filepath.Join(at, "done", got.Files[0]+".result.csv"))
		require.NoError(t, err)
		return string(result)
	}
	count := func() int {
		page, err := h.store.Inbounds(t.Context(), access.Scope{All: true}, store.InboundFilter{Source: "drop",
			State: store.InboundSubmitted})
		require.NoError(t, err)
		return len(page.Items)
	}
	const file = "no,party,what,amount\nF-1,SUP002,Design,100.50\n=F-2,SUP999,Design,1\nF-1,SUP002,Print,9\n"
	first := play("orders.csv", file)
	lines := strings.Split(strings.TrimSpace(first), "\r\n")
	require.Len(t, lines, 3)
	assert.Equal(t, "\xef\xbb\xbf行号,来源编号,状态,单据编号,原因", lines[0])
	assert.Regexp(t, `^2,F-1,已提交,PAY-[0-9]{4}-[0-9]+,$`, lines[1])
	assert.Regexp(t, `^3,'=F-2,已拒收,,.*SUP999`, lines[2])
	require.Equal(t, 1, count())
	assert.Equal(t, first, play("orders.csv", file), "the same again is the same, under a name of its own")
	require.Equal(t, 1, count())
	assert.Contains(t, play("other.csv", strings.Replace(file, "100.50", "100.51", 1)), "PAY-")
	require.Equal(t, 1, count(), "a document never changes behind its approvers")
	assert.Contains(t, play("no.xlsx", "this is no workbook"), "无法读取")
	for _, path := range []string{"drop.part", "empty.csv"} {
		require.NoError(t, os.WriteFile(filepath.Join(at, path), nil, 0o600))
	}
	got, err := b.TakeInbound(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, got.Files)

	require.NoError(t, os.RemoveAll(filepath.Join(at, "working")))
	got, err = b.TakeInbound(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "drop.unavailable", got.Code)
	readings, err := h.store.InboundReadings(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "drop.unavailable", readings["drop"].Code)
	assert.Equal(t, "openat: no such file or directory", readings["drop"].Detail, "nothing of where it is")
	assert.Equal(t, 1, readings["drop"].Files)
	assert.False(t, readings["drop"].TookAt.IsZero())
}
