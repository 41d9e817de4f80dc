package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Entry is one line of the journal: what was asked, and what really became of it.
type Entry struct {
	N          int64  `json:"n"`
	At         string `json:"at"`
	Sandbox    string `json:"sandbox"` // erp
	Ref        string `json:"ref"`
	Op         string `json:"op"` // create, post, reverse, discard, find
	BodySHA256 string `json:"body_sha256"`
	Effect     string `json:"effect"` // none or applied
	Reply      string `json:"reply"`  // sent or dropped
	Fault      string `json:"fault"`
	Voucher    string `json:"voucher,omitempty"` // id in these books
}

// record is one line of the data log: the voucher as it is from now on, and the
// journal entry that belongs to it.
type record struct {
	Entry   Entry   `json:"entry"`
	Voucher Voucher `json:"voucher"`
}

const lineMax = 4 << 20

// logs are two append-only files. Lines that come while the disk is busy are
// synced together; nobody is answered before their line is on the disk.
type logs struct {
	mutex   sync.Mutex
	synced  *sync.Cond
	data    *os.File
	journal *os.File

	dataLines, journalLines []byte
	last                    int64 // number of the newest line
	durable                 int64 // newest line on the disk
	syncing                 bool
	broken                  error
}

// openLogs reads both files, hands every voucher to restore, and writes journal
// lines that a crash kept from being written. A torn last line was never
// acknowledged and is cut off.
func openLogs(dir string, restore func(Voucher)) (*logs, error) {
	l := &logs{}
	l.synced = sync.NewCond(&l.mutex)
	var err error
	var journaled int64
	l.journal, err = openLines(filepath.Join(dir, "journal.jsonl"), func(line []byte) error {
		var e Entry
		err := json.Unmarshal(line, &e)
		journaled = max(journaled, e.N)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.data, err = openLines(filepath.Join(dir, "vouchers.jsonl"), func(line []byte) error {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		restore(r.Voucher)
		l.last = max(l.last, r.Entry.N)
		if r.Entry.N > journaled {
			r.Entry.Reply, r.Entry.Fault = "dropped", "crash"
			l.journalLines = appendLine(l.journalLines, r.Entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.last = max(l.last, journaled)
	l.durable = l.last
	return l, l.flush(nil, l.journalLines)
}

// openLines reads the whole lines of a file and leaves it ready to append.
func openLines(path string, each func(line []byte) error) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sandbox erp: %w", err)
	}
	reader, whole := bufio.NewReaderSize(file, lineMax), int64(0)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = each(bytes.TrimSpace(line))
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox erp: %s at byte %d: %w", path, whole, err)
		}
		whole += int64(len(line))
	}
	if err := file.Truncate(whole); err != nil {
		return nil, fmt.Errorf("sandbox erp: %w", err)
	}
	if _, err := file.Seek(whole, io.SeekStart); err != nil {
		return nil, fmt.Errorf("sandbox erp: %w", err)
	}
	return file, nil
}

func appendLine(to []byte, v any) []byte {
	line, _ := json.Marshal(v)
	return append(append(to, line...), '\n')
}

// add queues an entry, with its voucher where something was written, and
// returns its number. Call it while holding the lock of the books, so that the
// order of the log is the order of the books.
func (l *logs) add(e Entry, v *Voucher) int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.last++
	e.N = l.last
	if v != nil {
		l.dataLines = appendLine(l.dataLines, record{e, *v})
	}
	l.journalLines = appendLine(l.journalLines, e)
	return l.last
}

// newest is the number of the newest line, on the disk or not.
func (l *logs) newest() int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.last
}

// wait returns once line n is on the disk. The first to come does the work for
// all who are waiting.
func (l *logs) wait(n int64) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for l.durable < n && l.broken == nil {
		if l.syncing {
			l.synced.Wait()
			continue
		}
		l.syncing = true
		data, journal, last := l.dataLines, l.journalLines, l.last
		l.dataLines, l.journalLines = nil, nil
		l.mutex.Unlock()
		err := l.flush(data, journal)
		l.mutex.Lock()
		l.syncing, l.broken = false, err
		if err == nil {
			l.durable = last
		}
		l.synced.Broadcast()
	}
	return l.broken
}

// flush writes the data first: a journal line that is missing can be made from it.
func (l *logs) flush(data, journal []byte) error {
	for _, part := range []struct {
		file *os.File
		text []byte
	}{{l.data, data}, {l.journal, journal}} {
		if len(part.text) == 0 {
			continue
		}
		if _, err := part.file.Write(part.text); err != nil {
			return fmt.Errorf("sandbox erp: %w", err)
		}
		if err := part.file.Sync(); err != nil {
			return fmt.Errorf("sandbox erp: %w", err)
		}
	}
	return nil
}

func (l *logs) close() error {
	err := l.wait(l.newest())
	return errors.Join(err, l.data.Close(), l.journal.Close())
}
