package config

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/calendar"
)

// Access is about rights: docs/rights.md.
type Access struct {
	Reviews Reviews `mapstructure:"reviews"`
}

// Reviews says when rights are reviewed by themselves, and how. 定期权限复核
type Reviews struct {
	Months    int      `mapstructure:"months"`    // one review every so many: 1, 2, 3, 4, 6 or 12; 0 = none by itself
	Title     string   `mapstructure:"title"`     // the period follows it
	Roles     []string `mapstructure:"roles"`     // none = every role
	Entities  []string `mapstructure:"entities"`  // none = every legal entity, and the group
	Reviewer  string   `mapstructure:"reviewer"`  // manager or administrator
	Undecided string   `mapstructure:"undecided"` // list or revoke
	Due       string   `mapstructure:"due"`       // working time for the answers
	Grace     string   `mapstructure:"grace"`     // working time after that; 0s = none
}

// reviewMonths divide a year, so that every year's reviews begin in the same months.
var reviewMonths = []int{0, 1, 2, 3, 4, 6, 12}

func (r Reviews) check(k *check) {
	k.want(slices.Contains(reviewMonths, r.Months), "access.reviews.months", "is "+strconv.Itoa(r.Months),
		"set 1, 2, 3, 4, 6 or 12, or 0 for no review by itself")
	k.want(r.Title != "", "access.reviews.title", "is empty", "say what people shall read; the period follows it")
	k.oneOf("access.reviews.reviewer", r.Reviewer, "manager", "administrator")
	k.oneOf("access.reviews.undecided", r.Undecided, "list", "revoke")
	for _, time := range []struct{ key, said string }{{"due", r.Due}, {"grace", r.Grace}} {
		_, err := calendar.ParseDuration(time.said)
		k.want(err == nil, "access.reviews."+time.key, "is no working time", "set such as 15 workday")
	}
}
