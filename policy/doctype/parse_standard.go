package doctype

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/money"
)

type cityYAML struct {
	ID    string            `yaml:"id,required"`
	Title map[string]string `yaml:"title,required"`
	Tier  string            `yaml:"tier,required"`
}

type standardYAML struct {
	Per   string     `yaml:"per,required"`
	Over  string     `yaml:"over,required"`
	Rates []rateYAML `yaml:"rates,required"`
}

type rateYAML struct {
	Grade   int               `yaml:"grade"`
	Tier    string            `yaml:"tier"`
	Amounts map[string]string `yaml:"amounts,required"`
}

func (r *reading) city(path string, raw cityYAML) City {
	return City{ID: r.id(path+".id", raw.ID), Title: r.title(path+".title", raw.Title), Tier: r.id(path+".tier", raw.Tier)}
}

func (t *Type) cityNames() []string {
	names := make([]string, 0, len(t.Cities))
	for _, c := range t.Cities {
		names = append(names, c.ID)
	}
	return names
}

// standard reads a table. Its last row fits everybody everywhere, so that no line
// is without a standard; no row is behind one that takes all of its lines.
func (r *reading) standard(path string, raw standardYAML, t *Type) *Standard {
	s := &Standard{Per: raw.Per, Over: raw.Over}
	r.oneOf(path+".per", raw.Per, PerLine, PerDay, PerNight)
	r.oneOf(path+".over", raw.Over, OverWarn, OverRefuse)
	for i, row := range raw.Rates {
		at := path + ".rates[" + strconv.Itoa(i) + "]"
		rate := r.rate(at, row, t)
		if slices.ContainsFunc(s.Rates, func(before Row) bool { return before.takes(rate) }) {
			r.refuse("type.standard_dead", at)
		}
		s.Rates = append(s.Rates, rate)
	}
	if n := len(s.Rates); n == 0 || s.Rates[n-1].Grade != 0 || s.Rates[n-1].Tier != "" {
		r.refuse("type.standard_gap", path+".rates")
	}
	return s
}

// takes says whether a row fits every line that the other one fits.
func (r Row) takes(other Row) bool {
	return r.Grade <= other.Grade && (r.Tier == "" || r.Tier == other.Tier)
}

func (r *reading) rate(path string, raw rateYAML, t *Type) Row {
	rate := Row{Grade: raw.Grade, Tier: raw.Tier, Amounts: map[money.Currency]string{}}
	var tiers []string
	for _, c := range t.Cities {
		if !slices.Contains(tiers, c.Tier) {
			tiers = append(tiers, c.Tier)
		}
	}
	if raw.Tier != "" && !slices.Contains(tiers, raw.Tier) {
		r.bad(path+".tier", raw.Tier, strings.Join(tiers, ", "))
	}
	if raw.Grade < 0 {
		r.bad(path+".grade", strconv.Itoa(raw.Grade), "0, 1, 2, …")
	}
	for currency, text := range raw.Amounts {
		rate.Amounts[money.Currency(currency)] = text
		if a, err := money.Parse(text, money.Currency(currency)); err != nil || a.Sign() <= 0 {
			r.bad(path+".amounts."+currency, text, "a positive amount in "+currency)
		}
	}
	if len(raw.Amounts) == 0 {
		r.bad(path+".amounts", "", "at least one currency")
	}
	return rate
}
