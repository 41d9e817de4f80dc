package tryton

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// words maps what Tryton says, in English, to our codes; the first match wins.
// The texts are those of Tryton 6.0 with the context language en.
var words = []struct {
	text *regexp.Regexp
	code string
}{
	// The first two moves of a journal and period at the same moment both make
	// its journal-period; one of them is rolled back, and works when asked again.
	{regexp.MustCompile(`(?i)only one journal per period`), port.CodeUnavailable},
	{regexp.MustCompile(`(?i)must balance all its lines|set both debit and credit`), port.CodeUnbalanced},
	{regexp.MustCompile(`(?i)closed (journal-)?period|period .* is closed|outside the period`), port.CodeClosedPeriod},
	{regexp.MustCompile(`(?i)create a (period|fiscal year) for`), port.CodeClosedPeriod},
	{regexp.MustCompile(`(?i)must set a party`), port.CodeUnknownParty},
	{regexp.MustCompile(`(?i)(set a type or unclose|for field "Account")`), port.CodeUnknownAccount},
	{regexp.MustCompile(`(?i)not allowed|do not have (permission|access)|access right`), port.CodeNotAllowed},
}

// errorFault turns the error of an envelope into a fault. Tryton rolls the
// whole request back before it answers with an error, so nothing was written.
func errorFault(raw json.RawMessage, writes bool) error {
	var parts []json.RawMessage
	var class string
	if json.Unmarshal(raw, &parts) != nil || len(parts) == 0 || json.Unmarshal(parts[0], &class) != nil {
		return port.Unclear(string(raw), writes)
	}
	text := plainText(parts[1:])
	switch class {
	case "UserError":
		return sortWords(text)
	case "UserWarning":
		var arguments []any
		name := ""
		if len(parts) > 1 && json.Unmarshal(parts[1], &arguments) == nil && len(arguments) > 0 {
			name, _ = arguments[0].(string)
		}
		return &warning{name: name, error: port.Fault(port.CodeRefused, text)}
	case "ConcurrencyException":
		return port.Fault(port.CodeUnavailable, text)
	case "LoginException":
		return port.Fault(port.CodeNotAllowed, "login refused")
	}
	// What is left is the text of a Python exception.
	if strings.Contains(class, "duplicate key value") {
		return port.Fault(port.CodeUnavailable, class) // our index: the other one is there now, or about to be
	}
	if strings.Contains(class, "serialize") || strings.Contains(class, "deadlock") ||
		strings.Contains(class, "could not obtain lock") {
		return port.Fault(port.CodeUnavailable, class)
	}
	if strings.Contains(class, "connection") || strings.Contains(class, "server closed") {
		return port.Unclear(class, writes) // it lost its database, perhaps during the commit
	}
	return port.Fault(port.CodeRefused, class)
}

// warning is a refusal that may be accepted by its name.
type warning struct {
	name string
	error
}

// Unwrap shows the fault to those who do not accept it.
func (w *warning) Unwrap() error { return w.error }

func sortWords(text string) error {
	for _, w := range words {
		if w.text.MatchString(text) {
			return port.Fault(w.code, text)
		}
	}
	return port.Fault(port.CodeRefused, text)
}

func faultWhat(what string) fault.Detail { return fault.Arg("what", what) }

// plainText joins the texts of an error's arguments.
func plainText(parts []json.RawMessage) string {
	var texts []string
	for _, p := range parts {
		var one string
		var many []any
		if json.Unmarshal(p, &one) == nil {
			texts = append(texts, one)
		} else if json.Unmarshal(p, &many) == nil {
			for _, m := range many {
				if t, ok := m.(string); ok && t != "" {
					texts = append(texts, t)
				}
			}
		}
	}
	return strings.TrimSpace(strings.Join(texts, " "))
}

// statusFault turns an HTTP status into a fault. Behind 500 and the gateway's
// statuses the request may have run to its end.
func statusFault(status int, body []byte, writes bool) error {
	text := http.StatusText(status)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return port.Fault(port.CodeNotAllowed, text)
	case http.StatusTooManyRequests:
		return port.Fault(port.CodeRateLimited, text)
	case http.StatusNotFound:
		return port.Fault(port.CodeUnavailable, "no such database")
	case http.StatusServiceUnavailable:
		return port.Unclear(text, writes)
	}
	if status >= 400 && status < 500 {
		return port.Fault(port.CodeRefused, text)
	}
	return port.Unclear(text, writes)
}
