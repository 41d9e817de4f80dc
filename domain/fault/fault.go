// Package fault sorts errors by what the caller should do next.
//
// A fault is born once, with its kind and its code, and is passed up untouched
// or wrapped with %w. Its text lives only in the message catalogs; here are the
// code and the named arguments that the text needs.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind tells the caller what to do about an error.
type Kind string

// The kinds, from the caller's mistake to ours.
const (
	Invalid   Kind = "invalid"   // change the request
	Forbidden Kind = "forbidden" // ask someone with the right role
	NotFound  Kind = "not_found" // it is not there, or not yours to see
	Conflict  Kind = "conflict"  // it moved on; reload and decide again
	Busy      Kind = "busy"      // try again later; nothing happened
	Unknown   Kind = "unknown"   // it may have happened; look it up, never repeat it
	Internal  Kind = "internal"  // our mistake
)

// Fault is an error with a kind, a stable code and the arguments of its text.
type Fault struct {
	Kind  Kind              `json:"kind"`
	Code  string            `json:"code"`            // <noun>.<reason>, in the registry
	Field string            `json:"field,omitempty"` // the field to blame, as a path: lines[2].amount
	Args  map[string]string `json:"args,omitempty"`  // named arguments of the text
	More  []*Fault          `json:"more,omitempty"`  // further faults of the same request
}

// Detail adds something to a fault when it is born.
type Detail func(*Fault)

// Arg gives the fault's text a named argument.
func Arg(name, value string) Detail {
	return func(f *Fault) {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[name] = value
	}
}

// Field names the field to blame, as a path from the top of the request.
func Field(path string) Detail { return func(f *Fault) { f.Field = path } }

// New makes a fault. The code must be in the registry; a test holds that.
func New(kind Kind, code string, details ...Detail) *Fault {
	f := &Fault{Kind: kind, Code: code}
	for _, d := range details {
		d(f)
	}
	return f
}

// Error says kind, code and arguments, for logs; people read the catalogs.
func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", f.Code, f.Kind)
	if f.Field != "" {
		fmt.Fprintf(&b, " at %s", f.Field)
	}
	for _, name := range sortedKeys(f.Args) {
		fmt.Fprintf(&b, " %s=%q", name, f.Args[name])
	}
	return b.String()
}

// Is makes errors.Is match any fault with the same code.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// As finds the fault inside an error.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// KindOf tells the kind of any error: what is not a fault is Internal.
func KindOf(err error) Kind {
	if f, ok := As(err); ok {
		return f.Kind
	}
	return Internal
}

// CodeOf tells the code of any error, or "" where it is not a fault.
func CodeOf(err error) string {
	if f, ok := As(err); ok {
		return f.Code
	}
	return ""
}

// Join makes one fault of many: the first, with the others behind it; nil for none.
func Join(faults []*Fault) error {
	if len(faults) == 0 {
		return nil
	}
	first := *faults[0]
	first.More = faults[1:]
	return &first
}
