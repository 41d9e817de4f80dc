// Package port is what every messaging platform is asked for, and what it tells
// us. Providers import it; everybody else imports adapters/im, which names the
// same types and knows the list of providers.
//
//	Send ──▶ a card in somebody's hand ──▶ they press ──▶ Hear ──▶ Click ──▶ the inbox
//	Update ◀── decided, here or elsewhere                     └──▶ Response, at once
//
// A platform carries words and presses, and decides nothing: what a card says is
// never believed, and who pressed it is judged anew when the press arrives.
package port

import (
	"context"
	"time"
)

// Port is one app on one platform.
//
// Errors are faults. Invalid and Forbidden mean the platform refused, and asking
// again would not help; Busy means nothing was sent; Unknown means it may have
// been, and the same Card.ID folds a repeat into the first where
// Capabilities.FoldsRepeats says so.
// Time: each call is bounded by Config.Timeout.
type Port interface {
	// Name says which app this is, for logs and the delivery log.
	Name() string
	// Capabilities says what this platform can do, as data.
	Capabilities() Capabilities
	// Send shows a card to one person, by the platform's id of them.
	Send(ctx context.Context, to string, c Card) (Sent, error)
	// Update shows another content where the card is. It fails with Invalid
	// im.card_gone where the platform lets it be changed no more: send words then.
	Update(ctx context.Context, s Sent, c Card) error
	// People lists whom the app may reach, in pages; "" is the first and the last cursor.
	People(ctx context.Context, cursor string) (People, error)
	// Hear reads one callback over its raw bytes: verifies, decrypts, parses.
	// Nothing in Heard came from anybody but the platform.
	//
	// Errors: Forbidden im.not_theirs for whatever does not verify, is stale or is
	// malformed; all of them alike, because who asks is nobody we know.
	Hear(ctx context.Context, r Request) (Heard, error)
}

// Streamer is a Port whose platform is heard over a connection that we open, so
// that nobody needs to reach us. It returns when the context ends or the
// connection does, and is called again.
type Streamer interface {
	// Listen gives each press to hear, and answers the platform with what it returns.
	Listen(ctx context.Context, hear func(context.Context, Click) Toast) error
}

// SignIn is a Port that says who opened a page inside its app.
type SignIn interface {
	// SignInURL is where the web view is sent; it comes back with code and state.
	SignInURL(at Attempt) string
	// WhoIs gives the platform's id of whom a code is for. A code serves once, and
	// only for the attempt that SignInURL was asked for.
	//
	// Errors: Forbidden im.not_theirs.
	WhoIs(ctx context.Context, code string, at Attempt) (string, error)
}

// Attempt is one try to sign in, of one browser.
type Attempt struct {
	Redirect string // where the platform sends the browser back to
	State    string // comes back with it
	Verifier string // PKCE's, where the platform knows that: who only sees the code cannot use it
}

// Capabilities says what a platform can do. Callers and the conformance suite
// read it instead of asking for the provider's name.
type Capabilities struct {
	FoldsRepeats bool          // a second Send with the same Card.ID shows no second card
	Reason       bool          // somebody can write a reason on the card; otherwise reject opens the page
	Updates      int           // how often a card may be changed; 0 = as often as one likes
	UpdateFor    time.Duration // how long after it was sent; 0 = for ever
	Resends      bool          // a callback that was not acknowledged comes again
	AckWithin    time.Duration // what it waits for an answer to a callback
}

// Card is what somebody sees: words, and what they may press. The words are in
// the reader's language already; a provider escapes them for its own markup.
type Card struct {
	ID      string // ours: one card, however often it is sent; [0-9A-Za-z_-], 64 at most
	Locale  string // of the words: zh-CN, en
	Title   string // what it is about
	Summary string // one line for a list or a lock screen, without amounts where the house says so
	Rows    []Row  // amount, payee, applicant, reason, time left, marks
	State   string // how it ended, in words; "" while it is open, and a card with it has no buttons
	Buttons []Button
	Link    string // where the page is, absolute
	Open    string // the words on that link
}

// Row is one line of a card.
type Row struct{ Name, Value string }

// Button is what may be pressed, or opens a page: what wants a reason does where the
// platform has no field for one.
type Button struct {
	Verdict Verdict
	Words   string
	Token   string // opaque: ours to read, see Click.Token
	Ask     string // what the reason is asked for with; "" = none is asked for
	Link    string // absolute: opens this page instead, and nothing is pressed; "" = it is pressed
}

// Verdict is what a press says.
type Verdict string

// The verdicts a card has buttons for.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
)

// Sent is what a platform needs to change a card again. It may change with each press.
type Sent struct {
	To      string `json:"to"`                // the platform's id of the person
	Card    string `json:"card"`              // Card.ID
	Message string `json:"message,omitempty"` // the platform's id of the message
	Where   string `json:"where,omitempty"`   // the conversation, where the platform wants it
	Once    string `json:"once,omitempty"`    // a code that serves one change: WeCom's response_code; "" = none is left
}

// People is one page of whom an app may reach.
type People struct {
	People []Person
	Next   string // "" = this was the last
}

// Person is somebody as the platform knows them. What it does not tell is "".
type Person struct {
	ID, Name, Email, Employee string
	Active                    bool
}

// Request is one callback as it came; Body is raw.
type Request struct {
	Method string
	Query  map[string][]string
	Header map[string][]string // canonical names
	Body   []byte
	At     time.Time // when it came
}

// Heard is what a verified callback says.
type Heard struct {
	Clicks []Click
	// Reply makes the answer once everything heard is committed; toast is what the
	// one who pressed is told. It is never nil.
	Reply func(toast Toast) Response
}

// Click is one press.
type Click struct {
	Event    string // unique in the app: the platform's id of it, or made of what identifies it
	Operator string // who pressed, by the platform's id
	Token    string // of the button
	Verdict  Verdict
	Reason   string
	At       time.Time // by the platform's clock; zero where it says none
	Sent     Sent      // how to change the card from now on
}

// Toast is what whoever pressed is told at once.
type Toast struct {
	OK     bool
	Words  string
	Locale string
	Card   *Card // shown in place, where the platform takes a card in the answer
}

// Response is what the platform is answered.
type Response struct {
	Status int
	Type   string // Content-Type
	Body   []byte
}
