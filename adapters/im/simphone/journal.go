package simphone

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"time"
)

// Entry is one request as the journal keeps it.
type Entry struct {
	At      time.Time `json:"at"`
	Sandbox string    `json:"sandbox"`
	Ref     string    `json:"ref"`
	Op      string    `json:"op"`
	Body    string    `json:"body_sha256"`
	Effect  string    `json:"effect"` // none, applied
	Reply   string    `json:"reply"`  // sent, dropped
	Fault   string    `json:"fault,omitempty"`
	Status  int       `json:"status,omitempty"`
}

// Journal is what was asked of a simulator; File keeps it through a crash.
type Journal struct {
	File *os.File // nil = in memory alone

	mutex   sync.Mutex
	entries []Entry
}

func (j *Journal) add(e Entry, body []byte) {
	sum := sha256.Sum256(body)
	e.Body = hex.EncodeToString(sum[:])
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.entries = append(j.entries, e)
	if j.File == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.File.Write(append(line, '\n'))
	}
	if err == nil {
		err = j.File.Sync()
	}
	if err != nil {
		panic("the journal cannot be written: " + err.Error())
	}
}

// Entries are those of one operation, "" for all.
func (j *Journal) Entries(op string) []Entry {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	got := []Entry{}
	for _, e := range j.entries {
		if op == "" || e.Op == op {
			got = append(got, e)
		}
	}
	return got
}

// showJournal handles GET /_sandbox/journal.
func (s *Server) showJournal(w http.ResponseWriter, r *http.Request) {
	send(w, JSON(http.StatusOK, s.Journal.Entries(r.URL.Query().Get("op"))))
}
