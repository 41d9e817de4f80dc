package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

const bodyMax = 4 << 20

func (s *Server) routes() {
	s.mux.HandleFunc("POST /api/vouchers", s.write("create", s.create))
	s.mux.HandleFunc("POST /api/vouchers/{id}/post", s.write("post", func(id string, _ []byte) (Voucher, *refusal) {
		return s.books.post(id)
	}))
	s.mux.HandleFunc("POST /api/vouchers/{id}/reverse", s.write("reverse", s.reverse))
	s.mux.HandleFunc("DELETE /api/vouchers/{id}", s.write("discard", func(id string, _ []byte) (Voucher, *refusal) {
		return s.books.remove(id)
	}))
	s.mux.HandleFunc("GET /api/vouchers", s.find)
	s.mux.HandleFunc("GET /api/vouchers/{id}", s.one)
	s.mux.HandleFunc("GET /api/{list}", s.master)
	s.mux.HandleFunc("POST /_sandbox/faults", s.setFaults)
	s.mux.HandleFunc("POST /_sandbox/vouchers/{id}", s.write("tamper", s.tamper))
	s.mux.HandleFunc("POST /_sandbox/accounts", s.tamperMaster(func(b *books, body []byte) error {
		var a Account
		err := json.Unmarshal(body, &a)
		b.accounts[a.Code] = a
		return err
	}))
	s.mux.HandleFunc("POST /_sandbox/rates", s.tamperMaster(func(b *books, body []byte) error {
		var r Rate
		err := json.Unmarshal(body, &r)
		b.rates = append(slices.DeleteFunc(b.rates, func(o Rate) bool { return o.Of == r.Of && o.Date == r.Date }), r)
		return err
	}))
	s.mux.HandleFunc("GET /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"faults": s.faults.list(), "kinds": Kinds})
	})
	s.mux.HandleFunc("GET /_sandbox/journal", s.journal)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	s.mux.HandleFunc("GET /{$}", s.page)
}

func (s *Server) create(_ string, body []byte) (Voucher, *refusal) {
	var v Voucher
	if err := json.Unmarshal(body, &v); err != nil {
		return v, refuse(400, "bad_json", "%v", err)
	}
	v.Reverses = ""
	return s.books.create(v)
}

func (s *Server) reverse(id string, body []byte) (Voucher, *refusal) {
	var v Voucher
	if err := json.Unmarshal(body, &v); err != nil {
		return v, refuse(400, "bad_json", "%v", err)
	}
	return s.books.reverse(id, v.ExternalRef, v.Date)
}

// change is what one kind of request does to the books; it holds their lock.
type change func(id string, body []byte) (Voucher, *refusal)

// write carries out what changes the books: under their lock, with the log
// line queued in the same order, and answered only when that is on the disk.
func (s *Server) write(op string, do change) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
		if err != nil || !s.allowed(w, r) {
			return
		}
		f := s.faults.pick(op, s.referenceOf(r.PathValue("id"), body))
		time.Sleep(f.delay())
		sum := sha256.Sum256(body)
		e := Entry{Sandbox: "erp", Op: op, BodySHA256: hex.EncodeToString(sum[:]), Effect: "none", Reply: "sent",
			Fault: f.Kind}
		if f.dropsReply() {
			e.Reply = "dropped"
		}
		v, no, n := s.apply(&e, f, r.PathValue("id"), body, do)
		if err := s.logs.wait(n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if no != nil && !f.dropsReply() {
			no.answer(w)
			return
		}
		status := http.StatusOK
		if op == "create" || op == "reverse" {
			status = http.StatusCreated
		}
		reply(w, f, status, map[string]any{"voucher": v})
	}
}

// apply changes the books, unless the fault keeps the request out.
func (s *Server) apply(e *Entry, f Fault, id string, body []byte, do change) (Voucher, *refusal, int64) {
	s.books.mutex.Lock()
	defer s.books.mutex.Unlock()
	e.At = s.options.Now().UTC().Format(time.RFC3339Nano)
	e.Ref = s.reference(id, body)
	if f.keepsOut() {
		return Voucher{}, keptOut(f), s.logs.add(*e, nil)
	}
	v, no := do(id, body)
	if no != nil {
		return v, no, s.logs.add(*e, nil)
	}
	e.Effect, e.Voucher = "applied", v.ID
	return v, nil, s.logs.add(*e, &v)
}

func keptOut(f Fault) *refusal {
	switch f.Kind {
	case "rate-limit":
		return &refusal{status: http.StatusTooManyRequests, after: f.RetryAfter, Code: "rate_limited",
			Message: "ask again later"}
	case "unavailable":
		return &refusal{status: http.StatusServiceUnavailable, after: f.RetryAfter, Code: "unavailable",
			Message: "closed for now"}
	case "closed-period":
		return refuse(http.StatusUnprocessableEntity, "closed_period", "the period is closed")
	}
	return refuse(http.StatusInternalServerError, "injected", "%s", f.Kind)
}

// referenceOf is reference for callers without the lock.
func (s *Server) referenceOf(id string, body []byte) string {
	s.books.mutex.RLock()
	defer s.books.mutex.RUnlock()
	return s.reference(id, body)
}

// reference finds out whose request this is, for faults and journal: of the
// voucher in the path, or else of the body.
func (s *Server) reference(id string, body []byte) string {
	var b struct {
		ExternalRef string `json:"external_ref"`
	}
	_ = json.Unmarshal(body, &b)
	if v, ok := s.books.vouchers[id]; ok && b.ExternalRef == "" {
		return v.ExternalRef
	}
	return b.ExternalRef
}

func (s *Server) find(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	if r.URL.Query().Has("from") {
		s.listed(w, r)
		return
	}
	reference := r.URL.Query().Get("external_ref")
	f := s.faults.pick("find", reference)
	var hidden time.Duration
	if f.Kind == "not-found" {
		hidden = f.delay()
	} else {
		time.Sleep(f.delay())
	}
	s.books.mutex.RLock()
	found, n := s.books.find(reference, hidden), s.logs.newest()
	s.books.mutex.RUnlock()
	s.show(w, f, n, map[string]any{"vouchers": found})
}

func (s *Server) one(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	s.books.mutex.RLock()
	v, ok := s.books.vouchers[r.PathValue("id")]
	n := s.logs.newest()
	s.books.mutex.RUnlock()
	if !ok || v.State == "deleted" {
		no := refuse(http.StatusNotFound, "not_found", "no voucher %s", r.PathValue("id"))
		no.answer(w)
		return
	}
	s.show(w, s.faults.pick("read", v.ExternalRef), n, map[string]any{"voucher": *v})
}

// show answers a question once all that it tells is on the disk.
func (s *Server) show(w http.ResponseWriter, f Fault, n int64, v any) {
	if err := s.logs.wait(n); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if f.keepsOut() && !f.dropsReply() {
		no := keptOut(f)
		no.answer(w)
		return
	}
	reply(w, f, http.StatusOK, v)
}

// master answers with one list of master data.
func (s *Server) master(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r) {
		return
	}
	b := s.books
	b.mutex.RLock()
	lists := map[string]any{
		"accounts": sortedValues(b.accounts), "parties": sortedValues(b.parties), "periods": b.periods,
		"currencies": currencies, "cost-centers": costCenters, "employees": b.employees(), "departments": departments,
		"projects": projects, "rates": slices.Clone(b.rates),
	}
	b.mutex.RUnlock()
	list, ok := lists[r.PathValue("list")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	answer(w, http.StatusOK, map[string]any{"items": list})
}

// tamperMaster changes master data by hand, until the sandbox is started anew.
func (s *Server) tamperMaster(change func(*books, []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
		if err == nil {
			s.books.mutex.Lock()
			err = change(s.books, body)
			s.books.mutex.Unlock()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
}

func sortedValues[V any](m map[string]V) []V {
	values := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		values = append(values, m[key])
	}
	return values
}

func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyMax)).Decode(&faults); err != nil {
		http.Error(w, "a JSON list of faults: "+err.Error(), http.StatusBadRequest)
		return
	}
	for _, f := range faults {
		if _, known := Kinds[f.Kind]; !known {
			http.Error(w, "no fault is called "+f.Kind, http.StatusBadRequest)
			return
		}
	}
	s.faults.set(faults)
	answer(w, http.StatusOK, map[string]any{"faults": s.faults.list()})
}

func (s *Server) journal(w http.ResponseWriter, r *http.Request) {
	if err := s.logs.wait(s.logs.newest()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	file, err := os.Open(s.logs.journal.Name())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = file.Close() }()
	w.Header().Set("Content-Type", "application/jsonl")
	_, _ = io.Copy(w, file)
}

// allowed checks the bearer token.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request) bool {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.options.Token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.options.Token)) == 1 {
		return true
	}
	no := refuse(http.StatusUnauthorized, "unauthorized", "a bearer token is needed")
	no.answer(w)
	return false
}

// answer says no.
func (no *refusal) answer(w http.ResponseWriter) {
	if no.after != "" {
		w.Header().Set("Retry-After", no.after)
	}
	answer(w, no.status, map[string]any{"error": no})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// reply answers, or fails to, as the fault says.
func reply(w http.ResponseWriter, f Fault, status int, v any) {
	switch f.Kind {
	case "error-before", "error-after":
		http.Error(w, "injected", http.StatusInternalServerError)
	case "garbage":
		_, _ = w.Write([]byte("\x00<html>nonsense"))
	case "drop-before", "drop-after", "reset":
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := connection.(*net.TCPConn); ok && f.Kind == "reset" {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	default:
		answer(w, status, v)
	}
}
