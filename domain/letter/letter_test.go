package letter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/letter"
)

// TestAnAddressDiesOfWhatSpeaksOfIt, and of nothing else.
func TestAnAddressDiesOfWhatSpeaksOfIt(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name   string
		every  time.Duration
		status []string
		want   letter.State
	}{
		{"nobody there", day, []string{"5.1.1"}, letter.Dead},
		{"switched off", day, []string{"4.2.2", "5.2.1"}, letter.Dead},
		{"spam, they say", day, []string{"5.7.1", "5.7.1", "5.6.0", "5.0.0", "", "x"}, letter.OK},
		{"full once", day, []string{"5.2.2"}, letter.Soft},
		{"full for days", day, []string{"5.2.2", "4.2.2", "4.4.1", "4.4.7", "5.4.7"}, letter.Dead},
		{"five in an hour", time.Minute, []string{"4.2.2", "4.2.2", "4.2.2", "4.2.2", "4.2.2", "4.2.2"}, letter.Soft},
		{"now and then", 20 * day, []string{"4.2.2", "4.2.2", "4.2.2", "4.2.2", "4.2.2", "4.2.2"}, letter.Soft},
		{"dead stays dead", day, []string{"5.1.1", "2.0.0", "4.2.2"}, letter.Dead},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, now := letter.Standing{State: letter.OK}, time.Unix(0, 0)
			for _, status := range tt.status {
				s, now = s.After(letter.Sorted(status), now), now.Add(tt.every)
			}
			require.Equal(t, tt.want, s.State)
		})
	}
}
