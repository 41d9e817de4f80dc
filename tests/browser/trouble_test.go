package browser

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/voucher"
)

// goesWrong tells the other story: returned and mended, decided by two at once,
// refused by the books and posted with another date.
func (r *reader) goesWrong() {
	path := r.writeExpense(r.receipt())
	r.returned("wang", path)
	r.mend(path)
	r.decideTwice(r.beside(), path)
	r.approve("zhao", path)
	r.isParked(path)
	r.rule(path)
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
	require.Equal(r.t, path, r.where())
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

var closing sync.Mutex // the sandbox has one list of faults

// isParked has the books refuse the report when the last has approved it.
func (r *reader) isParked(path string) {
	r.t.Helper()
	closing.Lock()
	defer closing.Unlock()
	r.closePeriod(path)
	r.approve("liu", path)
	r.signIn("wang")
	r.visit(path)
	r.await("it is parked", `document.querySelector("#parked form") !== null`)
	r.look()
	r.signOut()
}

// rule has finance post with another date what the books refused.
func (r *reader) rule(path string) {
	r.t.Helper()
	r.signIn("wang")
	r.visit("/parked")
	r.click(`a[href="` + path + `#parked"]`)
	r.press(`#parked input[value="redate"]`)
	r.fill("date", time.Now().Format(time.DateOnly))
	r.click(`#parked button`)
	r.until(".head .chip", texts[r.locale].closed)
	r.look()
	r.signOut()
}

// closePeriod has the sandbox refuse the next posting of a report, in its second revision.
func (r *reader) closePeriod(path string) {
	r.t.Helper()
	fault := fmt.Sprintf(`[{"kind":"closed-period","op":"create","ref":%q,"count":1}]`,
		voucher.Reference(strings.TrimPrefix(path, "/documents/"), voucher.Accrual, 2))
	answer, err := http.Post(r.at.erp+"/_sandbox/faults", "application/json", strings.NewReader(fault)) //nolint:noctx // loopback
	require.NoError(r.t, err)
	require.NoError(r.t, answer.Body.Close())
	require.Less(r.t, answer.StatusCode, 300)
}
