// Package master is the master data of an ERP as we keep it: what is there under
// which code, what changed, and what of it would break something in use. 主数据
package master

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a row is.
type Kind string

// The kinds of master data.
const (
	Account    Kind = "account"     // 会计科目
	Party      Kind = "party"       // 往来单位
	Period     Kind = "period"      // 会计期间
	Currency   Kind = "currency"    // 币种
	CostCenter Kind = "cost_center" // 成本中心
	Employee   Kind = "employee"    // 职员
	Department Kind = "department"  // 部门
	Project    Kind = "project"     // 项目
	Rate       Kind = "rate"        // 汇率, see rate.go
)

// Kinds are all of them, in the order people read them.
func Kinds() []Kind {
	return []Kind{Account, Party, Employee, Department, CostCenter, Project, Period, Currency, Rate}
}

// CodeMax is how many characters a code may have.
const CodeMax = 64

// The attributes that rows may have.
const (
	PartyRequired = "party_required" // of an account: "true"
	From          = "from"           // of a period, YYYY-MM-DD
	To            = "to"
	Digits        = "digits" // of a currency
)

// Row is one entry of an ERP's master data. Rows are never deleted: what is there no
// more is Gone, and kept.
type Row struct {
	Kind   Kind   `json:"kind"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	ID     string `json:"id"`     // the ERP's own key
	Active bool   `json:"active"` // of a period: open
	Gone   bool   `json:"gone,omitempty"`

	Attributes map[string]string `json:"attributes,omitempty"`
}

// Usable says whether something may be booked with it.
func (r Row) Usable() bool { return r.Active && !r.Gone }

// Key is what a row is known by.
type Key struct {
	Kind Kind
	Code string
}

// Key is the row's.
func (r Row) Key() Key { return Key{r.Kind, r.Code} }

// Remark is what was wrong with a row that came in, and what was made of it.
type Remark struct {
	Kind Kind   `json:"kind"`
	Code string `json:"code"`
	Why  string `json:"why"` // no_code, too_long, bad_rate, duplicate, cleaned
}

// Clean makes rows fit to be kept: blanks and control characters go, full-width
// letters and digits of codes become plain ones, what has no code is left out, and of
// two under one code the usable one stays, else the first.
func Clean(rows []Row) ([]Row, []Remark) {
	at := map[Key]int{}
	var kept []Row
	var remarks []Remark
	for _, r := range rows {
		code := plain(r.Code)
		remark := Remark{r.Kind, code, ""}
		if code != r.Code {
			remark.Why = "cleaned"
		}
		r.Code, r.Name, r.ID = code, tidy(r.Name), tidy(r.ID)
		before, twice := at[r.Key()]
		switch {
		case code == "":
			remark.Why = "no_code"
		case utf8.RuneCountInString(code) > CodeMax:
			remark.Why = "too_long"
		case r.Kind == Rate && badRate(r):
			remark.Why = "bad_rate"
		case twice:
			remark.Why = "duplicate"
			if r.Usable() && !kept[before].Usable() {
				kept[before] = r
			}
		default:
			at[r.Key()] = len(kept)
			kept = append(kept, r)
		}
		if remark.Why != "" {
			remarks = append(remarks, remark)
		}
	}
	return kept, remarks
}

// fullWidth is how far a full-width form is from its plain one.
const fullWidth = '！' - '!'

// plain is a code as it is typed: without blanks around it, in plain characters.
func plain(code string) string {
	return tidy(strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - fullWidth
		}
		return r
	}, code))
}

// tidy is a text on one line, without blanks around it.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// What happened to a row.
const (
	Added    = "added"
	Changed  = "changed"
	Closed   = "closed"   // it may be booked with no more
	Reopened = "reopened" // it may be again
	Vanished = "gone"     // the ERP has it no more
)

// Change is a difference between what we keep and what the ERP says.
type Change struct {
	What   string `json:"what"`
	Before Row    `json:"before,omitzero"`
	After  Row    `json:"after"`
	Uses   string `json:"uses,omitempty"` // who would be hurt: the mapping or the supplier that names it
}

// Breaking says whether somebody must look before it is applied.
func (c Change) Breaking() bool { return c.Uses != "" }

// Compare says what changed. Only a complete listing can tell what is gone. used
// says who names a code.
func Compare(before, now []Row, complete bool, used map[Key]string) []Change {
	known := map[Key]Row{}
	for _, r := range before {
		known[r.Key()] = r
	}
	var changes []Change
	for _, r := range now {
		old, is := known[r.Key()]
		delete(known, r.Key())
		if what := difference(old, is, r); what != "" {
			changes = append(changes, Change{What: what, Before: old, After: r})
		}
	}
	if complete {
		for _, old := range known {
			if old.Gone || old.Kind == Rate { // of rates only the newer ones are read
				continue
			}
			after := old
			after.Gone = true
			changes = append(changes, Change{What: Vanished, Before: old, After: after})
		}
	}
	for i, c := range changes {
		if c.What == Vanished || c.What == Closed && c.After.Kind != Period || c.What == Changed && c.After.Kind == Rate {
			changes[i].Uses = used[c.After.Key()]
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.After.Kind, b.After.Kind), cmp.Compare(a.After.Code, b.After.Code))
	})
	return changes
}

func difference(old Row, known bool, now Row) string {
	switch {
	case !known:
		return Added
	case old.Usable() && !now.Usable():
		return Closed
	case !old.Usable() && now.Usable():
		return Reopened
	case old.Name != now.Name || old.ID != now.ID || old.Gone != now.Gone || !maps.Equal(old.Attributes, now.Attributes):
		return Changed
	}
	return ""
}

// Fingerprint names a change: the same difference found again has the same one, and any
// other, of the same row too, has another.
func (c Change) Fingerprint() string {
	text, err := json.Marshal([]any{c.What, c.After})
	if err != nil { // texts and flags always marshal
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Ruling is what a person says of a change that waits.
type Ruling string

// The rulings on a change.
const (
	Apply  Ruling = "apply"  // keep what the ERP says 采用
	Refuse Ruling = "refuse" // keep what we have, while the ERP says this 不采用
)

// Settle parts changes by what people said of them, by fingerprint: a change that waits is
// applied once somebody said so, and one that was refused is no difference any more.
func Settle(changes []Change, review bool, said map[string]Ruling) (apply, held []Change) {
	for _, c := range changes {
		switch said[c.Fingerprint()] {
		case Apply:
			apply = append(apply, c)
			continue
		case Refuse:
			continue
		}
		if review || c.Breaking() {
			held = append(held, c)
		} else {
			apply = append(apply, c)
		}
	}
	return apply, held
}

// Counts counts changes by what happened.
func Counts(changes []Change) map[string]int {
	counts := map[string]int{}
	for _, c := range changes {
		counts[c.What]++
	}
	return counts
}
