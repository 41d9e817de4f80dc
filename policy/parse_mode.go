package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

// modes are those written as a word; a quorum and a ratio carry their numbers.
var modes = []string{
	string(approval.AnyOf), string(approval.AllOf), string(approval.InOrder), string(approval.PerGroup),
}

var shareText = regexp.MustCompile(`^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$`)

// modeYAML is all_of, { quorum: 2 } or { ratio: 2/3 }.
type modeYAML struct {
	Quorum int    `yaml:"quorum"`
	Ratio  string `yaml:"ratio"`
	Word   string `yaml:",alone"`
}

func (r *reading) mode(path string, raw modeYAML) (approval.Mode, *approval.Votes) {
	quorum, ratio := r.written(path+".quorum"), r.written(path+".ratio")
	switch {
	case quorum && !ratio:
		r.number(path+".quorum", raw.Quorum, 1, QuorumMax)
		return approval.Quorum, &approval.Votes{Count: raw.Quorum}
	case ratio && !quorum:
		return approval.Ratio, r.share(path+".ratio", raw.Ratio)
	case !r.written(path):
		return approval.AnyOf, nil
	}
	if !slices.Contains(modes, raw.Word) {
		r.refuse("policy.bad_value", path, fault.Arg("value", raw.Word),
			fault.Arg("nearest", source.Nearest(raw.Word, modes)),
			fault.Arg("known", strings.Join(modes, ", ")+", { quorum: 2 }, { ratio: 2/3 }"))
	}
	return approval.Mode(raw.Word), nil
}

// share reads an exact fraction. It is kept as written, never as a decimal.
func (r *reading) share(path, text string) *approval.Votes {
	var num, den int64
	if shareText.MatchString(text) {
		over := slices.Index([]byte(text), '/')
		num, _ = strconv.ParseInt(text[:over], 10, 64)
		den, _ = strconv.ParseInt(text[over+1:], 10, 64)
	}
	if num < 1 || den < num || den > ShareMax {
		r.refuse("policy.bad_ratio", path, fault.Arg("value", text))
	}
	return &approval.Votes{Num: num, Den: den}
}

// onReject reads what one rejection does; the mode's own default is left out, so
// that writing it down changes nothing.
func (r *reading) onReject(path, word string, mode approval.Mode) string {
	known := []string{approval.RejectVeto}
	switch mode {
	case approval.Quorum, approval.Ratio:
		known = []string{approval.RejectVote, approval.RejectVeto}
	case approval.AnyOf:
		known = append(known, approval.RejectEveryone)
	}
	if !r.written(path) || !r.oneOf(path, word, known) || word == known[0] {
		return ""
	}
	return word
}

// fits refuses what makes no sense in a step's mode.
func (r *reading) fits(path string, f Finder, mode approval.Mode, p *Policy) {
	all := []Finder{f}
	for _, row := range p.Matrices[f.Matrix].Rows {
		all = append(all, row.Approvers...)
	}
	wrong := func(code, key string, details ...fault.Detail) {
		if r.written(path + key) {
			path += key
		}
		r.refuse(code, path, append(details, fault.Arg("mode", string(mode)))...)
	}
	together := mode == approval.AllOf || mode == approval.InOrder
	for _, one := range all {
		switch {
		case one.Group != "" && mode != approval.PerGroup:
			wrong("policy.not_in_mode", ".group", fault.Arg("key", "group"))
		case one.Weight != 0 && mode != approval.Ratio:
			wrong("policy.not_in_mode", ".weight", fault.Arg("key", "weight"))
		case one.every() && !together:
			wrong("policy.climb_needs_all", "")
		case p.each(one) && !together && mode != approval.PerGroup:
			wrong("policy.needs_each", "")
		default:
			continue
		}
		return // one refusal of a source is enough
	}
}

// each says whether a finder names people for several things, none of whom may
// decide for the others: rows of a matrix, departments, cost centres.
func (p *Policy) each(f Finder) bool {
	return f.Of == ofCostCenter || f.Heads != nil && f.Heads.Of != "" || p.Matrices[f.Matrix].several()
}

// every says whether a finder asks people who alone may not be enough.
func (f Finder) every() bool {
	return f.Climb != nil && f.Climb.Every || f.Heads != nil && f.Heads.Every
}
