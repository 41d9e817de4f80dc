package reconciliation

import (
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/money"
)

// Judge compares what stands on both sides under one reference; ours is nil where
// nobody here knows it. No difference is an empty list.
func Judge(ours *Ours, theirs []Theirs) []Difference {
	standing := standingOf(theirs)
	switch {
	case ours == nil:
		return unknownHere(theirs)
	case ours.State != Posted:
		return onItsWay(*ours, standing)
	case len(theirs) == 0:
		return []Difference{ours.difference(MissingThere, nil, ours.Date+" "+total(ours.Lines), "")}
	case len(standing) == 0:
		return []Difference{ours.difference(Cancelled, theirs, total(ours.Lines), "")}
	case len(standing) > 1:
		return []Difference{ours.difference(Duplicate, standing, total(ours.Lines), totals(standing))}
	}
	return compare(*ours, standing[0])
}

// standingOf leaves out what is void: what was cancelled, and pairs that an accountant
// booked back under the same reference, which come to nothing together.
func standingOf(theirs []Theirs) []Theirs {
	var standing []Theirs
	for _, t := range theirs {
		if t.State == CancelledThere {
			continue
		}
		back := slices.IndexFunc(standing, func(s Theirs) bool { return opposite(s.Lines, t.Lines) })
		if back >= 0 {
			standing = slices.Delete(standing, back, back+1)
			continue
		}
		standing = append(standing, t)
	}
	return standing
}

// unknownHere is what carries a reference of ours that nobody here gave.
func unknownHere(theirs []Theirs) []Difference {
	if len(theirs) == 0 {
		return nil
	}
	return []Difference{{Kind: MissingHere, Reference: theirs[0].Reference, ERPID: ids(theirs),
		Number: theirs[0].Number, Theirs: theirs[0].Date + " " + totals(theirs)}}
}

// onItsWay judges a voucher that we do not think is in the books: a draft may be the
// one being posted just now, but what is posted there should be known here.
func onItsWay(ours Ours, standing []Theirs) []Difference {
	posted := slices.DeleteFunc(slices.Clone(standing), func(t Theirs) bool { return t.State != Posted })
	if len(posted) == 0 {
		return nil
	}
	if len(posted) > 1 {
		return []Difference{ours.difference(Duplicate, posted, total(ours.Lines), totals(posted))}
	}
	return []Difference{ours.difference(NotRecorded, posted, ours.State, total(posted[0].Lines))}
}

// compare holds one voucher against ours.
func compare(ours Ours, there Theirs) []Difference {
	var found []Difference
	differs := func(kind Kind, here, other string) {
		found = append(found, ours.difference(kind, []Theirs{there}, here, other))
	}
	if there.State != Posted {
		differs(StillDraft, Posted, there.State)
	}
	if ours.Date != there.Date {
		differs(OtherDate, ours.Date, there.Date)
	}
	if here, other := total(ours.Lines), total(there.Lines); here != other {
		differs(OtherAmount, here, other)
	}
	mine, others := ours.Lines, there.Lines
	if here, other := accounts(mine, others), accounts(others, mine); here != other {
		differs(OtherAccount, here, other)
	} else if here, other := parties(mine, others), parties(others, mine); here != other {
		differs(OtherParty, here, other)
	} else if here, other := splits(mine, others, mine), splits(others, mine, mine); here != other {
		differs(OtherDimension, here, other)
	}
	return found
}

func (o Ours) difference(kind Kind, there []Theirs, ours, theirs string) Difference {
	d := Difference{Kind: kind, Reference: o.Reference, Document: o.Document, Entity: o.Entity, Ours: ours, Theirs: theirs,
		ERPID: ids(there)}
	if len(there) > 0 {
		d.Number = there[0].Number
	}
	return d
}

// total is both sums of a voucher, or one where they are the same.
func total(lines []Line) string {
	var debit, credit money.Amount
	for _, l := range lines {
		debit.Minor, credit.Minor = debit.Minor+l.Debit.Minor, credit.Minor+l.Credit.Minor
		debit.Currency, credit.Currency = l.Debit.Currency, l.Credit.Currency
	}
	if debit == credit {
		return amount(debit)
	}
	return amount(debit) + " / " + amount(credit)
}

func totals(all []Theirs) string {
	texts := make([]string, 0, len(all))
	for _, t := range all {
		texts = append(texts, total(t.Lines))
	}
	return strings.Join(texts, " + ")
}

func amount(a money.Amount) string { return a.Text() + " " + string(a.Currency) }

func ids(all []Theirs) string {
	texts := make([]string, 0, len(all))
	for _, t := range all {
		texts = append(texts, t.ID)
	}
	return strings.Join(texts, ", ")
}

// net is what each key comes to, debit less credit; what comes to nothing is left out.
func net(lines []Line, key func(Line) string) map[string]int64 {
	sums := map[string]int64{}
	for _, l := range lines {
		sums[key(l)] += l.Debit.Minor - l.Credit.Minor
	}
	maps.DeleteFunc(sums, func(_ string, sum int64) bool { return sum == 0 })
	return sums
}

func opposite(one, other []Line) bool {
	byAccount := func(l Line) string { return l.Account + "\x00" + l.Party }
	return len(other) > 0 && len(net(one, byAccount)) > 0 && len(net(slices.Concat(one, other), byAccount)) == 0
}

// accounts says what the accounts of one side come to. Where the sums of both sides
// differ as a whole only the accounts themselves are told: the amount is told already.
func accounts(lines, other []Line) string {
	byAccount := func(l Line) string { return l.Account }
	if total(lines) != total(other) {
		return strings.Join(slices.Sorted(maps.Keys(net(lines, byAccount))), ", ")
	}
	return told(net(lines, byAccount), net(other, byAccount), lines)
}

// parties says what the parties of one side come to, account by account, and nothing
// of accounts on which one side keeps no parties: some ERPs refuse them there.
func parties(lines, other []Line) string {
	if total(lines) != total(other) {
		return ""
	}
	mine, theirs := keeping(lines), keeping(other)
	byParty := func(l Line) string {
		if !mine[l.Account] || !theirs[l.Account] {
			return l.Account
		}
		return l.Account + " " + l.Party
	}
	return told(net(lines, byParty), net(other, byParty), lines)
}

// splits is what the accounts of one side come to by those of their dimensions that ours
// name there: an accountant may have added others.
func splits(lines, other, ours []Line) string {
	if total(lines) != total(other) {
		return ""
	}
	named := map[string]map[string]bool{}
	for _, l := range ours {
		for _, name := range l.Dimensions.Names() {
			if named[l.Account] == nil {
				named[l.Account] = map[string]bool{}
			}
			named[l.Account][name] = true
		}
	}
	bySplit := func(l Line) string {
		return strings.TrimSpace(l.Account + " " + l.Dimensions.Only(named[l.Account]).Words())
	}
	return told(net(lines, bySplit), net(other, bySplit), lines)
}

// keeping is which accounts have parties.
func keeping(lines []Line) map[string]bool {
	kept := map[string]bool{}
	for _, l := range lines {
		kept[l.Account] = kept[l.Account] || l.Party != ""
	}
	return kept
}

// told is what differs from the other side, and only that.
func told(sums, other map[string]int64, lines []Line) string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		if sums[key] == other[key] {
			continue
		}
		side := "+"
		if sums[key] < 0 {
			side = ""
		}
		texts = append(texts, key+" "+side+money.Amount{Minor: sums[key], Currency: lines[0].Debit.Currency}.Text())
	}
	return strings.Join(texts, ", ")
}
