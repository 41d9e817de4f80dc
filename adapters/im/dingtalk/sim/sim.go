// Package sim is DingTalk as its documentation tells it, for tests and for the
// development stack. It imports nothing of the adapter.
//
// From documentation and the vendor's libraries: the shapes of requests, answers and
// callbacks, the encryption of events (with a published vector), the signature of
// HTTP presses over their timestamp alone, the frames of a stream and that what is
// not acknowledged comes again. Commonly known only, and not verified: how refusals
// of the newer methods are named, that an HTTP press waits 3 seconds and is not sent
// again, and how often a stream sends again. Nothing here was tried against a live tenant.
package sim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// Config is one app in one company.
type Config struct {
	AppKey, AppSecret string
	CorpID            string
	Token, AESKey     string // of HTTP events
	Template, Robot   string // there are no others
	Departments       []Department
	People            []Person
	Now               func() time.Time // nil = time.Now
	Patience          time.Duration    // with an answer to a callback; 0 = 3 s
}

// Department is one below another; 1 is the root, and always there.
type Department struct{ ID, Parent int64 }

// Person is somebody in the company. Hidden is whom the robot may not reach.
type Person struct {
	UserID, UnionID, Name, Email, JobNumber string
	Department                              int64
	Inactive, Hidden                        bool
}

// Sim is DingTalk.
type Sim struct {
	*simphone.Server
	config Config
	aesKey []byte

	mutex  sync.Mutex
	tokens map[string]time.Time
	cards  map[string]*held  // by outTrackId
	routes map[string]route  // of HTTP presses, by route key
	codes  map[string]string // of signing in, whose
	users  map[string]string // tokens of people
	stream stream
}

type held struct {
	to, kind, route string
	shared, private map[string]string
}

type route struct{ url, secret string }

const tokenServes = 2 * time.Hour

// New makes a platform with one app.
func New(config Config) *Sim {
	if config.Patience == 0 {
		config.Patience = patience
	}
	s := &Sim{Server: &simphone.Server{Name: "DingTalk", Now: config.Now}, config: config, tokens: map[string]time.Time{},
		cards: map[string]*held{}, routes: map[string]route{}, codes: map[string]string{}, users: map[string]string{}}
	s.aesKey, _ = base64.StdEncoding.DecodeString(config.AESKey + "=")
	s.stream.open(config.Patience)
	s.TooMany = func() simphone.Answer {
		return refuse(http.StatusForbidden, "Forbidden.AccessDenied.QpsLimitForApi", "too many requests")
	}
	s.Press = s.PressOn
	s.Look()
	s.Handle("POST /v1.0/oauth2/accessToken", "token", s.token)
	s.Handle("POST /v1.0/card/instances/createAndDeliver", "send", s.authorized(s.send))
	s.Handle("PUT /v1.0/card/instances", "update", s.authorized(s.update))
	s.Handle("POST /v1.0/card/callbacks/register", "register", s.authorized(s.register))
	s.Handle("POST /topapi/v2/department/listsub", "departments", s.authorizedOld(s.departments))
	s.Handle("POST /topapi/v2/user/list", "people", s.authorizedOld(s.members))
	s.Handle("POST /topapi/user/getbyunionid", "union", s.authorizedOld(s.byUnion))
	s.Raw("GET /oauth2/auth", s.authorize)
	s.Handle("POST /v1.0/oauth2/userAccessToken", "code", s.redeem)
	s.Handle("GET /v1.0/contact/users/me", "who", s.me)
	s.Handle("POST /v1.0/gateway/connections/open", "stream", s.openStream)
	s.Raw("GET /stream", s.acceptStream)
	return s
}

// ExpireTokens ends all tokens of the app before their time.
func (s *Sim) ExpireTokens() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.tokens)
}

func refuse(status int, code, message string) simphone.Answer {
	return simphone.JSON(status, map[string]string{"code": code, "message": message, "requestid": random("")})
}

func okOld(result any) simphone.Answer {
	return simphone.JSON(http.StatusOK, map[string]any{"errcode": 0, "errmsg": "ok", "result": result})
}

func refuseOld(code int, words string) simphone.Answer {
	return simphone.JSON(http.StatusOK, map[string]any{"errcode": code, "errmsg": words})
}

func random(prefix string) string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}

func (s *Sim) person(is func(Person) bool) (Person, bool) {
	for _, p := range s.config.People {
		if is(p) {
			return p, true
		}
	}
	return Person{}, false
}

func (s *Sim) token(_ *http.Request, body []byte) simphone.Answer {
	var in struct{ AppKey, AppSecret string }
	if json.Unmarshal(body, &in) != nil || in.AppKey != s.config.AppKey || in.AppSecret != s.config.AppSecret {
		return refuse(http.StatusBadRequest, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for token, until := range s.tokens { // the same one until it ends
		if left := until.Sub(s.Clock()); left > 0 {
			return simphone.JSON(http.StatusOK, map[string]any{"accessToken": token, "expireIn": int(left.Seconds())})
		}
	}
	token := random("")
	s.tokens[token] = s.Clock().Add(tokenServes)
	return simphone.JSON(http.StatusOK, map[string]any{"accessToken": token, "expireIn": int(tokenServes.Seconds())})
}

func (s *Sim) serves(token string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	until, known := s.tokens[token]
	return known && s.Clock().Before(until)
}

type operation = func(*http.Request, []byte) simphone.Answer

// authorized lets only the app in: the newer way, by a header.
func (s *Sim) authorized(do operation) operation {
	return func(r *http.Request, body []byte) simphone.Answer {
		if !s.serves(r.Header.Get("X-Acs-Dingtalk-Access-Token")) {
			return refuse(http.StatusUnauthorized, "InvalidAuthentication", "不合法的access_token")
		}
		return do(r, body)
	}
}

// authorizedOld lets only the app in: the older way, by the address.
func (s *Sim) authorizedOld(do operation) operation {
	return func(r *http.Request, body []byte) simphone.Answer {
		if !s.serves(r.URL.Query().Get("access_token")) {
			return refuseOld(40014, "不合法的access_token")
		}
		return do(r, body)
	}
}

func stamp(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
