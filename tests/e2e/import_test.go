package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// batch is how far an import is.
type batch struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Total   int    `json:"total"`
	Done    int    `json:"done"`
	Failed  int    `json:"failed"`
	Refused []struct {
		Row    int    `json:"row"`
		Code   string `json:"code"`
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"refused"`
}

// rows writes an import of so many documents; every twentieth is refused, in
// one of four ways.
func rows(run string, n int) []byte {
	var text bytes.Buffer
	for i := 1; i <= n; i++ {
		amount := "1200.00"
		if i%10 == 1 {
			amount = "12.00"
		}
		row := map[string]any{"key": fmt.Sprintf("%s-%d", run, i), "type": "expense", "title": fmt.Sprintf("导入 %s %d", run, i),
			"requester": "lin", "lines": []map[string]any{{"category": "meals", "date": "2026-11-02",
				"amount": walk.Money{Amount: amount, Currency: "CNY"}}}}
		switch i % 80 {
		case 20:
			row["lines"].([]map[string]any)[0]["category"] = "yacht"
		case 40:
			row["approver"] = "lin"
		case 60:
			row["lines"].([]map[string]any)[0]["amount"] = walk.Money{Amount: "1.005", Currency: "CNY"}
		}
		line, _ := json.Marshal(row) // strings and maps always can be written
		if i%80 == 0 {
			line = []byte("{ this is no JSON")
		}
		text.Write(append(line, '\n'))
	}
	return text.Bytes()
}

func (s *scene) bring(person, key string, lines []byte) (batch, int) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.house.URL+"/api/v1/imports", bytes.NewReader(lines))
	require.NoError(s, err)
	client := s.as(person)
	request.Header.Set("Authorization", "Bearer "+client.Token)
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Idempotency-Key", key)
	response, err := client.HTTP.Do(request)
	require.NoError(s, err)
	defer func() { _ = response.Body.Close() }()
	var b batch
	require.NoError(s, json.NewDecoder(response.Body).Decode(&b))
	return b, response.StatusCode
}

func (s *scene) worked(person, id string) batch {
	s.Helper()
	for seen := 0; ; {
		var b batch
		_, err := s.as(person).Call(s.ctx, http.MethodGet, "/imports/"+id, "", nil, &b)
		require.NoError(s, err)
		require.GreaterOrEqual(s, b.Done+b.Failed, seen, "an import never goes back")
		if seen = b.Done + b.Failed; b.State == "done" {
			require.Equal(s, b.Total, seen)
			return b
		}
		time.Sleep(look)
	}
}

func (s *scene) imported() {
	const n = 200
	key, lines := s.key(), rows("a", n)
	first, status := s.bring("wang", key, lines)
	require.Equal(s, http.StatusAccepted, status)
	again, _ := s.bring("wang", key, lines)
	require.Equal(s, first.ID, again.ID, "the same key is the same import")
	done := s.worked("wang", first.ID)
	require.Equal(s, n, done.Total)
	require.Equal(s, n/20, done.Failed)
	require.Len(s, done.Refused, n/20)
	codes := map[string]string{}
	for _, r := range done.Refused {
		require.Zero(s, r.Row%20, "the row's number is the number of its line")
		require.NotEmpty(s, r.Detail)
		codes[r.Code] = r.Field
	}
	require.Equal(s, map[string]string{"line.unknown_category": "lines[0].category", "request.unknown_property": "approver",
		"money.too_many_decimals": "lines[0].amount.amount", "import.bad_row": ""}, codes)

	repeated, _ := s.bring("wang", s.key(), lines) // another request, the same keys of rows
	require.NotEqual(s, first.ID, repeated.ID)
	require.Equal(s, n-n/20, s.worked("wang", repeated.ID).Done)
	require.Equal(s, n-n/20, s.count(`SELECT count(*) FROM documents WHERE title LIKE '导入 a %'`), "no row twice")
	_, status = s.bring("lin", s.key(), lines)
	require.Equal(s, http.StatusForbidden, status)
}
