package browser

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWhatGoesWrongIsShownAndMended tells the other story: returned and mended,
// decided by two at once, refused by the books and posted with another date.
func TestWhatGoesWrongIsShownAndMended(t *testing.T) {
	at := address(t)
	receipt := filepath.Join(t.TempDir(), "receipt.txt")
	require.NoError(t, os.WriteFile(receipt, []byte("train\n"), 0o600))
	for _, tt := range []struct {
		size   size
		locale string
	}{{phone, "zh-CN"}, {desk, "en"}} {
		t.Run(tt.size.name+" "+tt.locale, func(t *testing.T) {
			r := open(t, at.url, tt.size, tt.locale)
			path := r.writeExpense(receipt)
			r.returned("wang", path)
			r.mend(path)
			r.decideTwice(open(t, at.url, tt.size, tt.locale), path)
			r.approve("zhao", path)
			closePeriod(t, at.erp)
			r.approve("liu", path)
			r.rule(path)
		})
	}
}

// returned sends the report back, at first without saying why.
func (r *reader) returned(person, path string) {
	r.t.Helper()
	r.signIn(person)
	r.visit(path)
	r.click(`#decide button[value="return"]`)
	require.NotEmpty(r.t, r.text("#opinion-error"), "a reason is asked for")
	r.fill("opinion", "Which train? 哪趟车？")
	r.click(`#decide button[value="return"]`)
	require.NotEmpty(r.t, r.text(".note.good"))
	r.signOut()
}

// mend corrects the report and hands it in again.
func (r *reader) mend(path string) {
	r.t.Helper()
	r.signIn("lin")
	require.Contains(r.t, r.text(".card.warn"), "Hangzhou")
	r.visit(path)
	require.Contains(r.t, r.text("main"), "哪趟车")
	r.click(`a[href="` + path + `/edit"]`)
	r.fill("lines.0.description", "Train G7 高铁 G7")
	r.fill("opinion", "named the train")
	r.click(`button[value="resubmit"]`)
	require.Equal(r.t, path, r.at())
	r.until(".timeline", "named the train")
	r.until("#flow", "刘强")
	r.signOut()
}

// decideTwice has two clerks decide on the same page; the second learns of the first.
func (r *reader) decideTwice(other *reader, path string) {
	r.t.Helper()
	r.signIn("wang")
	r.visit(path)
	other.signIn("chen")
	other.visit(path)
	other.click(`#decide button[value="approve"]`)
	other.signOut()
	r.fill("opinion", "I say no 我不同意")
	r.click(`#decide button[value="reject"]`)
	require.Contains(r.t, r.text(".note.bad"), "陈磊", "who was first")
	require.Contains(r.t, r.text(".note.bad"), "我不同意", "nothing typed is lost")
	r.signOut()
}

// rule has finance post with another date what the books refused.
func (r *reader) rule(path string) {
	r.t.Helper()
	r.signIn("wang")
	r.visit(path)
	for deadline := time.Now().Add(patience); !r.has("#parked form"); time.Sleep(300 * time.Millisecond) {
		require.True(r.t, time.Now().Before(deadline), "never parked:\n"+r.text("main"))
	}
	r.look()
	r.visit("/parked")
	r.click(`a[href="` + path + `#parked"]`)
	r.press(`#parked input[value="redate"]`)
	r.fill("date", time.Now().Format(time.DateOnly))
	r.click(`#parked button`)
	r.until(".head .chip", said[r.locale].closed)
	r.look()
	r.signOut()
}

// closePeriod has the sandbox refuse the next posting.
func closePeriod(t *testing.T, erp string) {
	t.Helper()
	answer, err := http.Post(erp+"/_sandbox/faults", "application/json", //nolint:noctx // loopback
		strings.NewReader(`[{"kind":"closed-period","op":"create","count":1}]`))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Less(t, answer.StatusCode, 300)
}
