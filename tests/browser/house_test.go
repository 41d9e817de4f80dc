// Package browser walks through the pages as people do: with a real browser, at
// the width of a phone and of a desk, in both languages.
//
//	house_test.go    one house and one browser, and every scene played in them
//	browser_test.go  one person's screen: open, click, fill, wait
//	look_test.go     what every page must keep
//	door_test.go     signing in and out
//	gate_test.go     every page there is
//	the others       scenes
package browser

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/tests/axe"
	"github.com/countersign/countersign/tests/house"
)

const (
	addressVariable = "COUNTERSIGN_BROWSER_URL" // of a running `countersign dev` to use instead of a house of our own
	erpVariable     = "COUNTERSIGN_BROWSER_ERP" // address of its sandbox ERP
)

// place is where to walk, and the browser to walk with.
type place struct {
	url, erp string
	house    *house.House    // nil where it is another's: what needs a policy of its own is not played there
	browser  context.Context //nolint:containedctx // it is what chromedp calls a browser
	sessions *sessions
	looks    *looks
	doors    map[string][]door // to every page, by its pattern
	axe      string            // the engine that finds barriers
}

// screen is a size and a language.
type screen struct {
	name          string
	width, height int64
	locale        string
}

func (s screen) String() string { return s.name + " " + s.locale }

func phone(locale string) screen { return screen{"phone", 390, 844, locale} }
func desk(locale string) screen  { return screen{"desk", 1440, 900, locale} }

var (
	zh, en     = i18n.Chinese, i18n.English
	everywhere = []screen{phone(zh), phone(en), desk(zh), desk(en)}
	crosswise  = []screen{phone(zh), desk(en)} // both sizes, both languages
)

// scenes are played at once, each on its screens; what one of them sees of
// another is what colleagues see of each other.
var scenes = []struct {
	name    string
	screens []screen
	play    func(r *reader)
}{
	{"in and out of the door", crosswise, (*reader).throughTheDoor},
	{"every page", everywhere, (*reader).everyPage},
	{"an expense", everywhere, (*reader).anExpense},
	{"without a mouse", []screen{desk(zh), desk(en)}, (*reader).byKeyboard},
	{"stored text is inert", crosswise, (*reader).inert},
	{"five lines with receipts", []screen{desk(en)}, (*reader).fiveLines},
	{"the form helps", crosswise, (*reader).helped},
	{"finance approves less", everywhere, (*reader).financeApprovesLess},
	{"copies, remarks and many decisions", crosswise, (*reader).talks},
	{"the inbox", crosswise, (*reader).theInbox},
	{"what goes wrong is shown and mended", crosswise, (*reader).goesWrong},
	{"a passkey signs", crosswise, (*reader).aPasskeySigns},
	{"two people publish", []screen{desk(en), phone(zh)}, (*reader).twoPeoplePublish},
}

// TestPeopleAtTheirScreens plays every scene in one house and one browser.
func TestPeopleAtTheirScreens(t *testing.T) {
	t.Parallel()
	at := open(t)
	at.doors = at.reader(t, desk(en)).follow()
	for _, scene := range scenes {
		for _, screen := range scene.screens {
			t.Run(scene.name+"/"+screen.String(), func(t *testing.T) {
				t.Parallel()
				scene.play(at.reader(t, screen))
			})
		}
	}
}

// open opens the house to walk through.
func open(t *testing.T) *place {
	t.Helper()
	at := enter(t)
	if url := os.Getenv(addressVariable); url != "" {
		at.url, at.erp = strings.TrimSuffix(url, "/"), os.Getenv(erpVariable)
		return at
	}
	h := house.Start(t, house.Options{ByName: true, Settings: map[string]any{"webhooks.endpoints": told(t)}})
	h.Publish(t, "sealed", sealedSteps)
	at.url, at.erp, at.house = h.URL, h.Stack.ERPURL, h
	befriend(t, h)
	furnish(t, h)
	return at
}

// told is another system that takes every event, and one that takes none.
func told(t *testing.T) []map[string]any {
	t.Helper()
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/takes" {
			http.Error(w, "the queue is full, come back later", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(system.Close)
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	return []map[string]any{
		{"id": "warehouse", "title": "Data warehouse 数据仓库", "url": system.URL + "/takes", "secret": key, "private_network": true},
		{"id": "archive", "title": "Archive 档案系统", "url": system.URL + "/full", "secret": key, "private_network": true},
	}
}

// enter is a place without an address.
func enter(t *testing.T) *place {
	t.Helper()
	return &place{browser: chromium(t), axe: axe.Script(t), sessions: newSessions(), looks: &looks{seen: map[string]bool{}}}
}

// chromium starts the browser; every reader has a context of their own in it, as
// if it were another one.
func chromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(installed(t)), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...) // it outlives the scenes
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "start the browser")
	return ctx
}

// installed is the browser to use; CI must have one. The one without windows of its own
// lays out, paints and runs pages as the whole one does, in less than half the CPU time.
func installed(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser found: install chromium (Debian: apt-get install chromium-headless-shell)")
	return ""
}
