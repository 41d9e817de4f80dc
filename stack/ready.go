package stack

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// How long a gateway that starts may take to be ready, and how often it is asked.
const (
	readyPatience = time.Minute
	readyPause    = 100 * time.Millisecond
)

// AwaitReady waits until the gateway at base says that everything behind it
// answers. Time: a minute at most.
func AwaitReady(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
		if err != nil {
			return fmt.Errorf("asking %s: %w", base, err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the gateway at %s did not become ready: %w", base, ctx.Err())
		case <-time.After(readyPause):
		}
	}
}
