package simphone

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
)

// Fault is something that goes wrong on purpose, see Kinds.
type Fault struct {
	Kind    string `json:"kind"`
	Op      string `json:"op,omitempty"`       // the operation; "" = any
	Count   int    `json:"count,omitempty"`    // so many times; 0 = until the faults are set again
	DelayMS int    `json:"delay_ms,omitempty"` // of delay
}

// Kinds are the faults there are, and what each does.
var Kinds = map[string]string{
	"delay":        "answer after delay_ms",
	"error-before": "500, nothing done",
	"error-after":  "500, done",
	"drop-before":  "close the connection, nothing done",
	"drop-after":   "done, close the connection without an answer",
	"reset":        "done, reset the connection",
	"garbage":      "done, answer nonsense with 200",
	"rate-limit":   "the platform's words for too often, nothing done",
}

func (f Fault) keepsOut() bool {
	return f.Kind == "error-before" || f.Kind == "drop-before" || f.Kind == "rate-limit"
}

func (f Fault) spoils() bool {
	return f.Kind == "error-after" || f.Kind == "drop-after" || f.Kind == "reset" || f.Kind == "garbage"
}

// Faults are those in force; the first that matches is used.
type Faults struct {
	mutex sync.Mutex
	list  []Fault
}

// Set puts faults in force in place of those there were.
func (f *Faults) Set(faults ...Fault) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.list = append([]Fault{}, faults...)
}

func (f *Faults) pick(op string) Fault {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for i, fault := range f.list {
		if fault.Op != "" && fault.Op != op {
			continue
		}
		if fault.Count > 0 {
			if f.list[i].Count--; f.list[i].Count == 0 {
				f.list = append(f.list[:i:i], f.list[i+1:]...)
			}
		}
		return fault
	}
	return Fault{}
}

// fail answers as a fault says, or not at all.
func (s *Server) fail(w http.ResponseWriter, f Fault) {
	switch f.Kind {
	case "rate-limit":
		send(w, s.TooMany())
	case "error-before", "error-after":
		http.Error(w, "on purpose", http.StatusInternalServerError)
	case "garbage":
		send(w, Answer{Status: http.StatusOK, Body: []byte("<html>on purpose")})
	default:
		cut(w, f.Kind == "reset")
	}
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// setFaults handles POST /_sandbox/faults: {"faults":[{"kind":"drop-after","op":"send","count":1}]}.
func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var in struct{ Faults []Fault }
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyMax))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, f := range in.Faults {
		if Kinds[f.Kind] == "" {
			http.Error(w, "no such fault: "+f.Kind, http.StatusBadRequest)
			return
		}
	}
	s.Faults.Set(in.Faults...)
	w.WriteHeader(http.StatusNoContent)
}
