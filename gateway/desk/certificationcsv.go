package desk

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
)

// reviewColumns head the table of a campaign's report.
var reviewColumns = []string{
	"no", "person", "role", "entity", "department", "right", "until", "reviewer", "result", "decided_by",
	"decided_at", "reason",
	"new_until", "proposal", "proposal_state", "asked", "reassigned_by", "reassigned_at", "reassigned_because",
}

// WriteReviewCSV writes what became of each right of a campaign; no cell is a formula.
func WriteReviewCSV(to io.Writer, r RightsReview) error {
	out := bufio.NewWriter(to)
	if _, err := out.WriteString(byteOrderMark); err != nil {
		return err
	}
	table := csv.NewWriter(out)
	if err := table.Write(reviewColumns); err != nil {
		return err
	}
	for _, i := range r.Rows {
		cells := []string{
			strconv.Itoa(i.No), i.Person, i.Role, i.Entity, i.Department, i.Grant, stampText(i.Until), i.Reviewer, i.State, i.By,
			stampText(i.At), i.Reason, stampText(i.NewUntil), i.Proposal, i.Decided, i.Asks(), i.Handover.By,
			stampText(i.HandedAt), i.Handover.Reason,
		}
		for n := range cells {
			cells[n] = inert(cells[n])
		}
		if err := table.Write(cells); err != nil {
			return err
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return err
	}
	return out.Flush()
}
