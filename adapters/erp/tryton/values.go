package tryton

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/money"
)

// object is one record, or any other JSON object of the protocol.
type object = map[string]any

// decimal is a number as Tryton wants it; a JSON number would pass as a float.
func decimal(a money.Amount) object {
	return object{"__class__": "Decimal", "decimal": a.Text()}
}

// day is a date as Tryton wants it.
func day(text string) (object, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, fmt.Errorf("tryton: date %q: %w", text, err)
	}
	return object{"__class__": "date", "year": t.Year(), "month": int(t.Month()), "day": t.Day()}, nil
}

// instant is a point in time as Tryton wants it, in UTC.
func instant(t time.Time) object {
	t = t.UTC()
	return object{"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000}
}

// jsonDecimal reads a Decimal of an answer; nil where the field is empty.
type jsonDecimal struct {
	Decimal string `json:"decimal"`
}

// amount reads it in a currency.
func (d *jsonDecimal) amount(c money.Currency) (money.Amount, error) {
	if d == nil {
		return money.Amount{Currency: c}, nil
	}
	return port.ParseAmount(d.Decimal, c)
}

// jsonDate reads a date of an answer.
type jsonDate struct {
	Year, Month, Day int
}

// text is the date as YYYY-MM-DD.
func (d jsonDate) text() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// jsonCode is what a dotted name such as "account.code" comes back as.
type jsonCode struct {
	ID   json.Number `json:"id"`
	Code string      `json:"code"`
}

// jsonNamed is what "party.code" and "party.name" come back as.
type jsonNamed struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// code is the code, "" where the relation is empty.
func (c *jsonCode) code() string {
	if c == nil {
		return ""
	}
	return c.Code
}
