package simphone

import (
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Card is what a person sees, read out of the platform's own form of it.
type Card struct {
	Title, Summary string
	Lines          []Line
	Buttons        []Button
	Links          []Link
}

// Link is where a card leads.
type Link struct{ Words, URL string }

// Line is one line of a card; Marked is what the platform's markup would make of
// it beside plain words: a mention, a link. A card of ours never has any.
type Line struct {
	Text   string
	Marked []string
}

// Button is what may be pressed.
type Button struct {
	Name, Words string
	Asks        string // what it asks a reason with, "" where it asks none
}

// Message is one card in somebody's hand.
type Message struct {
	ID, To, Chat string
	Ref          string // what the sender calls it
	Card         Card
	Edits        int
	Notes        []string // what else the platform shows below it
}

// Press is one press of a button by a person.
type Press struct{ Message, Operator, Button, Reason string }

// Told is what the person sees at once.
type Told struct {
	Status int    // of the callback's answer
	OK     bool   // whether the platform took it as one
	Words  string // of the toast, or the platform's own for a failure
}

// Presser makes the callback of a press.
type Presser func(ctx context.Context, p Press) Told

// Phone holds the messages of everybody.
type Phone struct {
	mutex    sync.Mutex
	messages []*Message
}

// Show adds a message.
func (p *Phone) Show(m Message) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.messages = append(p.messages, &m)
}

// Change changes the message of an id under the lock, and says whether there is one.
func (p *Phone) Change(id string, change func(*Message)) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, m := range p.messages {
		if m.ID == id {
			change(m)
			return true
		}
	}
	return false
}

// Message gives the message of an id.
func (p *Phone) Message(id string) (Message, bool) {
	var got Message
	found := p.Change(id, func(m *Message) { got = *m; got.Notes = slices.Clone(m.Notes) })
	return got, found
}

// Messages are those to a person, newest first; "" for everybody's.
func (p *Phone) Messages(to string) []Message {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var got []Message
	for _, m := range slices.Backward(p.messages) {
		if to == "" || m.To == to {
			got = append(got, *m)
		}
	}
	return got
}

//go:embed phone.html
var page string

//go:embed phone.css
var style []byte

var phonePage = template.Must(template.New("phone").Parse(page))

// Look adds the pages for whoever looks on: the phone, the journal, the faults.
func (s *Server) Look() {
	s.Raw("GET /_phone", s.showPhone)
	s.Raw("POST /_phone/press", s.pressPhone)
	s.Raw("GET /_phone/style.css", func(w http.ResponseWriter, _ *http.Request) {
		send(w, Answer{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/css"}, Body: style})
	})
	s.Raw("GET /_sandbox/journal", s.showJournal)
	s.Raw("POST /_sandbox/faults", s.setFaults)
}

func (s *Server) showPhone(w http.ResponseWriter, r *http.Request) {
	who := r.URL.Query().Get("who")
	people := map[string]int{}
	for _, m := range s.Phone.Messages("") {
		people[m.To]++
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'")
	_ = phonePage.Execute(w, map[string]any{"Name": s.Name, "Who": who, "People": people,
		"Messages": s.Phone.Messages(who), "Told": r.URL.Query().Get("told")})
}

func (s *Server) pressPhone(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	p := Press{r.PostFormValue("message"), r.PostFormValue("who"), r.PostFormValue("button"), r.PostFormValue("reason")}
	told := s.Press(r.Context(), p)
	back := url.Values{"who": {p.Operator}, "told": {told.Words}}
	http.Redirect(w, r, "../_phone?"+back.Encode(), http.StatusSeeOther)
}
