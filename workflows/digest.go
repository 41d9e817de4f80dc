package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
)

// digestPages is how many calls one run makes at most; the next run goes on.
const digestPages = 500

// Digest begins the digests that are due: what was held for somebody, in one message. It is
// started by a Temporal Schedule, some times an hour, because people choose their hours in
// zones of their own. 每日汇总
func Digest(ctx workflow.Context) (int, error) {
	ctx = writeRecords(ctx, "digests that are due")
	made, in := 0, activities.DigestsInput{}
	for range digestPages {
		var out activities.DigestsMade
		if err := workflow.ExecuteLocalActivity(ctx, MakeDigests, in).Get(ctx, &out); err != nil {
			return made, err
		}
		made += out.Made
		if in.After = out.Next; in.After == "" {
			break
		}
	}
	return made, nil
}
