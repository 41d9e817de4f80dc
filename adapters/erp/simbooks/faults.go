package simbooks

import "sync"

// Faults are what a test wants to go wrong inside an ERP, beside what happens
// to the line: each kind is one that its protocol has words for.
type Faults struct {
	mutex sync.Mutex
	next  []fault
}

type fault struct {
	op, kind string
	times    int
}

// Add makes the next requests of one operation fail; op "" is any.
func (f *Faults) Add(op, kind string, times int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.next = append(f.next, fault{op, kind, times})
}

// Take says what goes wrong with a request of an operation, "" for nothing.
func (f *Faults) Take(op string) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for i := range f.next {
		if f.next[i].times > 0 && (f.next[i].op == "" || f.next[i].op == op) {
			f.next[i].times--
			return f.next[i].kind
		}
	}
	return ""
}
