package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// exception is a Python exception of Frappe.
type exception struct {
	status  int
	class   string
	message string
}

// invalid is what frappe.throw raises.
func invalid(format string, args ...any) *exception {
	return &exception{http.StatusExpectationFailed, "ValidationError", fmt.Sprintf(format, args...)}
}

func (e exception) write(w http.ResponseWriter) {
	shown, _ := json.Marshal(map[string]any{"message": e.message, "title": "Message", "indicator": "red",
		"raise_exception": 1})
	messages, _ := json.Marshal([]string{string(shown)})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"exc_type": e.class,
		"exception": "frappe.exceptions." + e.class + ": " + e.message, "exc": `["Traceback (most recent call last): …"]`,
		"_server_messages": string(messages)})
}

const defaultPage = 20

// list answers a search.
func (s *Server) list(doctype string, q url.Values) (any, *exception) {
	var filters [][]any
	var fields []string
	if err := decode(cmp.Or(q.Get("filters"), "[]"), &filters); err != nil {
		return nil, invalid("Invalid filters: %v", err)
	}
	if err := decode(cmp.Or(q.Get("fields"), `["name"]`), &fields); err != nil {
		return nil, invalid("Invalid fields: %v", err)
	}
	for _, name := range fields {
		if !s.has(doctype, name) {
			return nil, &exception{http.StatusExpectationFailed, "DataError", "Field not permitted in query: " + name}
		}
	}
	for _, f := range filters {
		if len(f) != 3 || !s.has(doctype, fmt.Sprint(f[0])) {
			return nil, &exception{http.StatusExpectationFailed, "DataError", fmt.Sprintf("Field not permitted in query: %v", f)}
		}
	}
	var found []doc
	for _, d := range s.tables[doctype] {
		if matches(d, filters) {
			shown := doc{}
			for _, name := range fields {
				shown[name] = d[name]
			}
			found = append(found, shown)
		}
	}
	if q.Get("order_by") == "name asc" {
		slices.SortFunc(found, func(a, b doc) int { return cmp.Compare(a["name"].(string), b["name"].(string)) })
	}
	start, _ := strconv.Atoi(q.Get("limit_start"))
	limit, err := strconv.Atoi(q.Get("limit_page_length"))
	if err != nil {
		limit = defaultPage
	}
	found = found[min(start, len(found)):]
	return append([]doc{}, found[:min(limit, len(found))]...), nil
}

// has says whether a DocType has a field, as far as this simulator knows it.
func (s *Server) has(doctype, name string) bool {
	if doctype == "Journal Entry" {
		return name == "custom_external_ref" && !s.options.NoField ||
			slices.Contains([]string{"name", "company", "posting_date", "docstatus", "voucher_type"}, name)
	}
	if len(s.tables[doctype]) == 0 {
		return true
	}
	_, ok := s.tables[doctype][0][name]
	return ok
}

func matches(d doc, filters [][]any) bool {
	for _, f := range filters {
		have, want := fmt.Sprint(d[fmt.Sprint(f[0])]), fmt.Sprint(f[2])
		ok := false
		switch f[1] {
		case "=":
			ok = have == want
		case "like":
			ok = strings.HasPrefix(have, strings.TrimSuffix(want, "%"))
		case ">":
			ok = have > want
		case ">=":
			ok = have >= want
		case "<=":
			ok = have <= want
		}
		if !ok {
			return false
		}
	}
	return true
}

func decode(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// float is a Python float, as json.dumps writes it.
type float float64

// MarshalJSON writes it.
func (f float) MarshalJSON() ([]byte, error) {
	format := byte('f')
	if a := math.Abs(float64(f)); a >= 1e16 || a > 0 && a < 1e-4 {
		format = 'e'
	}
	text := strconv.FormatFloat(float64(f), format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}

// flt reads a number and rounds it to the currency, as frappe's flt does.
func flt(v any) float {
	n, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
	return float(math.Round(n*100) / 100)
}
