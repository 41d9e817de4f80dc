// Package sim is Feishu as its documentation tells it, for tests and for the
// development stack. It imports nothing of the adapter.
//
// From documentation and the vendor's libraries: the signatures, the encryption
// (with a published vector), the shapes of requests, answers and callbacks, uuid, 14
// days and 5 changes a second for a message, 30 minutes and 2 uses for a card's
// token. Commonly known only, and not verified: the numbers 230011, 230020,
// 230031, 99991400 and 99992351, and that a limit answers 429. Nothing here was
// tried against a live tenant.
package sim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// Config is one app in one tenant, as the developer console has it.
type Config struct {
	AppID, AppSecret  string
	VerificationToken string
	EncryptKey        string
	TenantKey         string
	Callback          string // where events and card callbacks go
	People            []Person
	Now               func() time.Time // nil = time.Now
	Patience          time.Duration    // with an answer to a callback; 0 = 3 s
}

// Person is somebody in the tenant. Hidden is out of the app's visible range.
type Person struct {
	OpenID, Name, Email, EmployeeNo, Department string
	Resigned, Hidden                            bool
}

// Sim is Feishu.
type Sim struct {
	*simphone.Server
	config Config

	mutex  sync.Mutex
	tokens map[string]time.Time // of the app, until when
	sent   map[string]sending   // by uuid
	cards  map[string]*held     // by message
	uses   map[string]*use      // by a card's token
	codes  map[string]string    // of signing in, whose
	users  map[string]string    // tokens of people
}

type sending struct {
	message string
	at      time.Time
}

type held struct {
	body card
	at   time.Time
}

type use struct {
	message  string
	at       time.Time
	left     int
	answered bool
}

// What the documentation limits.
const (
	tokenServes = 2 * time.Hour
	uuidServes  = time.Hour
	patchFor    = 14 * 24 * time.Hour
	useFor      = 30 * time.Minute
	useTimes    = 2
	cardMax     = 30 << 10
	uuidMax     = 50
)

// New makes a platform with one app.
func New(config Config) *Sim {
	if config.Patience == 0 {
		config.Patience = patience
	}
	s := &Sim{Server: &simphone.Server{Name: "Feishu", Now: config.Now}, config: config,
		tokens: map[string]time.Time{}, sent: map[string]sending{}, cards: map[string]*held{},
		uses: map[string]*use{}, codes: map[string]string{}, users: map[string]string{}}
	s.TooMany = func() simphone.Answer {
		a := refuse(http.StatusTooManyRequests, 99991400, "request trigger frequency limit")
		a.Header["x-ogw-ratelimit-reset"] = "3"
		return a
	}
	s.Press = s.PressOn
	s.Look()
	s.Handle("POST /open-apis/auth/v3/tenant_access_token/internal", "token", s.token)
	s.Handle("POST /open-apis/im/v1/messages", "send", s.authorized(s.send))
	s.Handle("PATCH /open-apis/im/v1/messages/{id}", "update", s.authorized(s.patch))
	s.Handle("POST /open-apis/interactive/v1/card/update", "update-once", s.authorized(s.updateOnce))
	s.Handle("GET /open-apis/contact/v3/departments/{id}/children", "departments", s.authorized(s.departments))
	s.Handle("GET /open-apis/contact/v3/users/find_by_department", "people", s.authorized(s.members))
	s.Raw("GET /open-apis/authen/v1/authorize", s.authorize)
	s.Handle("POST /open-apis/authen/v2/oauth/token", "code", s.redeem)
	s.Handle("GET /open-apis/authen/v1/user_info", "who", s.userInfo)
	return s
}

// SetCallback says where callbacks go from now on.
func (s *Sim) SetCallback(url string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.config.Callback = url
}

// ExpireTokens ends all tokens of the app before their time.
func (s *Sim) ExpireTokens() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.tokens)
}

func ok(data any) simphone.Answer {
	return simphone.JSON(http.StatusOK, map[string]any{"code": 0, "msg": "success", "data": data})
}

func refuse(status, code int, msg string) simphone.Answer {
	return simphone.JSON(status, map[string]any{"code": code, "msg": msg})
}

func random(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}

func (s *Sim) person(id string) (Person, bool) {
	for _, p := range s.config.People {
		if p.OpenID == id {
			return p, true
		}
	}
	return Person{}, false
}

// token gives the app a token; one that serves for half an hour more is given again.
func (s *Sim) token(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		AppID     string `json:"app_id"`
		AppSecret string `json:"app_secret"`
	}
	if json.Unmarshal(body, &in) != nil || in.AppID != s.config.AppID || in.AppSecret != s.config.AppSecret {
		return refuse(http.StatusOK, 10014, "app secret invalid")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	token, until := "", s.Clock().Add(tokenServes)
	for had, ends := range s.tokens {
		if ends.Sub(s.Clock()) > 30*time.Minute {
			token, until = had, ends
		}
	}
	if token == "" {
		token = random("t-")
		s.tokens[token] = until
	}
	return simphone.JSON(http.StatusOK, map[string]any{"code": 0, "msg": "ok", "tenant_access_token": token,
		"expire": int(until.Sub(s.Clock()).Seconds())})
}

// authorized lets only the app in, and asks too often nobody.
func (s *Sim) authorized(do func(*http.Request, []byte) simphone.Answer) func(*http.Request, []byte) simphone.Answer {
	return func(r *http.Request, body []byte) simphone.Answer {
		token, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !given {
			return refuse(http.StatusBadRequest, 99991661, "Missing access token for authorization")
		}
		s.mutex.Lock()
		until, known := s.tokens[token]
		s.mutex.Unlock()
		if !known || !s.Clock().Before(until) {
			return refuse(http.StatusBadRequest, 99991663, "Invalid access token for authorization")
		}
		if !s.Allow("app", 50, time.Second) {
			return s.TooMany()
		}
		return do(r, body)
	}
}
