package dingtalk

import (
	"sync"
	"time"
)

// seenMax bounds the memory of timestamps; beyond it presses are refused, and
// people press again.
const seenMax = 100_000

// seen remembers which body came under which timestamp, in this process: another
// process knows nothing of it, and the token of the button has to protect there.
type seen struct {
	mutex sync.Mutex
	under map[string]stamp
}

type stamp struct {
	body [32]byte
	at   time.Time
}

// first says whether a timestamp is new, or comes again with the same body.
func (s *seen) first(at string, body [32]byte, now time.Time) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if had, known := s.under[at]; known {
		return had.body == body
	}
	if s.under == nil {
		s.under = map[string]stamp{}
	}
	if len(s.under) >= seenMax {
		for old, had := range s.under {
			if now.Sub(had.at) > 2*cardFresh {
				delete(s.under, old)
			}
		}
		if len(s.under) >= seenMax {
			return false
		}
	}
	s.under[at] = stamp{body, now}
	return true
}
