// Package sim is a small WeCom for development and tests: the methods that an app of a
// company's own asks, the callbacks it gets, and a page like a phone on which people
// see their cards and press them.
//
// Written from the facts and the published vectors, not from the adapter, of which it
// imports nothing. No real WeCom has answered here.
//
// From documentation: tokens of 7200 s, told again until they end; template cards,
// their task_id and response_code (once, 72 h); callbacks signed with SHA-1 over the
// sorted strings and encrypted with AES-256-CBC padded to 32, sent again three times;
// 60020 for addresses that are not trusted; 45009, 40014, 42001, 81013, 40029.
// From reports of users: a second card with the same task_id is answered with 0 and
// shown to nobody. It tells no response_code here, which is the stricter guess; so are
// the numbers of a used (42043) and of an unknown (42042) response_code.
package sim

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Options are how the company is set up; a zero value is a default.
type Options struct {
	Corp   string // ww-sim
	Agent  int    // 1000002
	Secret string // sim-secret
	Token  string // sim-token
	Key    string // EncodingAESKey

	TokenLife  time.Duration  // of an access token; 7200 s
	CodeLife   time.Duration  // of a response_code; 72 h
	PerMinute  int            // calls of the app; 2000
	Trusted    []netip.Prefix // that may ask; none = everybody
	Callback   string         // where presses are told; "" = nowhere until SetCallback
	AnswerIn   time.Duration  // that a callback may take; 5 s
	RetryAfter time.Duration  // between a callback and the same again; 1 s
	Now        func() time.Time
	Journal    string // file that it writes what happened to; "" = none
}

// The defaults that tests and dev name too.
const (
	Corp   = "ww-sim"
	Agent  = 1000002
	Secret = "sim-secret"
	Token  = "sim-token"
	Key    = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

	retries = 3 // after the first
)

// Member is somebody of the company.
type Member struct {
	ID, Name, Email, Employee string
	Department                int  // 0 is the company's own, 1
	Disabled                  bool // by the company's administrator
}

// Server answers as WeCom with one company and one app.
type Server struct {
	options Options
	mux     *http.ServeMux
	client  *http.Client

	mutex   sync.Mutex
	members []Member
	cards   []*Card
	codes   map[string]code   // response_code → card
	signIns map[string]string // code of a sign-in → member
	tokens  map[string]time.Time
	calls   []time.Time // of the last minute
	faults  map[string][]Fault
	serial  int
	journal *journal
	work    sync.WaitGroup // callbacks under way
}

// code is what serves one change of one card.
type code struct {
	card  *Card
	until time.Time
	used  bool
}

// New sets up a company without members.
func New(o Options) (*Server, error) {
	o.Corp, o.Agent = cmp.Or(o.Corp, Corp), cmp.Or(o.Agent, Agent)
	o.Secret, o.Token, o.Key = cmp.Or(o.Secret, Secret), cmp.Or(o.Token, Token), cmp.Or(o.Key, Key)
	o.TokenLife, o.CodeLife = cmp.Or(o.TokenLife, 2*time.Hour), cmp.Or(o.CodeLife, 72*time.Hour)
	o.AnswerIn, o.RetryAfter = cmp.Or(o.AnswerIn, 5*time.Second), cmp.Or(o.RetryAfter, time.Second)
	o.PerMinute = cmp.Or(o.PerMinute, 2000)
	if o.Now == nil {
		o.Now = time.Now
	}
	kept, err := openJournal(o.Journal, o.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, codes: map[string]code{}, signIns: map[string]string{}, tokens: map[string]time.Time{},
		faults: map[string][]Fault{}, journal: kept, client: &http.Client{Timeout: o.AnswerIn}}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET /cgi-bin/gettoken", s.giveToken)
	s.mux.HandleFunc("POST /cgi-bin/message/send", s.asked("send", s.send))
	s.mux.HandleFunc("POST /cgi-bin/message/update_template_card", s.asked("update", s.update))
	s.mux.HandleFunc("GET /cgi-bin/department/simplelist", s.asked("departments", s.departments))
	s.mux.HandleFunc("GET /cgi-bin/user/list", s.asked("members", s.listed))
	s.mux.HandleFunc("GET /cgi-bin/auth/getuserinfo", s.asked("sign_in", s.whoIs))
	s.mux.HandleFunc("GET /connect/oauth2/authorize", s.authorize)
	s.mux.HandleFunc("POST /_sandbox/faults", s.setFaults)
	s.phone()
	return s, nil
}

// ServeHTTP answers whoever asks.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close waits for the callbacks under way.
func (s *Server) Close() {
	s.work.Wait()
	s.journal.close()
}

// Join adds people to the company.
func (s *Server) Join(members ...Member) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, m := range members {
		m.Department = max(m.Department, 1)
		s.members = append(s.members, m)
	}
}

// SetCallback says where presses are told.
func (s *Server) SetCallback(address string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.options.Callback = address
}

// EndTokens makes every access token end now, before its time.
func (s *Server) EndTokens() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.tokens)
}

// member finds somebody; the lock is held.
func (s *Server) member(id string) (Member, bool) {
	at := slices.IndexFunc(s.members, func(m Member) bool { return m.ID == id })
	if at < 0 {
		return Member{}, false
	}
	return s.members[at], true
}
