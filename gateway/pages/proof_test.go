package pages_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/command"
	"github.com/countersign/countersign/domain/proof"
)

// audited runs `countersign audit verify` on a file, as somebody far from here would.
func audited(t *testing.T, content string, more ...string) (said string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "proof")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	root, out := command.New(), &bytes.Buffer{}
	root.SetOut(out)
	root.SetErr(out)
	root.SetArgs(append([]string{"audit", "verify", "--bundle", file}, more...))
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

// TestTheProofStandsAlone: what is downloaded of a document with a long story is
// verified without the house; an auditor gets the contents and the files, others the
// hashes; whoever may not read the document gets nothing.
func TestTheProofStandsAlone(t *testing.T) {
	h := newHouse(t)
	h.engine.allow = []string{"sanction", "transfer", "hold", "consult", "add_signer", "retract"}
	values := expense("k1", "2000.00")
	at := h.upload("lin", "/new/expense", values, map[string][]byte{"upload=收据.txt": []byte("hello")}).to()
	h.decide("wang", at, "return", "mend it").to()
	again := expense("k2", "1900.00")
	again.Set("do", "resubmit")
	again["file"] = fileTokens(h.get("lin", at+"/edit").body)
	require.Equal(t, at, h.post("lin", at+"/edit", again).to())
	act := func(as, name string, more map[string]string) {
		form := h.get(as, at).is(http.StatusOK).form(at + "/decide")
		form.Set("act", name)
		for key, value := range more {
			form.Set(key, value)
		}
		require.Equal(t, at, h.post(as, at+"/decide", form).to())
	}
	act("wang", "consult", map[string]string{"to": "sun", "opinion": "ok?"})
	act("sun", "consult", map[string]string{"opinion": "ok"})
	form := h.get("wang", at).patchForm(at, "sanction")
	form.Set("amount:1", "1500")
	form.Set("opinion", "less")
	require.Equal(t, at, h.post("wang", at+"/decide", form).to())
	act("wang", "hold", map[string]string{"opinion": "原件"})
	require.Equal(t, at, h.post("wang", at+"/release", h.get("wang", at).form(at+"/release")).to())
	act("wang", "add_signer", map[string]string{"to": "emma", "where": "after", "opinion": "too"})
	h.decide("wang", at, "approve", "good <b>").to()
	h.decide("emma", at, "approve", "").to()
	act("zhao", "transfer", map[string]string{"to": "max", "opinion": "away"})
	h.decide("max", at, "reject", "no budget").to()

	h.get("audit", at).says(`id="proof"`, at+"/proof?form=zip")
	h.get("lin", at).says(h.word("page.proof.withheld", nil)).saysNot("form=zip")
	h.get("chen2", at+"/proof").is(http.StatusNotFound)

	whole := h.get("audit", at+"/proof").is(http.StatusOK).says(`"content":`)
	require.Contains(t, whole.header.Get("Content-Disposition"), "attachment")
	var b proof.Bundle
	require.NoError(t, json.Unmarshal([]byte(whole.body), &b))
	said, err := audited(t, whole.body, "--key", "test-1="+b.Keys["test-1"])
	require.NoError(t, err, said)
	require.Contains(t, said, "Rejected")
	require.Contains(t, said, proof.Word(b.Head.Hash))
	require.Contains(t, said, "(known)")

	archived := h.get("audit", at+"/proof?form=zip").is(http.StatusOK)
	said, err = audited(t, archived.body)
	require.NoError(t, err, said)
	require.Contains(t, said, "收据.txt")
	require.Contains(t, said, "1 file:")

	bare := h.get("lin", at+"/proof").is(http.StatusOK).saysNot(`"content":`)
	said, err = audited(t, bare.body)
	require.NoError(t, err, said)
	require.Contains(t, said, "withheld")

	for _, lie := range [][2]string{{"no budget", "no budgets"}, {`"reject"`, `"approve"`}, {"190000", "190001"}, {"mend it", "mend"}} {
		said, err = audited(t, strings.Replace(whole.body, lie[0], lie[1], 1))
		require.Error(t, err, "%s: %s", lie[1], said)
	}
	said, err = audited(t, strings.Replace(whole.body, "mend it", "mend", 1), "--lang", "zh-CN")
	require.ErrorContains(t, err, "证明前后不符")
	require.Contains(t, said, "第 6 个事件：事件在记录后被改动（evidence.wrong_hash）")
	_, err = audited(t, strings.Replace(archived.body, "hello", "hallo", 1))
	require.Error(t, err)
	_, err = audited(t, whole.body, "--key", "test-1=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	require.Error(t, err)
}

// fileTokens are the files that a form keeps.
func fileTokens(body string) []string {
	var tokens []string
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		if m[1] == "file" {
			tokens = append(tokens, m[2])
		}
	}
	return tokens
}
