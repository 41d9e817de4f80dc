// Package sim is a small ledger behind a SOAP interface for tests: SOAP 1.1 or 1.2 over HTTP,
// document/literal, with basic, bearer or WS-Security UsernameToken authentication, written
// from the specifications, with nothing of the connector.
//
// Verified (W3C SOAP 1.1, SOAP 1.2 part 1 and 2, OASIS WSS UsernameToken 1.0): both
// namespaces and media types, SOAPAction in quotation marks and the action parameter, status
// 500 for every fault of 1.1, 400 for Sender of 1.2, VersionMismatch, MustUnderstand for a
// header that is not known, the form of both faults, PasswordText and PasswordDigest with
// nonce and creation time, refusal of a repeated nonce and of an old time, FailedAuthentication,
// no document type in a message.
//
// Our own: what the ledger is asked and answers, for there is no such standard; it stands for
// any ERP that a mapping file describes.
package sim

import (
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const bodyMax = 8 << 20

// Who may log in, and where.
const (
	User     = "countersign"
	Password = "soap-<secret>&1"
	Path     = "/services/ledger"
	Space    = "http://example.com/ledger/1"
)

// The versions of SOAP, and the ways to sign in.
const (
	V11 = "1.1"
	V12 = "1.2"

	Basic  = "basic"
	Bearer = "bearer"
	Text   = "wss-text"
	Digest = "wss-digest"
)

// The faults that can be injected, beside those of a proxy.
const (
	Locked   = "locked"       // somebody else works on it: a fault with the ledger's code
	TooMany  = "too many"     // the ledger has no time: a fault with its code
	Dump     = "dump"         // a server's fault, before anything
	DoneLate = "done, late"   // done, and then a server's fault
	Odd      = "odd"          // done, and a fault that nobody knows
	Evil     = "evil"         // done, and an answer with a document type
	Strange  = "strange"      // done, and an answer to another question
	Twice    = "twice"        // done, and an answer with each value twice
	Page     = "page"         // done, and a page of a proxy
	NoList   = "no list"      // an answer without what was asked for
	Refuses  = "client fault" // a client's fault without a code of the ledger
)

// Server is one ledger. It is an http.Handler.
type Server struct {
	Books   *simbooks.Books
	Faults  *simbooks.Faults
	Version string
	Auth    string

	mutex  sync.Mutex
	nonces map[string]bool
}

// New makes a ledger with fresh books.
func New(version, auth string) *Server {
	return &Server{Books: simbooks.New(), Faults: &simbooks.Faults{}, Version: version, Auth: auth,
		nonces: map[string]bool{}}
}

// Counted says how many drafts and posted vouchers carry a reference.
func (s *Server) Counted(reference string) (drafts, posted int) {
	return s.Books.Count(reference, "posted")
}

// fault is a no.
type fault struct {
	code   string // Client, Server, MustUnderstand, VersionMismatch, or wsse:…
	detail string // the ledger's own code, "" for none
	words  string
}

func client(words string) *fault { return &fault{code: "Client", words: words} }

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != Path || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if !s.knows(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="ledger"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	action, ok := s.action(r.Header)
	if !ok {
		http.Error(w, "not the media type of SOAP "+s.Version, http.StatusUnsupportedMediaType)
		return
	}
	asked, no := s.open(body)
	if no == nil && action != Space+"/"+asked.XMLName.Local {
		no = client("the action " + action + " is not that of " + asked.XMLName.Local)
	}
	if no != nil {
		s.refuse(w, no)
		return
	}
	s.answer(w, asked)
}

// knows says whether HTTP says who asks, where it has to.
func (s *Server) knows(r *http.Request) bool {
	switch s.Auth {
	case Basic:
		user, password, _ := r.BasicAuth()
		return user == User && password == Password
	case Bearer:
		return r.Header.Get("Authorization") == "Bearer "+Password
	}
	return true
}

// action is what a request's headers say it is.
func (s *Server) action(h http.Header) (string, bool) {
	media, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", false
	}
	if s.Version == V12 {
		return parameters["action"], media == "application/soap+xml"
	}
	quoted := h.Get("SOAPAction")
	action := strings.Trim(quoted, `"`)
	return action, media == "text/xml" && quoted == `"`+action+`"`
}

// answer does what was asked, and goes wrong where a test wants it.
func (s *Server) answer(w http.ResponseWriter, asked *element) {
	name := asked.XMLName.Local
	injected := s.Faults.Take(name)
	switch injected {
	case Locked:
		s.refuse(w, &fault{"Client", "locked", "the voucher is locked by another user"})
		return
	case TooMany:
		s.refuse(w, &fault{"Server", "too_many", "too many requests"})
		return
	case Refuses:
		s.refuse(w, client("the ledger does not want it"))
		return
	case Dump:
		s.refuse(w, &fault{code: "Server", words: "internal error 4711"})
		return
	}
	answer, no := s.do(asked)
	if no != nil {
		s.refuse(w, no)
		return
	}
	switch injected {
	case DoneLate:
		s.refuse(w, &fault{code: "Server", words: "internal error 4711"})
	case Odd:
		s.refuse(w, &fault{code: "x:Weather", words: "it rains"})
	case Evil:
		_, _ = io.WriteString(w, `<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><e>&x;</e>`)
	case Page:
		_, _ = io.WriteString(w, "<html><body>Welcome</body></html>")
	case Strange:
		s.say(w, http.StatusOK, `<l:OtherResponse xmlns:l="`+Space+`"/>`)
	case Twice:
		s.say(w, http.StatusOK, wrap(name, strings.ReplaceAll(answer, "<l:state>", "<l:state>posted</l:state><l:state>")))
	case NoList:
		s.say(w, http.StatusOK, wrap(name, ""))
	default:
		s.say(w, http.StatusOK, wrap(name, answer))
	}
}

func wrap(name, inner string) string {
	return `<l:` + name + `Response xmlns:l="` + Space + `">` + inner + `</l:` + name + `Response>`
}

// say writes an envelope.
func (s *Server) say(w http.ResponseWriter, status int, body string) {
	media := "text/xml; charset=utf-8"
	if s.Version == V12 {
		media = "application/soap+xml; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `%s<s:Envelope xmlns:s="%s"><s:Header/><s:Body>%s</s:Body></s:Envelope>`, xml.Header,
		spaces[s.Version], body)
}

// refuse writes a fault in the form of the version.
func (s *Server) refuse(w http.ResponseWriter, no *fault) {
	detail := ""
	if no.detail != "" {
		detail = `<l:error xmlns:l="` + Space + `"><l:code>` + no.detail + `</l:code></l:error>`
	}
	code, declared := no.code, ` xmlns:wsse="`+wsse+`" xmlns:x="urn:x"`
	own := !strings.Contains(code, ":")
	if s.Version == V11 {
		if own {
			code = "s:" + code
		}
		if detail != "" {
			detail = "<detail>" + detail + "</detail>"
		}
		s.say(w, http.StatusInternalServerError, "<s:Fault"+declared+"><faultcode>"+code+"</faultcode><faultstring>"+
			escaped(no.words)+"</faultstring>"+detail+"</s:Fault>")
		return
	}
	value, sub, status := "s:Receiver", "", http.StatusInternalServerError
	switch {
	case !own && code != "x:Weather": // who asks is not known
		value, sub, status = "s:Sender", code, http.StatusBadRequest
	case !own:
		sub = code
	case code == "Client":
		value, status = "s:Sender", http.StatusBadRequest
	case code != "Server":
		value = "s:" + code
	}
	if sub != "" {
		sub = "<s:Subcode><s:Value>" + sub + "</s:Value></s:Subcode>"
	}
	if detail != "" {
		detail = "<s:Detail>" + detail + "</s:Detail>"
	}
	s.say(w, status, "<s:Fault"+declared+"><s:Code><s:Value>"+value+"</s:Value>"+sub+
		`</s:Code><s:Reason><s:Text xml:lang="en">`+escaped(no.words)+"</s:Text></s:Reason>"+detail+"</s:Fault>")
}
