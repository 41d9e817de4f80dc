// Package sim is a small Odoo for tests: the wire format, the sign-in, the
// errors and the accounting rules that a voucher meets, and no more.
//
// Written from the facts in documentation and source, not from the adapter, of
// which it imports nothing. No real Odoo has answered here yet.
//
// Read in Odoo's documentation or source:
//   - JSON-2: POST /json/2/<model>/<method>, bearer key, X-Odoo-Database, named
//     arguments only, ids refused for methods of the model (422), unknown model
//     or method 404, the bare result with 200, an exception as
//     {name, message, arguments, context, debug} with the status of its class
//     (UserError 422, AccessError 403, a bad key 401).
//   - JSON-RPC: /jsonrpc, services common and object, always HTTP 200; an error
//     as {code, message, data{name, message, …}}; no key "result" at all where
//     a method returns None; create looks at its first positional argument.
//   - An entry that does not balance is refused when it is created; a posted one
//     cannot be posted again; one on a locked date is, when posted, moved to the
//     first open day without a word (version 14 and later; a UserError before).
//   - ref is not unique. Empty fields are false. Numbers are Python floats.
//   - The version at GET /web/version, from 19 on here.
//
// From general knowledge, not checked against a server: the exact words of most
// refusals; which version renamed which field (account_type from 16, company_ids
// and hard_lock_date from 18, analytic_distribution from 16); that a draft is
// called "/"; that unlink refuses an entry that was ever posted.
package sim

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are how the simulator is set up; a zero value is a default.
type Options struct {
	Version  int    // 19; JSON-2 from 19 on
	Database string // demo
	User     string // countersign
	Key      string // sim-key
	Locked   string // books are locked up to this day, YYYY-MM-DD; "" = open
	Now      func() time.Time
}

// Server answers as one Odoo database with one company.
type Server struct {
	options Options
	mux     *http.ServeMux

	mutex  sync.Mutex
	tables map[string][]record
	serial map[string]int64 // last id by model
	named  map[string]int   // last number by journal and month
	broken map[string]exception
}

// New sets up the demo company: accounts 6602, 1002 and payable 2202, the
// contact lin, journals EXP and MISC, CNY and EUR, the analytic account CC-SALES.
func New(o Options) *Server {
	if o.Version == 0 {
		o.Version = 19
	}
	defaulted(&o.Database, "demo")
	defaulted(&o.User, "countersign")
	defaulted(&o.Key, "sim-key")
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, mux: http.NewServeMux(), tables: map[string][]record{}, serial: map[string]int64{},
		named: map[string]int{}, broken: map[string]exception{}}
	s.demo()
	s.mux.HandleFunc("POST /jsonrpc", s.jsonrpc)
	if o.Version >= json2Since {
		s.mux.HandleFunc("GET /web/version", s.version)
		s.mux.HandleFunc("POST /json/2/{model}/{method}", s.json2)
	}
	return s
}

// json2Since is the first version that speaks JSON-2.
const json2Since = 19

func defaulted(value *string, otherwise string) {
	if *value == "" {
		*value = otherwise
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Counted says how many drafts and posted entries carry a ref, past the wire.
func (s *Server) Counted(ref string) (drafts, posted int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, m := range s.tables["account.move"] {
		switch {
		case m["ref"] != ref:
		case m["state"] == "posted":
			posted++
		case m["state"] == "draft":
			drafts++
		}
	}
	return drafts, posted
}

// Lock locks the books up to a day.
func (s *Server) Lock(day string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.options.Locked = day
	s.tables["res.company"][0][s.lockField()] = orFalse(day)
}

// FailNext makes the next call of a method raise an exception of a class, such
// as psycopg2.errors.SerializationFailure, before it does anything.
func (s *Server) FailNext(method, class, message string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.broken[method] = exception{Name: class, Message: message}
}

func orFalse(text string) any {
	if text == "" {
		return false
	}
	return text
}

// Spread counts the lines that an analytic account's code was given to, and those
// that only name it in their text.
func (s *Server) Spread(code string) (spread, named int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, l := range s.tables["account.move.line"] {
		if over, ok := l["analytic_distribution"].(map[string]any); ok {
			for id := range over {
				if s.byText("account.analytic.account", id)["code"] == code {
					spread++
				}
			}
		}
		if text, ok := l["name"].(string); ok && strings.Contains(text, "["+code+"]") {
			named++
		}
	}
	return spread, named
}

func (s *Server) byText(model, id string) record { return s.byID(model, json.Number(id)) }
