package browser

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/stack"
	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

// door is one page, and who may open it. The pages are found as people find them, by
// following links, so that a new one is held to what every page must keep without
// being listed here.
type door struct{ person, address string }

// visitors are one person for each role, and nobody at all.
var visitors = []string{"lin", "wang", "chen", "liu", "admin", "audit", ""}

// unlinked are the pages that no link leads to, but a form.
var unlinked = []string{"/documents?of=all", "/login?signed_out=1", "/organisation/powers?over=50000&currency=CNY"}

// elsewhere are what is no page but a file.
var elsewhere = []string{"/audit/export", "/organisation/powers/export", "/organisation/table/export", "/organisation/reviews/:id/export"}

const (
	linksMost = 6 // addresses of one pattern that one person follows
	doorsMost = 2 // pages of one pattern on one screen; the next screen shows others
)

var (
	href      = regexp.MustCompile(`href="(/[^"#]*)`)
	parameter = regexp.MustCompile(`:[a-z]+`)
)

// everyPage walks through every page that the router knows. What differs between
// two visitors or two documents is spread over the screens.
func (r *reader) everyPage() {
	turn := slices.Index(everywhere, r.screen)
	for _, pattern := range pages.Addresses() {
		doors := r.at.doors[pattern]
		if len(doors) == 0 && !slices.Contains(elsewhere, pattern) && r.at.house != nil {
			r.t.Errorf("no link leads to %s: link it from the page before it, or name an address of it among unlinked", pattern)
		}
		for n := range min(doorsMost, len(doors)) {
			next := doors[(turn+n*len(everywhere))%len(doors)]
			r.signOut()
			if next.person != "" {
				r.become(next.person)
			}
			r.do("open "+next.address, r.open(next.address))
			r.look()
			require.False(r.t, r.has(".error-page"), "%s for %s", next.address, next.person)
		}
	}
}

// follow opens what links lead to, as everybody.
func (r *reader) follow() map[string][]door {
	r.t.Helper()
	found := map[string][]door{}
	for _, person := range visitors {
		if person != "" {
			r.signIn(person)
			r.signOut()
		}
		for pattern, addresses := range r.crawl(person) {
			for _, address := range addresses {
				found[pattern] = append(found[pattern], door{person, address})
			}
		}
	}
	if r.at.house != nil {
		found["/letters/:token"] = r.byLetter("wang", inLetter)
		found["/leave/:sealed"] = r.byLetter("", inLeave)
	}
	return found
}

// inLetter and inLeave are pages that a letter leads to: no link of another page does.
var (
	inLetter = regexp.MustCompile(`/letters/[0-9A-Z]+`)
	inLeave  = regexp.MustCompile(`/leave/[\w-]+\.[\w-]+`)
)

// byLetter are the pages that the letters in the house's mailbox lead to, as whom they
// were written to; "": as nobody, by everybody's letters.
func (r *reader) byLetter(person string, inLetter *regexp.Regexp) []door {
	r.t.Helper()
	address := ""
	if person != "" {
		address = person + "@example.com"
	}
	var doors []door
	require.Eventually(r.t, func() bool {
		doors = nil
		for _, letter := range r.at.house.Stack.Mailbox.Letters(address) {
			if link := inLetter.FindString(letter.Text); link != "" && len(doors) < linksMost {
				doors = append(doors, door{person, link})
			}
		}
		return len(doors) >= doorsMost
	}, patience, 50*time.Millisecond, "the letters of %q", person)
	return doors
}

// crawl is the pages that links lead a person to, by pattern.
func (r *reader) crawl(person string) map[string][]string {
	r.t.Helper()
	patterns := map[string]*regexp.Regexp{}
	next := slices.Clone(unlinked)
	for _, pattern := range pages.Addresses() {
		patterns[pattern] = regexp.MustCompile("^" + parameter.ReplaceAllString(pattern, "[^/]+") + "$")
		if !strings.Contains(pattern, ":") {
			next = append(next, pattern)
		}
	}
	found, asked := map[string][]string{}, map[string]bool{}
	for len(next) > 0 {
		address := next[0]
		next = next[1:]
		path, _, _ := strings.Cut(address, "?")
		pattern := matching(patterns, path)
		if asked[address] || pattern == "" || len(found[pattern]) == linksMost {
			continue
		}
		asked[address] = true
		text, ok := r.page(person, address)
		if !ok {
			continue
		}
		found[pattern] = append(found[pattern], address)
		for _, link := range href.FindAllStringSubmatch(text, -1) {
			next = append(next, strings.ReplaceAll(link[1], "&amp;", "&"))
		}
	}
	return found
}

// matching is the pattern of a path: the one with the fewest parameters, as for a router.
func matching(patterns map[string]*regexp.Regexp, path string) string {
	var best string
	for pattern, form := range patterns {
		if form.MatchString(path) && (best == "" || strings.Count(pattern, ":") < strings.Count(best, ":")) {
			best = pattern
		}
	}
	return best
}

// page is the text of a page, if a person is shown one at an address.
func (r *reader) page(person, address string) (string, bool) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.at.url+address, nil)
	require.NoError(r.t, err)
	request.Header.Set("Accept", "text/html")
	if person != "" {
		for _, c := range r.at.sessions.of(person).cookies {
			request.AddCookie(&http.Cookie{Name: c["name"].(string), Value: c["value"].(string)}) //nolint:forcetypeassert // of the browser
		}
	}
	answer, err := http.DefaultTransport.RoundTrip(request) // follows no redirect
	require.NoError(r.t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	require.NoError(r.t, err)
	return string(text), answer.StatusCode == http.StatusOK && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
}

// furnish has documents lie about in every state that a page shows.
func furnish(t *testing.T, h *house.House) {
	t.Helper()
	lin := h.As("lin")
	form := func(title string) walk.Form {
		amount := walk.Money{Amount: "1534.56", Currency: "CNY"}
		return walk.Form{Type: "expense", Title: title, Reason: "Yearly review 年度回顾", Currency: "CNY", Lines: []walk.Line{{
			Category: "travel", Date: time.Now().Format(time.DateOnly), Description: "Train 高铁", Amount: amount}}}
	}
	_, err := lin.Draft(t.Context(), form("Not finished yet 草稿"), "gate-draft")
	require.NoError(t, err)
	decide := func(document, person, act, key string) {
		require.Eventually(t, func() bool {
			task, found, err := h.As(person).TaskOn(t.Context(), document)
			if err != nil || !found {
				return false
			}
			_, err = h.As(person).Decide(t.Context(), task, act, "Seen 已核对", key)
			return err == nil
		}, patience, 50*time.Millisecond, "%s by %s", act, person)
	}
	var booked string
	for _, state := range []string{"waiting", "return", "reject", "approve"} {
		document, err := lin.SubmitNew(t.Context(), form("Visit to Hangzhou 杭州拜访 "+state), "gate-"+state)
		require.NoError(t, err)
		for _, person := range []string{"wang", "zhao", "liu"} {
			if state == "waiting" || state != "approve" && person != "wang" {
				break
			}
			decide(document.ID, person, state, "gate-"+state+person)
		}
		booked = document.ID
	}
	again := form("Visit to Hangzhou 杭州拜访 again")
	again.Lines[0].Attachments = []string{attach(t, lin, "receipt 收据.txt"), attach(t, lin, "ticket 车票.txt")}
	document, err := lin.SubmitNew(t.Context(), again, "gate-again")
	require.NoError(t, err)
	decide(document.ID, "wang", "return", "gate-again-wang")
	again.Reason = "Cheaper 更便宜"
	again.Lines[0].Amount.Amount = "1234.56"
	require.Eventually(t, func() bool {
		_, err := lin.Resubmit(t.Context(), document.ID, again, "gate-again-lin")
		return err == nil
	}, patience, 50*time.Millisecond, "a second version")
	propose(t, h)
	h.Rest(t, patience, false)
	compareAndUndo(t, h, booked)
	h.Rest(t, patience, false)
}

// compareAndUndo has finance compare both sides of the books, and leaves the request to
// undo a voucher open.
func compareAndUndo(t *testing.T, h *house.House, booked string) {
	t.Helper()
	day := func(from int) string { return time.Now().AddDate(0, 0, from).Format(time.DateOnly) }
	_, err := h.As("liu").Call(t.Context(), http.MethodPost, "/reconciliations", "gate-compare",
		map[string]any{"connection": stack.Sandbox, "from": day(-7), "until": day(1)}, nil)
	require.NoError(t, err)
	d, err := h.As("liu").Document(t.Context(), booked)
	require.NoError(t, err)
	_, err = h.As("chen").Call(t.Context(), http.MethodPost, "/vouchers/"+d.Voucher.Reference+"/reversal", "gate-undo",
		map[string]any{"date": day(1), "reason": "Wrong account 科目错误"}, nil)
	require.NoError(t, err)
}

// propose leaves a proposal open, and a request for a role.
func propose(t *testing.T, h *house.House) {
	t.Helper()
	const policy = "project_initiation"
	var inForce struct{ YAML string }
	_, err := h.As("liu").Call(t.Context(), http.MethodGet, "/policies/"+policy, "", nil, &inForce)
	require.NoError(t, err)
	_, err = h.As("liu").Call(t.Context(), http.MethodPost, "/policies/policy/"+policy+"/proposals", "gate",
		map[string]any{"yaml": nextReminders(inForce.YAML), "note": "Remind once more 再提醒一次"}, nil)
	require.NoError(t, err)
	_, err = h.As("lin").Call(t.Context(), http.MethodPost, "/grants", "gate-right", map[string]any{
		"person": "lin", "role": "assistant", "entity": "acme-cn", "reason": "Enters receipts for sales 代销售部提单",
	}, nil)
	require.NoError(t, err)
	_, err = h.As("admin").Call(t.Context(), http.MethodPost, "/access/reviews", "gate-review",
		map[string]any{"title": "Quarterly review of rights 季度权限复核", "due": time.Now().AddDate(0, 0, 14).Format(time.DateOnly)}, nil)
	require.NoError(t, err)
}

// attach uploads a file for somebody, as a program would.
func attach(t *testing.T, as *walk.Client, name string) string {
	t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = part.Write([]byte(name))
	require.NoError(t, err)
	require.NoError(t, parts.Close())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, as.Base+"/api/v1/attachments", &form)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+as.Token)
	request.Header.Set("Content-Type", parts.FormDataContentType())
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	var kept struct{ ID string }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&kept))
	return kept.ID
}
