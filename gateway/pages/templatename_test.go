package pages_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestATemplateIsRenamed by its owner alone; a name that is taken, or none, is refused
// beside what was typed.
func TestATemplateIsRenamed(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		for _, name := range []string{"Monthly", "Weekly"} {
			kept := expense("k", "10.00")
			kept.Set("do", "template")
			kept.Set("template", name)
			h.post("lin", "/new/expense", kept).is(http.StatusOK)
		}
		found := regexp.MustCompile(`template=([^"]+)">Weekly<`).FindStringSubmatch(h.get("lin", "/new").is(http.StatusOK).body)
		require.Len(t, found, 2)
		at := "/templates/" + found[1] + "/rename"
		named := func(who, name string) page {
			form := h.get("lin", "/new").form(at)
			form.Set("name", name)
			return h.post(who, at, form)
		}
		named("lin", "Monthly").is(http.StatusUnprocessableEntity).
			says(h.word("fault.template.name_taken", map[string]string{"name": "Monthly"}), `value="Monthly"`, "<details open>")
		named("lin", " ").is(http.StatusUnprocessableEntity)
		named("wang", "Theirs").is(http.StatusNotFound)
		h.get("lin", named("lin", "Fridays").to()).is(http.StatusOK).says(">Fridays<", ">Monthly<").saysNot(">Weekly<")
	})
}
