package port

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// RatesBack is how far back rates are read, in days; an older one still holds where a
// currency has no newer.
const RatesBack = 400

// RatesFrom is the first day whose rates are read.
func RatesFrom(now time.Time) string {
	return now.UTC().AddDate(0, 0, -RatesBack).Format(time.DateOnly)
}

// Quote is a rate as Tryton and Odoo keep it: from Day on, one unit of their reference
// currency is Units of this one.
type Quote struct {
	Currency money.Currency
	Day      string // YYYY-MM-DD
	Units    string // decimal text
}

// Quotes makes rates into the books' currency of quotes: each from two of them, that of the
// currency and that of the books' own which held on that day, else without. A rate of no
// value says that nothing can be converted then; master.Clean tells of it. What Recent
// leaves out is left out.
func Quotes(all []Quote, books money.Currency, without, from string) []document.Rate {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Quote) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Day, b.Day))
	})
	own := slices.DeleteFunc(slices.Clone(all), func(q Quote) bool { return q.Currency != books })
	var rates []document.Rate
	for _, q := range all {
		if q.Currency != books {
			rates = append(rates, document.Rate{Currency: q.Currency, Base: books, Date: q.Day,
				Value: master.Cross(q.Units, held(own, q.Day, without))})
		}
	}
	return Recent(rates, from)
}

// Recent leaves out what a newer rate of its currency has replaced by a day: what is left
// are the rates after that day, and of each currency the one that held on it, sorted by
// currency and day.
func Recent(rates []document.Rate, from string) []document.Rate {
	rates = slices.Clone(rates)
	slices.SortStableFunc(rates, func(a, b document.Rate) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Date, b.Date))
	})
	var recent []document.Rate
	for i, r := range rates {
		newer := i+1 < len(rates) && rates[i+1].Currency == r.Currency
		if r.Date < from && newer && rates[i+1].Date <= from {
			continue
		}
		recent = append(recent, r)
	}
	return recent
}

// held is what one unit of the reference currency was on a day: the last quote on or before
// it, else without.
func held(sorted []Quote, day, without string) string {
	after := sort.Search(len(sorted), func(i int) bool { return sorted[i].Day > day })
	if after == 0 {
		return without
	}
	return sorted[after-1].Units
}
