package invariants

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/evidence"
)

func TestTheCanonicalFormIsThatOfTheStandard(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"order by UTF-16", `{"€":"e","\r":1,"\ufb33":2,"1":[],"😀":{},"\u0080":null,"ö":true}`,
			`{"\r":1,"1":[],"` + "\u0080" + `":null,"ö":true,"€":"e","😀":{},"` + "\ufb33" + `":2}`},
		{"shortest escapes", `"\u0007\b\u001F\u003c\/\"\\é"`, `"\u0007\b\u001f</\"\\é"`},
		{"white space", " [ 1 , -2 ] ", "[1,-2]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := canonical([]byte(tt.text))
			require.NoError(t, err)
			require.Equal(t, tt.want, string(out))
			require.True(t, isCanonical(tt.want))
		})
	}
	for _, text := range []string{"1.5", "1e3", "-0", "{} {}", "{", ""} {
		_, err := canonical([]byte(text))
		require.Error(t, err, text)
	}
}

// TestBothCanonicalFormsAgree holds our second writing against the product's.
func TestBothCanonicalFormsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.MapOf(rapid.String(), rapid.OneOf(
			rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
			rapid.Custom(func(t *rapid.T) any { return rapid.Int64().Draw(t, "number") }),
			rapid.Custom(func(t *rapid.T) any { return rapid.SliceOf(rapid.Bool()).Draw(t, "list") }),
		)).Draw(t, "object")
		want, err := evidence.Canonical(members)
		if err != nil {
			t.Skip() // not UTF-8
		}
		got, err := canonical(want)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

func TestATornLastLineIsPassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("{\"ref\":\"a\",\"op\":\"post\",\"effect\":\"applied\"}\n{\"ref\":\"b"), 0o600))
	booked, err := readJournals([]string{path})
	require.NoError(t, err)
	require.Len(t, booked, 1)
	require.NoError(t, os.WriteFile(path, []byte("{\"ref\":\n{}\n"), 0o600))
	_, err = readJournals([]string{path})
	require.ErrorContains(t, err, "line 1")
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := readHistories([]string{missing})
	require.Error(t, err)
	_, err = Check(t.Context(), Input{DatabaseURL: "postgres://127.0.0.1:1/none?sslmode=disable&connect_timeout=1"})
	require.Error(t, err)
	_, err = Check(t.Context(), Input{Journals: []string{missing}})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAccountsOfOneHumanAreJoinedThroughOthers(t *testing.T) {
	p := &people{humans: map[string]string{}}
	p.join("c", "d")
	p.join("a", "b")
	p.join("d", "b")
	for _, account := range []string{"a", "b", "c", "d"} {
		require.Equal(t, "a", p.humanOf(account))
	}
	require.Equal(t, "e", p.humanOf("e"))
	require.Equal(t, "x", (*people)(nil).humanOf("x"))
}
