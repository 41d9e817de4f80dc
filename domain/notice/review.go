package notice

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// The kinds that a review of rights owes. 权限复核
const (
	ReviewAsked    = "review.asked"    // told to whom its items ask
	ReviewReminded = "review.reminded" // the same, while there is time
	ReviewOverdue  = "review.overdue"  // told to late reviewers and to administrators, who may decide too
	ReviewClosed   = "review.closed"   // told to administrators
)

var reviewKinds = []string{ReviewAsked, ReviewReminded, ReviewOverdue, ReviewClosed}

// OfReview is the notices to people about a campaign, each with how many items it is
// about; nobody is told of none, but of the end.
func OfReview(kind, campaign, title string, due time.Time, people map[string]int) []Notice {
	var owed []Notice
	for _, person := range slices.Sorted(maps.Keys(people)) {
		if person == "" || people[person] == 0 && kind != ReviewClosed {
			continue
		}
		owed = append(owed, Notice{Kind: kind, Person: person, Data: map[string]string{
			"review": campaign, "title": title, "n": strconv.Itoa(people[person]), "until_at": due.UTC().Format(time.RFC3339),
		}})
	}
	return owed
}
