package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// listMax is how many vouchers one page of a list has.
const listMax = 100

// listed answers with the vouchers dated in a range whose reference has a prefix,
// as they were written, and with where the next page begins.
func (s *Server) listed(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.books.mutex.RLock()
	found, next := s.books.between(query)
	n := s.logs.newest()
	s.books.mutex.RUnlock()
	f := s.faults.pick("list", "")
	s.show(w, f, n, map[string]any{"vouchers": found, "next": next})
}

// between finds the vouchers of a range, a page of them, after the one whose id is the cursor.
func (b *books) between(query url.Values) (found []Voucher, next string) {
	from, until, after := query.Get("from"), query.Get("until"), query.Get("cursor")
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > listMax {
		limit = listMax
	}
	found = []Voucher{}
	for _, id := range b.order {
		v := b.vouchers[id]
		if id <= after || v.Date < from || v.Date > until || v.State == "deleted" ||
			!strings.HasPrefix(v.ExternalRef, query.Get("prefix")) {
			continue
		}
		if len(found) == limit {
			return found, found[limit-1].ID
		}
		found = append(found, *v)
	}
	return found, ""
}

// tamper changes a voucher past all rules, as somebody with the database open would:
// its date, its state (draft, posted, cancelled, deleted) or its lines.
func (s *Server) tamper(id string, body []byte) (Voucher, *refusal) {
	v, ok := s.books.vouchers[id]
	if !ok {
		return Voucher{}, refuse(404, "not_found", "no voucher %s", id)
	}
	var change struct {
		Date, State string
		Lines       []Line
	}
	if err := json.Unmarshal(body, &change); err != nil {
		return *v, refuse(400, "bad_json", "%v", err)
	}
	changed := *v
	if change.Date != "" {
		changed.Date = change.Date
	}
	if change.State != "" {
		changed.State = change.State
	}
	if change.Lines != nil {
		changed.Lines = change.Lines
	}
	s.books.put(changed)
	return changed, nil
}
