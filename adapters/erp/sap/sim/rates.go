package sim

import (
	"fmt"
	"time"
)

// What a key user published here, by the app Custom CDS Views.
const (
	RatesPath   = "YY1_EXCHANGERATES_CDS/YY1_ExchangeRates"
	FactorsPath = "YY1_RATEFACTORS_CDS/YY1_RateFactors"
)

// day is the beginning of a day so many days before one, as OData V2 has it.
func day(today time.Time, back int) string {
	at := today.UTC().Truncate(24*time.Hour).AddDate(0, 0, -back)
	return fmt.Sprintf("/Date(%d)/", at.UnixMilli())
}

// rates are rows of I_ExchangeRateRawData (TCURR). Their own factors are what nobody may
// count with: SAP takes those of TCURF.
func rates(today time.Time) []map[string]any {
	var rows []map[string]any
	add := func(kind, source, target, rate string, back int) {
		rows = append(rows, map[string]any{"ExchangeRateType": kind, "SourceCurrency": source, "TargetCurrency": target,
			"ValidityStartDate": day(today, back), "ExchangeRate": rate, "NumberOfSourceCurrencyUnits": "0",
			"NumberOfTargetCurrencyUnits": "7"})
	}
	add("M", "EUR", "CNY", "7.10000", 900)  // the next one replaced it long ago
	add("M", "EUR", "CNY", "7.50000", 500)  // held when the reading begins
	add("M", "EUR", "CNY", "7.80000", 10)   // holds
	add("P", "EUR", "CNY", "7.90000", 5)    // another type
	add("M", "EUR", "USD", "1.10000", 5)    // another target
	add("M", "CNY", "EUR", "0.12800", 5)    // the other way
	add("M", "HKD", "CNY", "0.90000", 5)    // SAP takes another type for it
	add("M", "IDR", "CNY", "0.45000", 40)   // of 1,000
	add("M", "IDR", "CNY", "4.50000", 5)    // of 10,000, from 15 days ago on
	add("M", "JPY", "CNY", "4.90000", 30)   // of 100
	add("M", "KRW", "CNY", "-1.95000", 20)  // indirect: 1 CNY is 1.95 hundreds of it
	add("M", "USD", "CNY", "-0.14000", 700) // indirect, old, and holds
	return rows
}

// ratios are rows of I_ExchangeRateFactorsRawData (TCURF).
func ratios(today time.Time) []map[string]any {
	var rows []map[string]any
	add := func(kind, source, target, alternative string, of, in, back int) {
		rows = append(rows, map[string]any{"ExchangeRateType": kind, "SourceCurrency": source, "TargetCurrency": target,
			"ValidityStartDate": day(today, back), "NumberOfSourceCurrencyUnits": fmt.Sprint(of),
			"NumberOfTargetCurrencyUnits": fmt.Sprint(in), "AlternativeExchangeRateType": alternative})
	}
	add("M", "CNY", "KRW", "", 1, 100, 9000)
	add("M", "CNY", "USD", "", 1, 1, 9000)
	add("M", "EUR", "CNY", "", 1, 1, 9000)
	add("P", "EUR", "CNY", "", 1000, 1, 9000)
	add("M", "HKD", "CNY", "P", 1, 1, 9000)
	add("M", "IDR", "CNY", "", 1000, 1, 9000)
	add("M", "IDR", "CNY", "", 10000, 1, 15)
	add("M", "JPY", "CNY", "", 100, 1, 9000)
	add("M", "KRW", "CNY", "", 1000, 1, 9000) // for direct rates of it
	add("M", "USD", "CNY", "", 5, 1, 9000)    // for direct rates of it
	return rows
}
