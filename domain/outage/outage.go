// Package outage says when a connection to an ERP is sick, and when it is well again.
// 连接中断
//
//	well ──no answer for long, or most answers are no──▶ sick ──it answers, and mostly yes──▶ well
//
// Between the two thresholds of failures nothing changes, so that a connection at the
// edge is told of once and not every minute.
package outage

import "time"

// Kind is what a connection suffers from.
type Kind string

// The kinds.
const (
	Silent Kind = "silent" // it does not answer
	Errors Kind = "errors" // most of what it is asked does not end well
)

// Window is how far back exchanges count for the share of failures.
const Window = 15 * time.Minute

// Rule says from when on somebody is told. A zero field tells of nothing of its kind.
type Rule struct {
	Silent time.Duration // without any answer
	Share  int64         // of failures, in percent
	Least  int64         // exchanges in the window for a share to mean anything
}

// Seen is what is known of a connection.
type Seen struct {
	Total, Failed      int64     // exchanges in the window
	Unanswered         time.Time // since when nothing was answered; zero where the last word was an answer
	LastAnswer, LastOK time.Time // zero where none is on record
}

// Strikes says what a connection that was well suffers from now; "" for nothing.
func (r Rule) Strikes(s Seen, now time.Time) Kind {
	switch {
	case r.Silent > 0 && !s.Unanswered.IsZero() && now.Sub(s.Unanswered) >= r.Silent:
		return Silent
	case r.Share > 0 && s.Total >= max(1, r.Least) && s.Failed*100 >= r.Share*s.Total:
		return Errors
	}
	return ""
}

// Over says whether a connection that is sick since an instant is well again: it gave an
// answer since, or of failures there are less than half of what struck. Hearing nothing is
// no recovery.
func (r Rule) Over(kind Kind, since time.Time, s Seen) bool {
	if kind == Silent {
		return s.Unanswered.IsZero() && s.LastAnswer.After(since)
	}
	return s.LastOK.After(since) && s.Total > 0 && s.Failed*200 < r.Share*s.Total
}
