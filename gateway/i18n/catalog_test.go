package i18n_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"

	// Every room that registers faults, so that their codes are here.
	_ "github.com/countersign/countersign/activities"
	_ "github.com/countersign/countersign/adapters/erp"
	_ "github.com/countersign/countersign/adapters/mail"
	_ "github.com/countersign/countersign/gateway/server"
	_ "github.com/countersign/countersign/policy"
	_ "github.com/countersign/countersign/policy/booking"
	_ "github.com/countersign/countersign/relay"
	_ "github.com/countersign/countersign/workflows"
)

// TestEveryFaultHasItsText proves that no code ever reaches a person: each has a
// text in both languages, with no other arguments than the registry names.
func TestEveryFaultHasItsText(t *testing.T) {
	texts := i18n.Shipped()
	for _, code := range fault.Codes() {
		entry, _ := fault.Lookup(code)
		for _, locale := range i18n.Locales {
			key := "fault." + code
			if !texts.Has(locale, key) {
				t.Errorf("%s: %s has no text (arguments %v)", locale, key, entry.Args)
			}
			for _, arg := range texts.ArgsOf(locale, key) {
				if arg != "field" && !slices.Contains(entry.Args, arg) {
					t.Errorf("%s: %s uses {%s}, registered are %v", locale, key, arg, entry.Args)
				}
			}
		}
	}
}

// TestCatalogsAgree proves that both languages say the same things.
func TestCatalogsAgree(t *testing.T) {
	texts := i18n.Shipped()
	require.Equal(t, texts.Keys(i18n.English), texts.Keys(i18n.Chinese))
	for _, key := range texts.Keys(i18n.English) {
		english, chinese := texts.ArgsOf(i18n.English, key), texts.ArgsOf(i18n.Chinese, key)
		slices.Sort(english)
		slices.Sort(chinese)
		require.Equal(t, slices.Compact(english), slices.Compact(chinese), key)
	}
}

// TestNoTextIsForNobody proves that no fault keeps a text after its code is gone.
func TestNoTextIsForNobody(t *testing.T) {
	faults := regexp.MustCompile(`^fault\.(.+)$`)
	for _, key := range i18n.Shipped().Keys(i18n.English) {
		if m := faults.FindStringSubmatch(key); m != nil {
			_, known := fault.Lookup(m[1])
			require.True(t, known, "%s names a code that nobody registers", key)
		}
	}
}

// TestEveryNameHasItsText holds the names of the domain that people read.
func TestEveryNameHasItsText(t *testing.T) {
	var keys []string
	for _, role := range access.Roles() {
		keys = append(keys, "role."+role)
	}
	for _, status := range []string{
		"draft", "submitted", "pending", "returned", "approved", "parked", "posted", "closed", "rejected", "withdrawn",
	} {
		keys = append(keys, "status."+status)
	}
	for _, kind := range []fault.Kind{
		fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Busy, fault.Unknown, fault.Internal,
	} {
		keys = append(keys, "problem."+string(kind))
	}
	for _, kind := range []string{
		"task.opened", "task.reminded", "task.overdue", "task.urged", "task.superseded", "task.escalated",
		"document.returned", "document.rejected", "document.approved", "document.closed", "document.withdrawn",
		"document.commented", "voucher.parked", "plan.failed",
	} {
		keys = append(keys, "notice."+kind+".subject", "notice."+kind+".body")
	}
	for _, key := range keys {
		for _, locale := range i18n.Locales {
			require.True(t, i18n.Shipped().Has(locale, key), "%s: %s", locale, key)
		}
	}
}
