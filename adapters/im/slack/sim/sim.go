// Package sim is Slack as its documentation tells it, for tests and for the
// development stack. It imports nothing of the adapter.
//
// From documentation: the signature (with a published vector), the shapes of
// requests, answers and callbacks, three seconds for a trigger, five posts in half
// an hour to a response_url, 429 with Retry-After, about one message a second in a
// conversation (here: five in five seconds), 200 also for refusals. Commonly known
// only, and not verified: which words refuse what, and that plain_text shows its
// characters as they are. Nothing here was tried against a live workspace.
package sim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// Config is one app in one workspace.
type Config struct {
	AppID, TeamID          string
	BotToken               string
	SigningSecret          string
	ClientID, ClientSecret string
	Callback               string // the Request URL of interactivity and of events
	Base                   string // where this simulator is reached, for response_url
	People                 []Person
	Now                    func() time.Time // nil = time.Now
	Patience               time.Duration    // with an answer to a callback; 0 = 3 s
}

// Person is somebody in the workspace. Hidden is whom the app does not see.
type Person struct {
	ID, Name, Email      string
	Bot, Deleted, Hidden bool
}

// Sim is Slack.
type Sim struct {
	*simphone.Server
	config Config

	mutex    sync.Mutex
	clock    int                 // makes timestamps unique
	rooms    map[string]string   // conversation → person
	posts    map[string]*post    // by timestamp
	triggers map[string]*trigger // of modals
	views    map[string]*view
	urls     map[string]*responseURL
	codes    map[string]string // of signing in: whose, and where it came back
	users    map[string]string // tokens of people
}

type post struct {
	room, ts string
	metadata metadata
	blocks   []block
}

type trigger struct {
	user string
	at   time.Time
	used bool
}

type responseURL struct {
	ts   string
	at   time.Time
	left int
}

// What the documentation limits.
const (
	triggerServes = 3 * time.Second
	urlServes     = 30 * time.Minute
	urlTimes      = 5
	patience      = 3 * time.Second
)

// New makes a platform with one app.
func New(config Config) *Sim {
	if config.Patience == 0 {
		config.Patience = patience
	}
	s := &Sim{Server: &simphone.Server{Name: "Slack", Now: config.Now}, config: config, rooms: map[string]string{},
		posts: map[string]*post{}, triggers: map[string]*trigger{}, views: map[string]*view{},
		urls: map[string]*responseURL{}, codes: map[string]string{}, users: map[string]string{}}
	s.TooMany = func() simphone.Answer {
		a := refuse("ratelimited")
		a.Status, a.Header["Retry-After"] = http.StatusTooManyRequests, "1"
		return a
	}
	s.Press = s.PressOn
	s.Look()
	s.Handle("POST /api/conversations.open", "room", s.authorized(s.openRoom))
	s.Handle("POST /api/chat.postMessage", "send", s.authorized(s.send))
	s.Handle("POST /api/chat.update", "update", s.authorized(s.update))
	s.Handle("POST /api/conversations.history", "history", s.authorized(s.history))
	s.Handle("POST /api/views.open", "modal", s.authorized(s.openView))
	s.Handle("POST /api/users.list", "people", s.authorized(s.members))
	s.Handle("POST /respond/{id}", "respond", s.respond)
	s.Raw("GET /openid/connect/authorize", s.authorize)
	s.Handle("POST /api/openid.connect.token", "code", s.redeem)
	s.Handle("POST /api/openid.connect.userInfo", "who", s.userInfo)
	return s
}

// SetCallback says where callbacks go from now on, and where the simulator is reached itself.
func (s *Sim) SetCallback(callback, base string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.config.Callback, s.config.Base = callback, base
}

func ok(fields map[string]any) simphone.Answer {
	fields["ok"] = true
	return simphone.JSON(http.StatusOK, fields)
}

// refuse says no, with a 200.
func refuse(word string) simphone.Answer {
	return simphone.JSON(http.StatusOK, map[string]any{"ok": false, "error": word})
}

func random(prefix string) string {
	var b [10]byte
	_, _ = rand.Read(b[:])
	return prefix + strings.ToUpper(hex.EncodeToString(b[:]))
}

func (s *Sim) person(id string) (Person, bool) {
	for _, p := range s.config.People {
		if p.ID == id && !p.Hidden {
			return p, true
		}
	}
	return Person{}, false
}

// timestamp is unique, as a message's is.
func (s *Sim) timestamp() string {
	s.clock++
	return fmt.Sprintf("%d.%06d", s.Clock().Unix(), s.clock)
}

type method = func(body []byte, form url.Values) simphone.Answer

// authorized lets only the bot in: by a header, or by a field of the form.
func (s *Sim) authorized(do method) func(*http.Request, []byte) simphone.Answer {
	return func(r *http.Request, body []byte) simphone.Answer {
		token, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var form url.Values
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			form, _ = url.ParseQuery(string(body))
			if !given {
				token = form.Get("token")
			}
		}
		switch {
		case token == "":
			return refuse("not_authed")
		case token != s.config.BotToken:
			return refuse("invalid_auth")
		}
		return do(body, form)
	}
}
