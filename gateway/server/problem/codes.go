package problem

import (
	"net/http"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// Codes are the faults of a request as such, whoever asks and whatever for.
var Codes = fault.Register(map[string]fault.Entry{
	"request.failed":            {Kind: fault.Internal},
	"request.timeout":           {Kind: fault.Busy},
	"request.invalid":           {Kind: fault.Invalid},
	"request.malformed":         {Kind: fault.Invalid, Status: http.StatusBadRequest},
	"request.too_large":         {Kind: fault.Invalid, Status: http.StatusRequestEntityTooLarge, Args: []string{"limit"}},
	"request.unsupported_media": {Kind: fault.Invalid, Status: http.StatusUnsupportedMediaType},
	"request.no_such_route":     {Kind: fault.NotFound},
	"request.method":            {Kind: fault.Invalid, Status: http.StatusMethodNotAllowed},
	"request.rate_limited":      {Kind: fault.Busy, Status: http.StatusTooManyRequests, Args: []string{"seconds"}},
	"request.cross_origin":      {Kind: fault.Forbidden},
	"request.other_person":      {Kind: fault.Forbidden, Args: []string{"person", "reader"}},
	"request.unknown_property":  {Kind: fault.Invalid, Args: []string{"field"}},
	"request.missing":           {Kind: fault.Invalid, Args: []string{"field"}},
	"request.wrong_type":        {Kind: fault.Invalid, Args: []string{"field", "expected"}},
	"request.not_in_list":       {Kind: fault.Invalid, Args: []string{"field", "allowed"}},
	"request.too_short":         {Kind: fault.Invalid, Args: []string{"field", "min"}},
	"request.too_long":          {Kind: fault.Invalid, Args: []string{"field", "max"}},
	"request.too_few":           {Kind: fault.Invalid, Args: []string{"field", "min"}},
	"request.too_many":          {Kind: fault.Invalid, Args: []string{"field", "max"}},
	"request.out_of_range":      {Kind: fault.Invalid, Args: []string{"field", "limit"}},
	"request.bad_format":        {Kind: fault.Invalid, Args: []string{"field", "expected"}},
	"request.bad_value":         {Kind: fault.Invalid, Args: []string{"field"}},
})

// TooLarge is the fault of a body beyond its limit.
func TooLarge(limitBytes int64) *fault.Fault {
	return fault.New(fault.Invalid, "request.too_large", fault.Arg("limit", Bytes(limitBytes)))
}

// Bytes says a size the way people read it.
func Bytes(n int64) string {
	const kilo, mega = 1 << 10, 1 << 20
	switch {
	case n >= mega:
		return strconv.FormatInt(n/mega, 10) + " MB"
	case n >= kilo:
		return strconv.FormatInt(n/kilo, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " B"
}
