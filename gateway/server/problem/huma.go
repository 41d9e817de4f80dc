package problem

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/countersign/countersign/domain/fault"
)

// Install makes huma answer with our problems. It sets huma's own hooks, which
// are global; every server of the process wants the same.
func Install() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		err := translate(status, message, errs)
		Log(ctx.Context(), err)
		p := Of(ctx.Context(), err)
		h := http.Header{}
		Advise(h, p)
		for name := range h {
			ctx.SetHeader(name, h.Get(name))
		}
		ctx.SetHeader("Cache-Control", "no-store")
		return p
	}
	huma.NewError = func(status int, message string, _ ...error) huma.StatusError {
		return &Problem{Status: status, Title: message, Code: internalCode}
	}
}

// translate makes one error of what huma found: ours untouched, its own
// validation sorted into our codes.
func translate(status int, message string, errs []error) error {
	var faults []*fault.Fault
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			return err
		}
		faults = append(faults, validationFault(detail))
	}
	if len(faults) > 0 {
		return fault.Join(faults)
	}
	return statusFault(status, message)
}

func statusFault(status int, message string) *fault.Fault {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.Invalid, "request.too_large")
	case http.StatusUnsupportedMediaType:
		return fault.New(fault.Invalid, "request.unsupported_media")
	case http.StatusRequestTimeout:
		return fault.New(fault.Busy, "request.timeout")
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if strings.Contains(message, "required") {
			return fault.New(fault.Invalid, "request.missing", fault.Field("body"))
		}
		return fault.New(fault.Invalid, "request.malformed")
	}
	return fault.New(fault.Internal, internalCode)
}

// rule sorts one of huma's messages into one of our codes; the first group of
// the pattern becomes the argument.
type rule struct {
	pattern *regexp.Regexp
	code    string
	arg     string
}

var rules = []rule{
	{exactly(validation.MsgUnexpectedProperty), "request.unknown_property", ""},
	{regexp.MustCompile(`^unknown query parameter$`), "request.unknown_property", ""},
	{regexp.MustCompile(`^required .* parameter is missing$`), "request.missing", ""},
	{regexp.MustCompile(`^File required$`), "request.missing", ""},
	{regexp.MustCompile(`^expected value to be one of "(.*)"$`), "request.not_in_list", "allowed"},
	{regexp.MustCompile(`^expected length >= (\d+)$`), "request.too_short", "min"},
	{regexp.MustCompile(`^expected length <= (\d+)$`), "request.too_long", "max"},
	{regexp.MustCompile(`^expected array length >= (\d+)$`), "request.too_few", "min"},
	{regexp.MustCompile(`^expected array length <= (\d+)$`), "request.too_many", "max"},
	{regexp.MustCompile(`^expected object with at most (\d+) properties$`), "request.too_many", "max"},
	{regexp.MustCompile(`^expected number ([<>]=? .*)$`), "request.out_of_range", "limit"},
	{regexp.MustCompile(`^expected string to be (?:RFC \d+ )?(.*?)(?:: .*)?$`), "request.bad_format", "expected"},
	{regexp.MustCompile(`^expected string to match pattern (.*)$`), "request.bad_format", "expected"},
	{regexp.MustCompile(`^expected (boolean|number|integer|string|array|object)$`), "request.wrong_type", "expected"},
	{regexp.MustCompile(`^invalid (integer|number|boolean|floating value|date/time)`), "request.wrong_type", "expected"},
}

func exactly(message string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.QuoteMeta(message) + "$")
}

var required = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// validationFault makes one of our faults of one of huma's findings.
func validationFault(d *huma.ErrorDetail) *fault.Fault {
	path := fieldOf(d.Location)
	if m := required.FindStringSubmatch(d.Message); m != nil {
		return fault.New(fault.Invalid, "request.missing", fault.Field(join(path, m[1])))
	}
	if path == "" {
		path = "body"
	}
	for _, r := range rules {
		m := r.pattern.FindStringSubmatch(d.Message)
		if m == nil {
			continue
		}
		f := fault.New(fault.Invalid, r.code, fault.Field(path))
		if r.arg != "" {
			fault.Arg(r.arg, m[1])(f)
		}
		return f
	}
	if d.Location == "body" {
		return fault.New(fault.Invalid, "request.malformed")
	}
	return fault.New(fault.Invalid, "request.bad_value", fault.Field(path))
}

// fieldOf takes huma's prefix off a path: callers know their fields, not where
// in a request a framework looked for them.
func fieldOf(location string) string {
	for _, prefix := range []string{"body.", "query.", "path.", "header.", "form."} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			return rest
		}
	}
	if location == "body" {
		return ""
	}
	return location
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
