package conformance

import (
	"context"
	"fmt"
	"reflect"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
)

// T is whom a promise tells that it is broken. *testing.T is one; the command
// has its own. Fatalf does not return.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

func noError(t T, err error, more ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("an error that should not be: %v%s", err, told(more))
	}
}

func equal[V any](t T, want, got V, more ...any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%+v where %+v should be%s", got, want, told(more))
	}
}

func length[V any](t T, list []V, want int, more ...any) {
	t.Helper()
	if len(list) != want {
		t.Fatalf("%d where %d should be: %+v%s", len(list), want, list, told(more))
	}
}

func holds(t T, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf(format, args...)
	}
}

// told is a format with its arguments, in brackets; "" for none.
func told(more []any) string {
	if len(more) == 0 {
		return ""
	}
	if format, ok := more[0].(string); ok {
		return " (" + fmt.Sprintf(format, more[1:]...) + ")"
	}
	return " (" + fmt.Sprint(more...) + ")"
}

// isCode says with which code something must be refused.
func isCode(t T, err error, code string) {
	t.Helper()
	if got := fault.CodeOf(err); err == nil || got != code {
		t.Fatalf("refused as %q where %s should be: %v", got, code, err)
	}
}

// countCreated says how many vouchers must be there that were created and no more.
func countCreated(t T, f Fixture, reference string, want int) {
	t.Helper()
	if f.created() == erp.Posted {
		count(t, f, reference, 0, want)
	} else {
		count(t, f, reference, want, 0)
	}
}

// count says what the ERP's own books must hold.
func count(t T, f Fixture, reference string, wantDrafts, wantPosted int) {
	t.Helper()
	drafts, posted, err := f.Counted(context.Background(), reference)
	noError(t, err)
	if f.Port.Capabilities().RefusesLater { // what was sent may be worked on at any moment
		posted, wantPosted, drafts, wantDrafts = posted+drafts, wantPosted+wantDrafts, 0, 0
	}
	if drafts != wantDrafts || posted != wantPosted {
		t.Fatalf("%d drafts and %d posted vouchers under %s, where %d and %d should be",
			drafts, posted, reference, wantDrafts, wantPosted)
	}
}
