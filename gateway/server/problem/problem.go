// Package problem turns faults into RFC 9457 problems: one table from kind to
// HTTP status, the text from the catalogs in the caller's language.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/trace"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// itemMax bounds how many single errors one problem lists.
const itemMax = 100

// Problem is an RFC 9457 problem document. The code is stable and for programs;
// title and detail are for people, in their language.
type Problem struct {
	Type     string            `json:"type" doc:"A stable URN that names the problem, made of its code"`
	Title    string            `json:"title" doc:"What kind of problem this is, in the caller's language"`
	Status   int               `json:"status" doc:"The HTTP status"`
	Detail   string            `json:"detail" doc:"What happened and how to mend it, in the caller's language"`
	Instance string            `json:"instance,omitempty" doc:"The id of the request, to quote to an operator"`
	Code     string            `json:"code" doc:"The stable code, for programs"`
	Kind     string            `json:"kind" doc:"What to do about it"`
	Field    string            `json:"field,omitempty" doc:"The field to blame, as a path"`
	Args     map[string]string `json:"args,omitempty" doc:"The named arguments of the text"`
	Errors   []Item            `json:"errors,omitempty" doc:"Each single error, where there are several"`
}

// Item is one of several errors of a request.
type Item struct {
	Code   string            `json:"code" doc:"The stable code, for programs"`
	Field  string            `json:"field,omitempty" doc:"The field to blame, as a path"`
	Detail string            `json:"detail" doc:"What is wrong and how to mend it, in the caller's language"`
	Args   map[string]string `json:"args,omitempty" doc:"The named arguments of the text"`
}

// Error makes a problem an error, for huma.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the media type, for huma.
func (p *Problem) ContentType(string) string { return ContentType }

// statuses is the one table from what the caller should do to how HTTP says it.
var statuses = map[fault.Kind]int{
	fault.Invalid:   http.StatusUnprocessableEntity,
	fault.Forbidden: http.StatusForbidden,
	fault.NotFound:  http.StatusNotFound,
	fault.Conflict:  http.StatusConflict,
	fault.Busy:      http.StatusServiceUnavailable,
	fault.Unknown:   http.StatusAccepted,
	fault.Internal:  http.StatusInternalServerError,
}

// Status is the HTTP status of a fault: what the registry says of its code, else
// what the table says of its kind.
func Status(f *fault.Fault) int {
	if e, ok := fault.Lookup(f.Code); ok && e.Status != 0 {
		return e.Status
	}
	if status, ok := statuses[f.Kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// internalCode is what people are told of every error that is not a fault.
const internalCode = "request.failed"

// Find is the fault inside any error: itself, one made of the standard library's
// own, or request.failed.
func Find(err error) *fault.Fault {
	if f, ok := fault.As(err); ok {
		return f
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.New(fault.Busy, "request.timeout")
	}
	return fault.New(fault.Internal, internalCode)
}

// Of makes the problem of an error, in the language of the request.
func Of(ctx context.Context, err error) *Problem {
	f := Find(err)
	p := &Problem{
		Type:     "urn:countersign:fault:" + f.Code,
		Title:    i18n.T(ctx, "problem."+string(f.Kind), nil),
		Status:   Status(f),
		Detail:   Text(ctx, f),
		Instance: trace.Request(ctx),
		Code:     f.Code,
		Kind:     string(f.Kind),
		Field:    f.Field,
		Args:     f.Args,
	}
	if len(f.More) > 0 {
		p.Errors = append(p.Errors, item(ctx, f))
		for _, more := range f.More[:min(len(f.More), itemMax-1)] {
			p.Errors = append(p.Errors, item(ctx, more))
		}
	}
	return p
}

func item(ctx context.Context, f *fault.Fault) Item {
	return Item{Code: f.Code, Field: f.Field, Detail: Text(ctx, f), Args: f.Args}
}

// Text is what people are told of one fault, in the language of the request.
func Text(ctx context.Context, f *fault.Fault) string {
	args := map[string]string{}
	if f.Field != "" {
		args["field"] = f.Field
	}
	for name, value := range f.Args {
		args[name] = worded(ctx, name, value)
	}
	return i18n.T(ctx, "fault."+f.Code, args)
}

// catalogued are the arguments that name something of the catalogs, and where its
// words are.
var catalogued = map[string][]string{
	"act": {"act.", "intervention."}, "status": {"status."}, "why": {"passkey.why."},
	"what": {"erp.what."}, "found": {"media."}, "mistake": {"yaml.mistake."},
}

// worded is an argument as people say it: acts and statuses are no words.
func worded(ctx context.Context, name, value string) string {
	for _, prefix := range catalogued[name] {
		if i18n.Shipped().Has(i18n.English, prefix+value) {
			return i18n.T(ctx, prefix+value, nil)
		}
	}
	return value
}

// Log writes the cause of our own mistakes where an operator finds it, under the
// id that the caller is told; what the caller did wrong is not worth a line.
func Log(ctx context.Context, err error) {
	f := Find(err)
	if f.Kind == fault.Internal || f.Code == internalCode {
		slog.ErrorContext(ctx, "request failed", "request", trace.Request(ctx), "error", err.Error())
	}
}

// Page answers a browser with a problem as a page. The pages set it, once, before
// anything is served; nil leaves everybody with JSON.
var Page func(w http.ResponseWriter, r *http.Request, p *Problem)

// wantsPage says whether a person waits for the answer, and no program.
func wantsPage(r *http.Request) bool {
	return Page != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
}

// Write answers a request with the problem of an error: as a page where a
// browser asked for one.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	Log(r.Context(), err)
	p := Of(r.Context(), err)
	if forSCIM(r) {
		writeSCIM(w, p)
		return
	}
	if wantsPage(r) {
		Page(w, r, p)
		return
	}
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	Advise(w.Header(), p)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the status is out; nothing is left to say
}

// Advise sets the headers that go with some statuses.
func Advise(h http.Header, p *Problem) {
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(p))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfter(p))
	}
}

// challenge says what a request lacks: credentials, or a fresh sign-in (RFC 9470).
func challenge(p *Problem) string {
	header := `Bearer realm="countersign"`
	seconds := p.Args["max_age"]
	if seconds == "" {
		return header
	}
	header += `, error="insufficient_user_authentication", max_age="` + seconds + `"`
	if classes := p.Args["acr_values"]; classes != "" {
		header += `, acr_values="` + strings.NewReplacer(`"`, "", `\`, "").Replace(classes) + `"`
	}
	return header
}

func retryAfter(p *Problem) string {
	if seconds := p.Args["seconds"]; seconds != "" {
		return seconds
	}
	return "1"
}
