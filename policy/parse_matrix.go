package policy

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// How a matrix chooses among rows that match.
const (
	matchFirst = "first"
	matchAll   = "all"
)

// other stands for every department or category that a matrix does not name.
const other = "*"

type matrixYAML struct {
	Match string    `yaml:"match"`
	Rows  []rowYAML `yaml:"rows,required"`
}

type rowYAML struct {
	Department []string     `yaml:"department"`
	Category   []string     `yaml:"category"`
	From       string       `yaml:"from"`
	Below      string       `yaml:"below"`
	Approvers  []finderYAML `yaml:"approvers,required"`
}

// several says whether one document may meet several rows, all of which it needs.
func (m Matrix) several() bool {
	return m.Match == matchAll || slices.ContainsFunc(m.Rows, func(r Row) bool { return len(r.Categories) > 0 })
}

func (r *reading) matrices(p *Policy, raw map[string]matrixYAML) {
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		path := "matrices." + name
		r.id(path, name)
		m := Matrix{Match: matchFirst}
		if r.written(path + ".match") {
			r.oneOf(path+".match", raw[name].Match, []string{matchFirst, matchAll})
			m.Match = raw[name].Match
		}
		r.count(path+".rows", len(raw[name].Rows), RowsMax)
		before := len(r.faults)
		for i, row := range raw[name].Rows {
			m.Rows = append(m.Rows, r.row(path+".rows["+strconv.Itoa(i)+"]", row))
		}
		if p.Matrices == nil {
			p.Matrices = map[string]Matrix{}
		}
		p.Matrices[name] = m
		if len(r.faults) == before {
			r.covered(path, m)
		}
	}
}

func (r *reading) row(path string, raw rowYAML) Row {
	row := Row{
		Departments: r.names(path+".department", raw.Department), Categories: r.names(path+".category", raw.Category),
		From: r.amount(path+".from", raw.From), Below: r.amount(path+".below", raw.Below),
	}
	if r.written(path+".below") && row.Below <= row.From {
		r.refuse("policy.bad_band", path+".below", fault.Arg("from", raw.From), fault.Arg("below", raw.Below))
	}
	r.count(path+".approvers", len(raw.Approvers), FindersMax)
	for i, f := range raw.Approvers {
		row.Approvers = append(row.Approvers, r.finder(path+".approvers["+strconv.Itoa(i)+"]", f, nil))
	}
	return row
}

func (r *reading) names(path string, given []string) []string {
	if r.written(path) && len(given) == 0 {
		r.refuse("policy.empty", path)
	}
	for i, name := range given {
		if at := path + "[" + strconv.Itoa(i) + "]"; name == "" || name == other {
			r.refuse("policy.empty", at)
		} else if slices.Contains(given[:i], name) {
			r.refuse("policy.duplicate_value", at, fault.Arg("value", name))
		}
	}
	return given
}

func (r *reading) amount(path, text string) int64 {
	if !r.written(path) {
		return 0
	}
	a, err := money.Parse(text, r.base)
	if err != nil || a.Sign() < 0 {
		r.refuse("policy.bad_amount", path, fault.Arg("value", text))
	}
	return a.Minor
}

// covered proves that every department, category and amount finds a row, and that
// no row is hidden by those above it. It looks at every cell that the rows can
// tell apart, so what passes has no gap.
func (r *reading) covered(path string, m Matrix) {
	departments, categories := []string{other}, []string{other}
	for _, row := range m.Rows {
		departments, categories = union(departments, row.Departments), union(categories, row.Categories)
	}
	r.count(path+".rows", len(departments), NamesMax)
	r.count(path+".rows", len(categories), NamesMax)
	if len(departments) > NamesMax || len(categories) > NamesMax {
		return
	}
	reached := make([]bool, len(m.Rows))
	gaps := 0
	for _, d := range departments {
		for _, c := range categories {
			from, below, gap := m.cell(d, c, reached)
			if gap && gaps == 0 { // the first gap is enough to begin with
				gaps++
				r.refuse("policy.matrix_gap", path+".rows", fault.Arg("department", d), fault.Arg("category", c),
					fault.Arg("from", r.edge(from)), fault.Arg("below", r.edge(below)))
			}
		}
	}
	for i, yes := range reached {
		if !yes && m.Match == matchFirst {
			r.refuse("policy.matrix_shadowed", path+".rows["+strconv.Itoa(i)+"]", fault.Arg("row", strconv.Itoa(i+1)))
		}
	}
}

// cell follows the amounts of one department and category from zero up: which
// rows come first somewhere, and the first band that no row speaks of.
func (m Matrix) cell(department, category string, reached []bool) (from, below int64, gap bool) {
	var of []int
	for i, r := range m.Rows {
		if named(r.Departments, department) && named(r.Categories, category) {
			of = append(of, i)
		}
	}
	for at := int64(0); ; {
		row, next := -1, int64(math.MaxInt64)
		for _, i := range of {
			switch r := m.Rows[i]; {
			case r.From > at:
				next = min(next, r.From)
			case r.Below == 0 || r.Below > at:
				if row < 0 {
					row = i
				}
				if r.Below != 0 {
					next = min(next, r.Below)
				}
			}
		}
		if row < 0 && !gap {
			from, below, gap = at, next, true
		}
		if row >= 0 {
			reached[row] = true
		}
		if next == math.MaxInt64 {
			return from, below, gap
		}
		at = next
	}
}

func named(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

func union[T comparable](all, more []T) []T {
	for _, name := range more {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// edge writes the edge of a band.
func (r *reading) edge(minor int64) string {
	if minor == math.MaxInt64 {
		return "∞"
	}
	return money.Amount{Minor: minor, Currency: r.base}.Text()
}
