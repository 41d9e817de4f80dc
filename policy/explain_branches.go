package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// headings prints the fork and branch that a step stands in, where the step before
// it stood elsewhere.
func (w wording) headings(b *strings.Builder, before, now []approval.Branch, locale string) {
	for level, at := range now {
		in := strings.Repeat("      ", level)
		known := level < len(before) && before[level].Fork == at.Fork
		if known && before[level].N == at.N {
			continue
		}
		if !known {
			fmt.Fprintf(b, in+w.fork+"\n", at.Fork)
		}
		if title := at.Title[locale]; title != "" {
			fmt.Fprintf(b, in+"   "+w.titled+"\n", at.N+1, title)
		} else {
			fmt.Fprintf(b, in+"   "+w.branch+"\n", at.N+1)
		}
		before = before[:min(level, len(before))] // what is inside another branch is new
	}
}
