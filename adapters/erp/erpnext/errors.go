package erpnext

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// words maps what ERPNext says, in English, to our codes; the first match wins.
var words = []port.Words{
	{Text: regexp.MustCompile(`(?i)books have been closed|not authorized to add or update entries before`),
		Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`(?i)not in any active fiscal year|closed accounting period`), Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`(?i)total debit must be equal to total credit|debit and credit not equal`),
		Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(?i)party type and party is required`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`(?i)could not find .*\b(party|supplier|employee|customer)\b`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`(?i)could not find .*\baccount\b`), Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(?i)could not find row #`), Code: port.CodeUnknownDimension}, // any other link of a row
	{Text: regexp.MustCompile(`(?i)account .*(is disabled|is frozen|is a group|does not belong)`),
		Code: port.CodeUnknownAccount},
}

// classes maps the classes of Frappe's exceptions to our codes.
var classes = map[string]string{
	"AuthenticationError": port.CodeNotAllowed, "PermissionError": port.CodeNotAllowed,
	"FiscalYearError": port.CodeClosedPeriod, "ClosedAccountingPeriod": port.CodeClosedPeriod,
	// The other one is there now, or about to be: the next look tells.
	"DuplicateEntryError": port.CodeUnavailable, "UniqueValidationError": port.CodeUnavailable,
	"TimestampMismatchError": port.CodeUnavailable, "QueryDeadlockError": port.CodeUnavailable,
	"QueryTimeoutError": port.CodeUnavailable, "SessionStopped": port.CodeUnavailable,
	"InReadOnlyMode":         port.CodeUnavailable,
	"RateLimitExceededError": port.CodeRateLimited, "TooManyRequestsError": port.CodeRateLimited,
}

// said is an answer that refuses.
type said struct {
	Class     string `json:"exc_type"`
	Exception string `json:"exception"`
	Messages  string `json:"_server_messages"` // a JSON list of JSON texts
}

// refusal turns an answer that refuses into a fault. Frappe rolls the request
// back before it tells of an exception; without one, what lies behind 5xx may
// have run to its end.
func refusal(answer port.Answer, writes bool) error {
	var s said
	if json.Unmarshal(answer.Body, &s) != nil || s.Class == "" && s.Exception == "" {
		return port.Status(answer.Status, writes)
	}
	text := s.words()
	class := s.Class
	if class == "" {
		class, _, _ = strings.Cut(s.Exception, ":")
		class = class[strings.LastIndex(class, ".")+1:]
	}
	if code := classes[class]; code != "" {
		return port.Fault(code, text)
	}
	if class == "OperationalError" || class == "InterfaceError" {
		return port.Unclear(text, writes) // it lost its database, perhaps during the commit
	}
	if answer.Status == http.StatusTooManyRequests {
		return port.Fault(port.CodeRateLimited, text)
	}
	return port.Sort(words, text)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words are what people would have been shown, without its HTML.
func (s said) words() string {
	var texts, shown []string
	_ = json.Unmarshal([]byte(s.Messages), &texts)
	for _, text := range texts {
		var m struct {
			Message string `json:"message"`
		}
		if json.Unmarshal([]byte(text), &m) == nil && m.Message != "" {
			shown = append(shown, m.Message)
		}
	}
	if len(shown) == 0 {
		_, text, found := strings.Cut(s.Exception, ": ")
		if !found {
			text = s.Class
		}
		shown = append(shown, text)
	}
	return strings.TrimSpace(tags.ReplaceAllString(strings.Join(shown, " "), " "))
}
