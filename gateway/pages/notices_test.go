package pages_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var shownTime = regexp.MustCompile(`<time[^>]* datetime="([^"]+)"[^>]*>([^<]+)</time>`)

// TestNoticesAreTimedWhereTheReaderIs, as in letters: whichever company a notice is of.
func TestNoticesAreTimedWhereTheReaderIs(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		told := expense("k", "5000.00")
		told.Set("cc", "emma")
		told.Set("do", "submit")
		h.post("lin", "/new/expense", told).to()
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		times := shownTime.FindAllStringSubmatch(h.get("emma", "/notices").is(200).body, -1)
		require.NotEmpty(t, times)
		for _, one := range times {
			at, err := time.Parse(time.RFC3339, one[1])
			require.NoError(t, err)
			require.Contains(t, one[2], at.In(berlin).Format("15:04"))
		}
	})
}
