package port

import (
	"context"
	"sync"
	"time"
)

// earlyMax is how long before its end a token is no longer used.
const earlyMax = 5 * time.Minute

// Tokens keeps the token of an app: one fetch at a time, and none while the one
// there serves. Its zero value needs Fetch.
type Tokens struct {
	// Fetch asks the platform for a token and how long it serves.
	Fetch func(ctx context.Context) (token string, serves time.Duration, err error)
	Now   func() time.Time // nil = time.Now

	mutex sync.Mutex
	token string
	until time.Time
}

// Token gives one that is not stale, which is what the platform just refused, "" for none.
func (t *Tokens) Token(ctx context.Context, stale string) (string, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	if t.token != "" && t.token != stale && now().Before(t.until) {
		return t.token, nil
	}
	token, serves, err := t.Fetch(ctx)
	if err != nil {
		return "", err
	}
	t.token, t.until = token, now().Add(serves-min(earlyMax, serves/2))
	return token, nil
}

// With makes a call with a token, and once more with a new one where the platform
// says that the first serves no longer: such a refusal comes before anything is done.
func (t *Tokens) With(ctx context.Context, call func(token string) (refused bool, err error)) error {
	token, err := t.Token(ctx, "")
	if err != nil {
		return err
	}
	refused, err := call(token)
	if !refused {
		return err
	}
	if token, err = t.Token(ctx, token); err != nil {
		return err
	}
	_, err = call(token)
	return err
}
