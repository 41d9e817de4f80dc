package invoice

import (
	"regexp"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/money"
)

// Limits of a QR code's text.
const (
	qrMax       = 512 // bytes
	qrFieldsMin = 7
	qrFieldsMax = 10
)

var (
	digitalNumber = regexp.MustCompile(`^[0-9]{20}$`)
	codedNumber   = regexp.MustCompile(`^[0-9]{8}$`)
	oldCode       = regexp.MustCompile(`^([0-9]{10}|[0-9]{12})$`)
	plainAmount   = regexp.MustCompile(`^-?[0-9]{1,13}(\.[0-9]{1,2})?$`)
)

// ReadQR reads the text of the QR code on an invoice:
//
//	01,<kind>,<code>,<number>,<amount>,<yyyymmdd>,<check code>,<4 hex>,
//
// The amount has the tax in it where there is no code, and not where there is one.
// Everything else that a QR code may hold, such as a shop's address, is no invoice.
func ReadQR(text string) (Invoice, bool) {
	if len(text) > qrMax {
		return Invoice{}, false
	}
	fields := strings.Split(Plain(text), ",")
	if len(fields) < qrFieldsMin || len(fields) > qrFieldsMax || fields[0] != "01" {
		return Invoice{}, false
	}
	read := Invoice{Kind: fields[1], Code: fields[2], Number: fields[3]}
	switch {
	case read.Code == "" && digitalNumber.MatchString(read.Number):
	case oldCode.MatchString(read.Code) && codedNumber.MatchString(read.Number):
	default:
		return Invoice{}, false
	}
	day, err := time.Parse("20060102", fields[5])
	if err != nil {
		return Invoice{}, false
	}
	read.Date = day.Format(time.DateOnly)
	amount, known := amountOf(fields[4])
	switch {
	case !known:
	case read.Code == "":
		read.Gross = amount
	default:
		read.Net = amount
	}
	return read, true
}

// amountOf reads an amount; one that cannot be read is not known.
func amountOf(text string) (money.Amount, bool) {
	text = strings.TrimSpace(text)
	if !plainAmount.MatchString(text) {
		return money.Amount{}, false
	}
	amount, err := money.Parse(text, currency)
	return amount, err == nil
}
