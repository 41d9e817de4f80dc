package money

import (
	"maps"
	"slices"
	"strings"
)

// currency is what ISO 4217 says of a code.
type currency struct {
	digits int    // decimals of the minor unit
	fund   bool   // a fund or index unit: known, never paid in
	until  string // the day it was withdrawn, YYYY-MM-DD; "" while in force
}

// The codes of ISO 4217 list one of 2024-06-25 by their decimals, with the
// amendments since: ANG became XCG, BGN became the euro, CUC was withdrawn, XAD
// came. Metals and test codes have no minor unit and are no money here. CNH is a
// market's word for CNY outside the mainland, not a code.
const (
	withoutDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
	threeDecimals   = "BHD IQD JOD KWD LYD OMR TND"
	twoDecimals     = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF " +
		"CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK " +
		"MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE " +
		"SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XAD XCD XCG YER ZAR " +
		"ZMW ZWG"
)

// funds are codes of funds and index units with their decimals.
var funds = map[Currency]int{
	"BOV": 2, "CHE": 2, "CHW": 2, "CLF": 4, "COU": 2, "MXV": 2, "USN": 2, "UYI": 0, "UYW": 4,
}

// withdrawn are codes that documents of the past may carry, with their last day.
// All had two decimals.
var withdrawn = map[Currency]string{
	"ANG": "2025-03-30", "BGN": "2025-12-31", "CUC": "2021-06-30", "HRK": "2022-12-31", "SLL": "2024-03-31",
	"ZWL": "2024-08-31",
}

var currencies = table()

func table() map[Currency]currency {
	all := map[Currency]currency{}
	for digits, codes := range map[int]string{0: withoutDecimals, 2: twoDecimals, 3: threeDecimals} {
		for code := range strings.FieldsSeq(codes) {
			all[Currency(code)] = currency{digits: digits}
		}
	}
	for code, digits := range funds {
		all[code] = currency{digits: digits, fund: true}
	}
	for code, until := range withdrawn {
		all[code] = currency{digits: 2, until: until}
	}
	return all
}

// Exponent tells how many decimals a currency has: 2 for CNY, 0 for JPY, 3 for
// KWD. Withdrawn codes and fund codes are known too; metals are not.
func Exponent(c Currency) (digits int, ok bool) {
	found, ok := currencies[c]
	return found.digits, ok
}

// InForce says whether new documents may be in the currency on a day
// (YYYY-MM-DD): it is known, no fund, and not withdrawn by then.
func InForce(c Currency, date string) bool {
	found, ok := currencies[c]
	return ok && !found.fund && (found.until == "" || date <= found.until)
}

// Currencies lists the currencies in force on a day (YYYY-MM-DD), in order.
func Currencies(date string) []Currency {
	codes := slices.Sorted(maps.Keys(currencies))
	return slices.DeleteFunc(codes, func(c Currency) bool { return !InForce(c, date) })
}
