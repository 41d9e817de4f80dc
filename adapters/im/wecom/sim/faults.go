package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// FaultKind is one way to go wrong.
type FaultKind string

// The ways to go wrong.
const (
	DropReply FaultKind = "drop"    // it is done, and nobody is told
	Before500 FaultKind = "500"     // nothing is done
	Limited   FaultKind = "limited" // 45009
)

// Fault is what goes wrong with one call.
type Fault struct {
	Kind  FaultKind     `json:"kind"`
	Delay time.Duration `json:"delay"` // nanoseconds, before anything
}

// Plan makes the next calls of an operation go wrong: send, update, departments,
// members, sign_in.
func (s *Server) Plan(op string, faults ...Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.faults[op] = append(s.faults[op], faults...)
}

func (s *Server) planned(op string) Fault {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	waiting := s.faults[op]
	if len(waiting) == 0 {
		return Fault{}
	}
	s.faults[op] = waiting[1:]
	return waiting[0]
}

func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var in map[string][]Fault
	if err := json.NewDecoder(io.LimitReader(r.Body, bodyMax)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for op, faults := range in {
		s.Plan(op, faults...)
	}
	w.WriteHeader(http.StatusNoContent)
}

// journal writes what happened, one JSON line a time, and every line to the disk
// before anybody is answered.
type journal struct {
	mutex sync.Mutex
	file  *os.File // nil = nothing is written
	now   func() time.Time
}

type line struct {
	At      time.Time `json:"at"`
	Sandbox string    `json:"sandbox"`
	Op      string    `json:"op"`
	Body    string    `json:"body_sha256"`
	Effect  string    `json:"effect"`
	Fault   string    `json:"fault,omitempty"`
}

func openJournal(path string, now func() time.Time) (*journal, error) {
	if path == "" {
		return &journal{now: now}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &journal{file: file, now: now}, err
}

func (j *journal) note(op string, body []byte, effect, fault string) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.file == nil {
		return
	}
	sum := sha256.Sum256(body)
	text, err := json.Marshal(line{j.now().UTC(), "wecom", op, hex.EncodeToString(sum[:]), effect, fault})
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		panic(err) // a journal with a gap proves nothing
	}
}

func (j *journal) close() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.file != nil {
		_ = j.file.Close() // every line is on the disk
		j.file = nil
	}
}
