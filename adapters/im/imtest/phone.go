package imtest

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// OnPhone reads what somebody sees off a simulator's phone, for Fixture.Seen.
func OnPhone(phone *simphone.Phone) func(to string) []Seen {
	return func(to string) []Seen {
		var all []Seen
		for _, m := range slices.Backward(phone.Messages(to)) {
			read := []string{m.Card.Title, m.Card.Summary}
			for _, line := range m.Card.Lines {
				read = append(append(read, line.Text), line.Marked...)
			}
			var s Seen
			for _, b := range m.Card.Buttons {
				s.Buttons = append(s.Buttons, b.Words)
			}
			for _, l := range m.Card.Links {
				s.Links = append(s.Links, l.URL)
			}
			s.Text = strings.Join(read, "\n")
			all = append(all, s)
		}
		return all
	}
}
