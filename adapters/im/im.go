// Package im shows somebody a card on a messaging platform, and hears what they pressed.
//
// The port and its types live in adapters/im/port, so that providers and this
// package's list of providers do not import each other; they carry the same names
// here, and callers need no other package.
//
//	relay ──▶ Send · Update ──▶ wecom · … ──▶ the platform
//	gateway/hooks ◀── Hear ◀────┘
package im

import "github.com/countersign/countersign/adapters/im/port"

// The port and what travels through it; see package port for each promise.
type (
	// Port is one app on one platform.
	Port = port.Port
	// Streamer is a Port that is heard over a connection of ours.
	Streamer = port.Streamer
	// SignIn is a Port that says who opened a page inside its app.
	SignIn = port.SignIn
	// Attempt is one try to sign in.
	Attempt = port.Attempt
	// Capabilities says what a platform can do.
	Capabilities = port.Capabilities
	// Card is what somebody sees.
	Card = port.Card
	// Row is one line of a card.
	Row = port.Row
	// Button is what may be pressed.
	Button = port.Button
	// Verdict is what a press says.
	Verdict = port.Verdict
	// Sent is what a platform needs to change a card again.
	Sent = port.Sent
	// People is one page of whom an app may reach.
	People = port.People
	// Person is somebody as the platform knows them.
	Person = port.Person
	// Request is one callback as it came.
	Request = port.Request
	// Heard is what a verified callback says.
	Heard = port.Heard
	// Click is one press.
	Click = port.Click
	// Toast is what whoever pressed is told.
	Toast = port.Toast
	// Response is what the platform is answered.
	Response = port.Response
	// Config is one app.
	Config = port.Config
	// Secret is a key that never shows itself.
	Secret = port.Secret
)

// The verdicts a card has buttons for.
const (
	Approve = port.Approve
	Reject  = port.Reject
)

// The codes of what a platform may answer.
const (
	CodeRefused     = port.CodeRefused
	CodeNobody      = port.CodeNobody
	CodeCardGone    = port.CodeCardGone
	CodeNotTheirs   = port.CodeNotTheirs
	CodeRateLimited = port.CodeRateLimited
	CodeUnavailable = port.CodeUnavailable
	CodeUnknown     = port.CodeUnknown
	CodeBadConfig   = port.CodeBadConfig
)
