package doctype

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// UnitsMax is how many nights or days one line may be for.
const UnitsMax = 366

// Standard is what the lines of a category may cost. 费用标准
type Standard struct {
	Per   string `json:"per"`  // PerLine, PerDay or PerNight
	Over  string `json:"over"` // OverWarn or OverRefuse
	Rates []Row  `json:"rates"`
}

// What a rate counts.
const (
	PerLine  = "line"
	PerDay   = "day"
	PerNight = "night"
)

// What happens to a line above its standard.
const (
	OverWarn   = "warn"   // it is said to whoever decides, and conditions may ask for it
	OverRefuse = "refuse" // it is not submitted
)

// Row is one row of a table: the first that fits counts.
type Row struct {
	Grade   int                       `json:"grade,omitempty"` // from this grade of the requester on; 0 = everybody
	Tier    string                    `json:"tier,omitempty"`  // of the city; "" = anywhere
	Amounts map[money.Currency]string `json:"amounts"`         // per line, day or night, as decimal text
}

// City is a place with its tier. 城市级别
type City struct {
	ID    string            `json:"id"`
	Title map[string]string `json:"title"`
	Tier  string            `json:"tier"`
}

// City finds a city of the type by id.
func (t *Type) City(id string) (City, bool) {
	for _, c := range t.Cities {
		if c.ID == id {
			return c, true
		}
	}
	return City{}, false
}

// Tiers says whether the rates differ between cities.
func (s *Standard) Tiers() bool {
	return s != nil && slices.ContainsFunc(s.Rates, func(r Row) bool { return r.Tier != "" })
}

// Counts says whether a line must tell its days or nights.
func (s *Standard) Counts() bool { return s != nil && s.Per != PerLine }

// AsksUnits says whether a category of the type counts days or nights.
func (t *Type) AsksUnits() bool {
	return slices.ContainsFunc(t.Categories, func(c Category) bool { return c.Standard.Counts() })
}

func (s *Standard) rate(grade int, tier string) (Row, bool) {
	for _, r := range s.Rates {
		if grade >= r.Grade && (r.Tier == "" || r.Tier == tier) {
			return r, true
		}
	}
	return Row{}, false
}

// place holds that a line tells where and for how long, where its category asks.
func (v *validation) place(path string, l document.Line, c Category) {
	if l.City == "" {
		if c.Standard.Tiers() {
			v.add("line.missing_city", path+".city")
		}
	} else if _, known := v.t.City(l.City); !known {
		var ids []string
		for _, city := range v.t.Cities {
			ids = append(ids, city.ID)
		}
		v.add("line.unknown_city", path+".city", fault.Arg("city", shown(l.City)), fault.Arg("allowed", some(ids)))
	}
	most := fault.Arg("max", strconv.Itoa(UnitsMax))
	switch {
	case !c.Standard.Counts():
		if l.Units != 0 {
			v.add("line.no_units", path+".units")
		}
	case l.Units >= 1 && l.Units <= UnitsMax:
	case c.Standard.Per == PerNight:
		v.add("line.missing_nights", path+".units", most)
	default:
		v.add("line.missing_days", path+".units", most)
	}
}

// measured freezes what each line might cost, and refuses the lines above a hard
// standard.
func measured(t *Type, c document.Content, snapshot *org.Snapshot) (document.Content, error) {
	grade := snapshot.People[c.Requester].Grade
	var faults []*fault.Fault
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Standard = nil
		category, _ := t.Category(l.Category)
		if category.Standard == nil {
			continue
		}
		path := "lines[" + strconv.Itoa(i) + "].amount"
		found, err := t.measure(*l, c, category.Standard, grade)
		if told, ok := fault.As(err); ok {
			at := *told
			at.Field = path
			faults = append(faults, &at)
			continue
		}
		if err != nil {
			return document.Content{}, err
		}
		l.Standard = &found
		if category.Standard.Over == OverRefuse && found.Over.Minor > 0 {
			faults = append(faults, fault.New(fault.Invalid, "line.over_standard", fault.Field(path),
				fault.Arg("limit", found.Limit.Text()), fault.Arg("over", found.Over.Text()),
				fault.Arg("currency", string(found.Limit.Currency))))
		}
	}
	if err := fault.Join(faults); err != nil {
		return document.Content{}, err
	}
	return c, nil
}

// Standards is what each line may cost, as Complete will measure it, while the content is
// still being written: nil for a line whose category has no standard, or that does not
// yet tell what its standard asks for.
func Standards(t *Type, c document.Content, snapshot *org.Snapshot, rates Rates) []*document.Standard {
	limits := make([]*document.Standard, len(c.Lines))
	c.Total = money.Zero(c.Currency)
	if priced, err := converted(c, money.Currency(snapshot.Entities[c.Entity].Currency), rates); err == nil {
		c = priced
	}
	for i, l := range c.Lines {
		category, _ := t.Category(l.Category)
		v := validation{t: t}
		if v.place("", l, category); category.Standard == nil || len(v.faults) > 0 {
			continue
		}
		if found, err := t.measure(l, c, category.Standard, snapshot.People[c.Requester].Grade); err == nil {
			limits[i] = &found
		}
	}
	return limits
}

// measure compares one line with its rate: in the document's own currency where
// the table has it, else in the entity's base currency at the frozen rate.
func (t *Type) measure(l document.Line, c document.Content, s *Standard, grade int) (document.Standard, error) {
	city, _ := t.City(l.City)
	row, _ := s.rate(grade, city.Tier) // Parse holds that the last row fits everybody
	spent := l.Amount
	if _, own := row.Amounts[spent.Currency]; !own && c.Rate != nil {
		var err error
		if spent, err = spent.At(c.Rate.Value, c.Rate.Base); err != nil {
			return document.Standard{}, err
		}
	}
	text, known := row.Amounts[spent.Currency]
	if !known {
		return document.Standard{}, fault.New(fault.Invalid, "line.no_standard",
			fault.Arg("currency", string(spent.Currency)))
	}
	limit, err := money.Parse(text, spent.Currency)
	if err != nil {
		return document.Standard{}, err
	}
	if s.Counts() {
		if limit.Minor > math.MaxInt64/UnitsMax {
			return document.Standard{}, fault.New(fault.Invalid, "money.too_large",
				fault.Arg("currency", string(limit.Currency)))
		}
		limit.Minor *= l.Units
	}
	over := money.Zero(spent.Currency)
	over.Minor = max(0, spent.Minor-limit.Minor)
	return document.Standard{Limit: limit, Over: over}, nil
}

// some names the first few of a long list.
func some(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
