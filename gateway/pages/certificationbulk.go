package pages

import (
	"net/http"
	"strconv"

	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// tickedItems are the rights of a review that somebody ticked.
func (v *visit) tickedItems() ([]int, error) {
	var items []int
	for _, text := range v.r.PostForm["item"] {
		no, err := strconv.Atoi(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "request.bad_value", fault.Field("item"))
		}
		items = append(items, no)
	}
	return items, nil
}

// keepCertification handles POST /organisation/reviews/:id/keep: all that are ticked.
func keepCertification(v *visit) error {
	id := v.param("id")
	items, err := v.tickedItems()
	if err != nil {
		return err
	}
	results, err := again(func() ([]desk.ItemResult, error) {
		return v.desk().KeepAll(v.r.Context(), v.who, id, items, v.asked("reason"), v.key("keep-review", id, items,
			v.asked("reason")))
	})
	return v.certificationDone(results, err, certificationSent{items: items}, "review_kept")
}

// reassignCertification handles POST /organisation/reviews/:id/reassign: somebody else is
// asked about all that are ticked.
func reassignCertification(v *visit) error {
	id := v.param("id")
	items, err := v.tickedItems()
	if err != nil {
		return err
	}
	r := certification.Reassignment{To: v.asked("to"), Reason: v.asked("reason")}
	results, err := again(func() ([]desk.ItemResult, error) {
		return v.desk().ReassignReview(v.r.Context(), v.who, id, items, r, v.key("reassign-review", id, items, r))
	})
	return v.certificationDone(results, err, certificationSent{items: items, handed: &r}, "review_reassigned")
}

// certificationDone says what became of the rights that were ticked, each by itself.
func (v *visit) certificationDone(results []desk.ItemResult, err error, sent certificationSent, told string) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		sent.wrong = v.faultText(f)
		return v.certification(problem.Status(f), sent)
	}
	if err != nil {
		return err
	}
	sent.faults, sent.items = map[int]string{}, nil
	for _, r := range results {
		if r.Err == nil {
			continue
		}
		f, ok := fault.As(r.Err)
		if !ok {
			return r.Err
		}
		sent.faults[r.No] = v.faultText(f)
		sent.items = append(sent.items, r.No)
	}
	if len(sent.faults) == 0 {
		return v.leave(certificationAt(v.param("id")), told)
	}
	sent.wrong = v.t("page.certification.some_done", "n", strconv.Itoa(len(results)-len(sent.faults)),
		"of", strconv.Itoa(len(results)))
	return v.certification(http.StatusConflict, sent)
}
