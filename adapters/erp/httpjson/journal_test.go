package httpjson_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/httpjson"
)

// entry is what this test needs of a line of the sandbox's journal.
type entry struct {
	Ref, Op, Effect, Reply, Fault string
}

func journal(t testing.TB, url string) []entry {
	answer, err := http.Get(url + "/_sandbox/journal")
	require.NoError(t, err)
	defer answer.Body.Close()
	var all []entry
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var e entry
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		all = append(all, e)
	}
	require.NoError(t, lines.Err())
	return all
}

func parse(yaml string) (*httpjson.Mapping, error) { return httpjson.ParseMapping([]byte(yaml)) }
