package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// waiting is how long a plan is expected to take, from the times of its steps: one
// step after the other, and a fork as long as its longest branch.
func waiting(steps []approval.Step, seconds []int64) int64 {
	return inside(steps, seconds, 0)
}

// inside adds up the steps of one branch, all of which stand at least so deep.
func inside(steps []approval.Step, seconds []int64, depth int) int64 {
	var sum int64
	for i := 0; i < len(steps); {
		if len(steps[i].Branches) <= depth {
			sum += seconds[i]
			i++
			continue
		}
		fork, longest := steps[i].Branches[depth].Fork, int64(0)
		for i < len(steps) && len(steps[i].Branches) > depth && steps[i].Branches[depth].Fork == fork {
			from, n := i, steps[i].Branches[depth].N
			for i < len(steps) && len(steps[i].Branches) > depth && steps[i].Branches[depth].Fork == fork &&
				steps[i].Branches[depth].N == n {
				i++
			}
			longest = max(longest, inside(steps[from:i], seconds[from:i], depth+1))
		}
		sum += longest
	}
	return sum
}

// branchOf words where a step stands: reviews/2, outermost first; "" on the trunk.
func branchOf(in []approval.Branch) string {
	var all []string
	for _, at := range in {
		all = append(all, fmt.Sprintf("%s/%d", at.Fork, at.N+1))
	}
	return strings.Join(all, " ")
}
