// Package letter says how an address stands with those who write to it: what a mail
// server answered is sorted, and so many answers make it one that is not written to.
package letter

import (
	"strings"
	"time"
)

// State is how an address stands. 邮箱状态
type State string

// The states of an address.
const (
	OK   State = "ok"
	Soft State = "soft" // some letters came back that may arrive another time
	Dead State = "dead" // nobody is there: nothing is written to it until somebody says so
)

// Report is what was said of a letter to an address.
type Report string

// The reports.
const (
	Taken   Report = "taken"   // a mail server took it
	Later   Report = "later"   // it could not be delivered, and another may
	Gone    Report = "gone"    // there is no such address
	Unclear Report = "unclear" // it was refused for what it is, not for whom it is
)

// So many letters that come back, over so long, make an address dead.
const (
	softsMost = 5
	softsOver = 72 * time.Hour
)

// Standing is how an address stands, and since when letters come back.
type Standing struct {
	State State
	Softs int       // that came back since
	Since time.Time // the first of them; zero for none
}

// After is the standing after one more report. A mail server that takes a letter says
// nothing of the mailbox behind it, so only time heals: a letter that came back long
// after the one before begins anew.
func (s Standing) After(r Report, now time.Time) Standing {
	switch {
	case s.State == Dead:
		return s
	case r == Gone:
		return Standing{State: Dead, Softs: s.Softs, Since: s.Since}
	case r != Later:
		return s
	case s.Softs == 0 || now.Sub(s.Since) > 4*softsOver:
		return Standing{State: Soft, Softs: 1, Since: now}
	}
	s.State = Soft
	s.Softs++
	if s.Softs >= softsMost && now.Sub(s.Since) >= softsOver {
		s.State = Dead
	}
	return s
}

// gone are the enhanced status codes that speak of the address (RFC 3463).
var gone = map[string]bool{"5.1.1": true, "5.1.2": true, "5.1.3": true, "5.1.6": true, "5.1.10": true, "5.2.1": true}

// Sorted is what an enhanced status code reports of an address: X.Y.Z.
func Sorted(status string) Report {
	status = strings.TrimSpace(status)
	switch {
	case strings.HasPrefix(status, "2."):
		return Taken
	case gone[status]:
		return Gone
	case strings.HasPrefix(status, "4."), status == "5.2.2", status == "5.4.4", status == "5.4.7":
		return Later
	}
	return Unclear
}
