package odoo

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// pythonError is an exception as Odoo tells it, the same in both dialects.
type pythonError struct {
	Name    string `json:"name"` // of its class, with the module
	Message string `json:"message"`
}

// words maps what Odoo says, in English, to our codes; the first match wins.
var words = []port.Words{
	{Text: regexp.MustCompile(`(?i)prior to and inclusive of|lock date|locked period`), Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`(?i)is not balanced|unbalanced journal entry`), Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(?i)(deprecated|archived) account`), Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(?i)archived (partner|contact)`), Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`(?i)not allowed to (access|create|modify|delete|perform)`), Code: port.CodeNotAllowed},
}

// fault turns an exception into one of ours. Odoo rolls the whole request back
// before it answers with one, so nothing was written, unless it is its database
// that went away, perhaps during the commit.
func (e pythonError) fault(otherwise string, writes bool) error {
	text := strings.TrimSpace(e.Message)
	if text == "" {
		text = otherwise
	}
	class := e.Name[strings.LastIndex(e.Name, ".")+1:]
	switch class {
	case "":
		return port.Unclear(text, writes)
	case "AccessError", "AccessDenied", "Unauthorized", "Forbidden", "SessionExpiredException":
		return port.Fault(port.CodeNotAllowed, text)
	case "NotFound": // of the page, the model or the method; a record that is gone is a MissingError
		return port.Fault(port.CodeBadConfig, text, fault.Arg("what", "url"))
	case "TooManyRequests":
		return port.Fault(port.CodeRateLimited, text)
	case "SerializationFailure", "DeadlockDetected", "LockNotAvailable", "ConcurrencyError", "LockError":
		return port.Fault(port.CodeUnavailable, text)
	case "UniqueViolation", "IntegrityError":
		return port.Fault(port.CodeUnavailable, text) // an index of the owner's: the other one is there now, or about to be
	case "OperationalError", "InterfaceError", "AdminShutdown", "PoolError":
		if strings.Contains(text, "could not serialize") || strings.Contains(text, "deadlock") {
			return port.Fault(port.CodeUnavailable, text)
		}
		return port.Unclear(text, writes)
	}
	return port.Sort(words, text)
}

// statusFault turns an HTTP status into a fault. An exception that came with it
// says more; without one, what lies behind 5xx may have run to its end.
func statusFault(status int, e pythonError, writes bool) error {
	text := http.StatusText(status)
	if e.Message != "" {
		text = e.Message
	}
	switch {
	case e.Name != "":
		return e.fault(text, writes)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return port.Fault(port.CodeNotAllowed, text)
	case status == http.StatusTooManyRequests:
		return port.Fault(port.CodeRateLimited, text)
	case status >= 300 && status < 400:
		return port.Fault(port.CodeBadConfig,
			"the server wants to redirect us: name the database, and the address with its right scheme",
			fault.Arg("what", "database"))
	case status == http.StatusNotFound:
		return port.Fault(port.CodeBadConfig, text, fault.Arg("what", "url"))
	case status == http.StatusRequestTimeout, status >= 500:
		return port.Unclear(text, writes)
	}
	return port.Fault(port.CodeRefused, text)
}
