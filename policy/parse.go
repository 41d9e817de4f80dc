package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/source"
)

// The limits of a policy.
const (
	StepsMax     = 30  // in one policy
	FindersMax   = 20  // in one step
	ApproversMax = 50  // found for one step
	AmongMax     = 200 // of whom approvers may choose
	LevelMax     = 10  // of a manager
	RemindersMax = 20  // of one task
	QuorumMax    = 20  // yeses
	WeightMax    = 1000
	ShareMax     = 1000 // both numbers of a ratio
	RowsMax      = 200  // in one matrix
	NamesMax     = 100  // different departments, or categories, in one matrix
)

// Locales are the languages that every title is written in.
var Locales = []string{"en", "zh-CN"}

var idText = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

type policyYAML struct {
	Policy string            `yaml:"policy,required"`
	Title  map[string]string `yaml:"title,required"`
	Base   string            `yaml:"base,required"`
	Steps  []itemYAML        `yaml:"steps,required"`
	Then   []string          `yaml:"then,required"`

	Matrices map[string]matrixYAML `yaml:"matrices"`
	Require  []requireYAML         `yaml:"require"`
	CC       []copyYAML            `yaml:"cc"`
	CCOn     string                `yaml:"cc_on"`

	Aggregate aggregateYAML `yaml:"aggregate"`

	FreshSignIn freshYAML   `yaml:"fresh_sign_in"`
	Passkey     passkeyYAML `yaml:"passkey"`
}

type stepYAML struct {
	ID           string            `yaml:"id,required"`
	Title        map[string]string `yaml:"title,required"`
	When         string            `yaml:"when"`
	Otherwise    string            `yaml:"otherwise"`
	Approvers    []finderYAML      `yaml:"approvers,required"`
	Mode         modeYAML          `yaml:"mode"`
	OnReject     string            `yaml:"on_reject"`
	Due          dueYAML           `yaml:"due"`
	Remind       remindYAML        `yaml:"remind"`
	OnTimeout    source.Choice     `yaml:"on_timeout"`
	Allow        []string          `yaml:"allow"`
	DistinctFrom []string          `yaml:"distinct_from"`
	SameApprover string            `yaml:"same_approver"`
	Amend        []string          `yaml:"amend"`
	CC           []copyYAML        `yaml:"cc"`
	CCOn         string            `yaml:"cc_on"`
}

type dueYAML struct {
	Normal string `yaml:"normal,required"`
	Urgent string `yaml:"urgent"`
}

type remindYAML struct {
	First  string `yaml:"first,required"`
	Every  string `yaml:"every"`
	AtMost int    `yaml:"at_most,required"`
}

// reading collects the faults of one policy while it is put together.
type reading struct {
	text   *source.Text
	base   money.Currency
	taken  map[string]int // ids of steps and forks → the line of each
	faults []*fault.Fault
}

// Parse reads a policy strictly.
//
// Errors: faults yaml.* and policy.*, all of them at once (see fault.Fault.More),
// each with the arguments file, line and column and the path as its field.
func Parse(name string, yaml []byte) (*Policy, error) {
	var raw policyYAML
	text, err := source.Read(name, yaml, &raw)
	if err != nil {
		return nil, err
	}
	r := &reading{text: text, base: money.Currency(raw.Base), taken: map[string]int{}}
	p := r.policy(raw)
	if len(r.faults) > 0 {
		return nil, fault.Join(r.faults)
	}
	if p.hash, err = evidence.HashOf(p); err != nil {
		return nil, err
	}
	return p, nil
}

func (r *reading) refuse(code, path string, details ...fault.Detail) {
	r.faults = append(r.faults, r.text.Fault(code, path, details...))
}

func (r *reading) policy(raw policyYAML) *Policy {
	p := &Policy{text: r.text, ID: r.id("policy", raw.Policy), Title: r.title("title", raw.Title),
		Base: money.Currency(raw.Base), Then: r.then(raw.Then)}
	if _, ok := money.Exponent(p.Base); !ok {
		r.refuse("policy.bad_currency", "base", fault.Arg("value", raw.Base))
	}
	r.matrices(p, raw.Matrices)
	p.Require = r.require(p.Base, raw.Require)
	p.FreshSignIn = r.freshSignIn(p.Base, raw.FreshSignIn)
	p.Passkey = r.passkey(p.Base, raw.Passkey)
	p.Aggregate = r.aggregate(raw.Aggregate)
	p.CC = r.copying("", raw.CC, raw.CCOn, policyCopiesOn, p)
	r.walk("steps", raw.Steps, nil, p)
	r.count("steps", len(p.Steps), StepsMax)
	return p
}

// unique reads the id of a step or fork.
func (r *reading) unique(path, id string) string {
	if first, twice := r.taken[id]; twice {
		r.refuse("policy.duplicate_step", path, fault.Arg("id", id), fault.Arg("first", strconv.Itoa(first)))
	}
	r.taken[id] = r.text.At[path].Line
	return r.id(path, id)
}

func (r *reading) id(path, value string) string {
	if !idText.MatchString(value) {
		r.refuse("policy.bad_id", path, fault.Arg("value", value))
	}
	return value
}

func (r *reading) title(path string, title map[string]string) map[string]string {
	for _, locale := range Locales {
		if strings.TrimSpace(title[locale]) == "" {
			r.refuse("policy.missing_title", path, fault.Arg("locale", locale))
		}
	}
	for locale := range title {
		if !slices.Contains(Locales, locale) {
			r.oneOf(path+"."+locale, locale, Locales)
		}
	}
	return title
}

func (r *reading) count(path string, n, most int) {
	if n == 0 {
		r.refuse("policy.empty", path)
	}
	if n > most {
		r.refuse("policy.too_many", path, fault.Arg("count", strconv.Itoa(n)), fault.Arg("max", strconv.Itoa(most)))
	}
}

// oneOf refuses a value that is not one of the known ones.
func (r *reading) oneOf(path, value string, known []string) bool {
	if slices.Contains(known, value) {
		return true
	}
	r.refuse("policy.bad_value", path, fault.Arg("value", value),
		fault.Arg("nearest", source.Nearest(value, known)), fault.Arg("known", strings.Join(known, ", ")))
	return false
}

// words reads a list of known words; those of a later version are refused by name.
func (r *reading) words(path string, given, known, later []string) []string {
	out := []string{}
	for i, word := range given {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case slices.Contains(later, word):
			r.refuse("policy.not_in_version", at, fault.Arg("what", word))
		case slices.Contains(out, word):
			r.refuse("policy.duplicate_value", at, fault.Arg("value", word))
		case r.oneOf(at, word, known):
			out = append(out, word)
		}
	}
	return out
}

func (r *reading) then(given []string) []string {
	return r.words("then", given, []string{"accrue", "archive"}, []string{"pay", "settle"})
}
