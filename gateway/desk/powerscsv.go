package desk

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// powerColumns head the table of a report.
var powerColumns = []string{
	"what", "person", "entity", "alone", "certain", "policy", "version", "step", "way", "role", "department", "right",
	"since", "since_at_the_latest", "until", "asked_by", "given_by", "policy_proposed_by", "policy_approved_by",
	"last_certified", "certified_by",
}

// WritePowersCSV writes a report as a table; no cell is a formula.
func WritePowersCSV(to io.Writer, report Powers) error {
	out := bufio.NewWriter(to)
	if _, err := out.WriteString(byteOrderMark); err != nil {
		return err
	}
	table := csv.NewWriter(out)
	if err := table.Write(powerColumns); err != nil {
		return err
	}
	for _, p := range append(report.Rows, report.Anybody...) {
		cells := []string{
			p.What, p.Person, p.Entity, strconv.FormatBool(p.Alone), strconv.FormatBool(p.Sure), p.Policy, number(p.Version),
			p.Step, p.Way, p.Role, p.Department, p.Grant, stampText(p.Since), strconv.FormatBool(p.AtLeast), stampText(p.Until),
			p.Maker, p.Checker, p.Proposer, p.Approver, stampText(p.Certified), p.CertifiedBy,
		}
		for i := range cells {
			cells[i] = inert(cells[i])
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

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func stampText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
