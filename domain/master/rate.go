package master

import (
	"math/big"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// The attributes of a rate: 1 unit of Of is Value units of In, from Day on.
const (
	Of    = "of"    // ISO 4217
	In    = "in"    // ISO 4217
	Day   = "day"   // YYYY-MM-DD
	Value = "value" // decimal text
)

// rateDecimals are the decimals of a rate that we divide ourselves: as many as a rate may have.
const rateDecimals = 12

// RateRow is a rate as a row: its code names the two currencies and the day, as in
// "EUR/CNY 2026-11-20". 汇率
func RateRow(r document.Rate) Row {
	code := string(r.Currency) + "/" + string(r.Base) + " " + r.Date
	return Row{Kind: Rate, Code: code, Name: r.Value, ID: code, Active: true, Attributes: map[string]string{
		Of: string(r.Currency), In: string(r.Base), Day: r.Date, Value: r.Value,
	}}
}

// badRate says whether nothing can be counted with a rate.
func badRate(r Row) bool {
	_, of := money.Exponent(money.Currency(r.Attributes[Of]))
	_, in := money.Exponent(money.Currency(r.Attributes[In]))
	_, err := time.Parse(time.DateOnly, r.Attributes[Day])
	return !of || !in || r.Attributes[Of] == r.Attributes[In] || err != nil ||
		money.CheckRate(r.Attributes[Value]) != nil
}

// Cross is the rate between two currencies of which an ERP tells how many units one
// unit of a third is: 1 unit of the first is base ÷ of units of the second. "" where
// either is no positive number; what comes to nothing is no rate, see Clean.
func Cross(of, base string) string {
	x, ok := new(big.Rat).SetString(of)
	y, known := new(big.Rat).SetString(base)
	if !ok || !known || x.Sign() <= 0 || y.Sign() <= 0 {
		return ""
	}
	text := y.Quo(y, x).FloatString(rateDecimals)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
