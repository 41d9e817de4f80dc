package store

import (
	"sync"
	"time"
)

// What every request asks for and hardly anybody changes is believed for a
// second: who left, which token was revoked and which policy was published is
// seen everywhere that much later, and in the process that changed it at once.
const (
	believedFor = time.Second
	believedMax = 10_000 // entries; beyond it everything is forgotten
)

// believed keeps values for a moment. The zero value is ready; it is safe for
// concurrent use.
type believed[V any] struct {
	mu     sync.Mutex
	values map[string]belief[V]
}

type belief[V any] struct {
	value V
	at    time.Time
}

// get returns what is believed under a key, or asks and believes the answer.
// Errors are never believed.
func (b *believed[V]) get(key string, ask func() (V, error)) (V, error) {
	b.mu.Lock()
	known, ok := b.values[key]
	b.mu.Unlock()
	if ok && time.Since(known.at) < believedFor {
		return known.value, nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.values == nil || len(b.values) >= believedMax {
		b.values = map[string]belief[V]{}
	}
	b.values[key] = belief[V]{value, time.Now()}
	return value, nil
}

// forget drops everything, after a change.
func (b *believed[V]) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.values)
}
