package invariants

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// booking is one line of a sandbox's journal.
type booking struct {
	Ref    string `json:"ref"`
	Op     string `json:"op"` // create, post, reverse, discard, find
	Effect string `json:"effect"`
	body   *books // of the sandbox's log of vouchers, where it lies beside the journal
}

// books is a voucher as a sandbox keeps it.
type books struct {
	ExternalRef string `json:"external_ref"`
	Lines       []struct {
		Side           string `json:"side"`
		Amount         string `json:"amount"`
		Currency       string `json:"currency"`
		CurrencyAmount string `json:"currency_amount"`
	} `json:"lines"`
}

// vouchersFile is what the sandbox ERP keeps beside its journal.
const vouchersFile = "vouchers.jsonl"

// readJournals reads journals, and the vouchers beside them.
func readJournals(paths []string) ([]booking, error) {
	var all []booking
	for _, path := range paths {
		err := eachLine(path, func(line []byte) error {
			var b booking
			err := json.Unmarshal(line, &b)
			all = append(all, b)
			return err
		})
		if err != nil {
			return nil, err
		}
		err = eachLine(filepath.Join(filepath.Dir(path), vouchersFile), func(line []byte) error {
			var record struct {
				Voucher books `json:"voucher"`
			}
			err := json.Unmarshal(line, &record)
			all = append(all, booking{Ref: record.Voucher.ExternalRef, body: &record.Voucher})
			return err
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return all, nil
}

// eachLine reads whole lines. The last one may be torn by a kill: it was never
// acknowledged, and is passed over.
func eachLine(path string, each func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("invariants: %w", err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("invariants: read %s: %w", path, err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := each(line); err != nil {
			return fmt.Errorf("invariants: %s, line %d: %w", path, n, err)
		}
	}
}

// tally is what the journals say of one reference.
type tally struct{ created, posted, discarded, reversed int }

// checkJournals holds the books against our record: I9 and I10.
func (c *checker) checkJournals() {
	if len(c.in.Journals) == 0 {
		return
	}
	names := c.references()
	told := tallies(c.booked, names)
	for reference, t := range told {
		c.hold("I9", reference, t.created-t.discarded <= 1,
			"%d vouchers were created and %d discarded", t.created, t.discarded)
		c.hold("I9", reference, t.posted <= 1, "it was posted %d times", t.posted)
		c.hold("I9", reference, t.reversed-t.discarded <= 1 && t.reversed*t.created == 0, "it reverses %d times", t.reversed)
	}
	for reference, t := range tallies(c.bookedBefore, names) {
		if t.created+t.posted > 0 {
			c.checkReason(reference)
		}
	}
	for _, b := range c.booked {
		if b.body != nil {
			c.checkBody(b)
		}
	}
	c.checkPosted(told)
}

// tallies counts what took effect, by reference; names spells out short ones.
func tallies(booked []booking, names map[string]string) map[string]*tally {
	told := map[string]*tally{}
	for _, b := range booked {
		if b.body != nil || b.Effect != "applied" {
			continue
		}
		reference := b.Ref
		if full, short := names[reference]; short {
			reference = full
		}
		if told[reference] == nil {
			told[reference] = &tally{}
		}
		told[reference].add(b.Op)
	}
	return told
}

func (t *tally) add(op string) {
	switch op {
	case "create":
		t.created++
	case "post":
		t.posted++
	case "discard":
		t.discarded++
	case "reverse":
		t.reversed++
	}
}

// checkReason holds that what is booked belongs to a revision that was approved.
func (c *checker) checkReason(reference string) {
	parts := strings.Split(reference, ":")
	if !c.hold("I9", reference, len(parts) == 4 && c.documents[parts[1]] != nil, "it is booked for no document") {
		return
	}
	approved := slices.ContainsFunc(c.documents[parts[1]].approvals(), func(a approved) bool {
		return strconv.Itoa(a.event.Revision) == parts[3]
	})
	c.hold("I9", reference, approved, "it is booked, and its revision was never approved")
}

func (d *document) approvals() []approved {
	if d.fold == nil {
		return nil
	}
	return d.fold.approvals
}

// checkPosted holds that what we call posted is posted exactly once.
func (c *checker) checkPosted(told map[string]*tally) {
	for _, id := range c.order {
		for _, e := range c.documents[id].events {
			if e.Kind != "voucher.posted" {
				continue
			}
			t := told[e.facts.Reference]
			c.hold("I9", e.facts.Reference, t != nil && t.posted == 1, "it is recorded as posted, and the books disagree")
		}
	}
}

// references names the references of all documents by their short forms.
func (c *checker) references() map[string]string {
	names := map[string]string{}
	for _, id := range c.order {
		d := c.documents[id]
		for n := range d.revisions {
			reference := "v:" + id + ":accrual:" + strconv.Itoa(n)
			names[short(reference)] = reference
		}
		for _, e := range d.effects {
			names[short(e.Reference)] = e.Reference
		}
	}
	return names
}

const shortBytes = 8

// short is 13 characters of Crockford's base32: the first 64 bits of SHA-256.
func short(reference string) string {
	sum := sha256.Sum256([]byte(reference))
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).
		EncodeToString(sum[:shortBytes])
}

// checkBody holds that a voucher in the books balances in both currencies.
func (c *checker) checkBody(b booking) {
	base, debits, credits := map[string]string{}, map[string]string{}, map[string]string{}
	for _, l := range b.body.Lines {
		base[l.Side] = addDecimal(base[l.Side], l.Amount)
		if l.Currency == "" {
			continue
		}
		side, other := debits, credits
		if l.Side == creditSide {
			side, other = credits, debits
		}
		side[l.Currency] = addDecimal(side[l.Currency], l.CurrencyAmount)
		other[l.Currency] = addDecimal(other[l.Currency], "0")
	}
	c.hold("I10", b.Ref, base[debitSide] == base[creditSide] && base[debitSide] != "" && base[debitSide] != notANumber,
		"in the books debit %s, credit %s", base[debitSide], base[creditSide])
	for currency, debit := range debits {
		c.hold("I10", b.Ref, debit == credits[currency], "in the books debit %s %s, credit %s",
			currency, debit, credits[currency])
	}
}
