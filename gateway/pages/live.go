package pages

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/gateway/desk"
)

const (
	livePath = "/live"

	streamLife  = 5 * time.Minute  // then the browser comes again, and is asked anew who it is
	streamBeat  = 20 * time.Second // so that nobody in between thinks the line is dead
	streamWrite = 10 * time.Second // to take what is sent
	againSoon   = 1000             // ms until the browser comes again, …
	againSpread = 4000             // … and up to so many more, so that they do not all come at once
)

// live handles GET /live: how the reader's inbox stands, as server-sent events, for as
// long as their page is looked at.
func live(v *visit) error {
	follower, err := v.desk().Follow(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	defer v.desk().Leave(follower)
	s := newStream(v.w)
	again := againSoon + rand.IntN(againSpread) //nolint:gosec // only spread
	if err := s.send(fmt.Sprintf("retry: %d\n\n", again)); err != nil {
		return nil //nolint:nilerr // the reader went away
	}
	over := time.NewTimer(streamLife)
	defer over.Stop()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for err == nil {
		select {
		case <-v.r.Context().Done():
			return nil
		case <-over.C:
			return nil
		case <-beat.C:
			err = s.send(": here\n\n")
		case inbox, on := <-follower.News:
			if !on {
				return nil // signed out, or the house closes: whoever may comes again
			}
			err = s.send(fmt.Sprintf("event: inbox\ndata: {\"waiting\":%q,\"mark\":%q}\n\n", badge(inbox), mark(inbox)))
		}
	}
	return nil
}

// badge is how much waits, as the navigation shows it; "" for nothing.
func badge(in desk.Inbox) string {
	switch {
	case in.Waiting == 0:
		return ""
	case in.Waiting > desk.BadgeMost:
		return strconv.Itoa(desk.BadgeMost) + "+"
	}
	return strconv.FormatInt(in.Waiting, 10)
}

func mark(in desk.Inbox) string { return strconv.FormatUint(uint64(in.Mark), 36) } //nolint:gosec // a mark, no number

// stream is a response that is written bit by bit.
type stream struct {
	w    http.ResponseWriter
	line *http.ResponseController
}

// newStream begins it. The framework's own writer hides those below it that can be
// flushed, so they are asked themselves.
func newStream(w http.ResponseWriter) stream {
	below := w
	if inner, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		below = inner.Unwrap()
	}
	s := stream{w, http.NewResponseController(below)}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")        // nginx would keep it back
	_ = s.line.SetReadDeadline(time.Time{}) // that of the request; a reader without deadlines has none
	return s
}

// send hands text over, within the time that a reader has to take it.
func (s stream) send(text string) error {
	_ = s.line.SetWriteDeadline(time.Now().Add(streamWrite)) // a writer without deadlines has none to keep
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.line.Flush()
}
