package sim

import (
	"encoding/json"
	"time"
)

// rates are this U8's 汇率 of some months: booked by (2), adjusted by (3) and floating (1).
func rates(now time.Time) []any {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	one := func(ago int, name string, kind int, rate string) any {
		month := first.AddDate(0, -ago, 0)
		return map[string]any{"iyear": month.Year(), "imonth": int(month.Month()), "iperiod": int(month.Month()),
			"cexch_name": name, "itype": kind, "rate": json.Number(rate)}
	}
	return []any{
		one(30, "美元", 2, "6.9"), one(20, "美元", 2, "7.05"), one(1, "美元", 2, "7.1000"), one(0, "美元", 2, "7.08250001"),
		one(0, "美元", 3, "7.2"), one(0, "美元", 1, "7.3"), one(0, "比索", 2, "0.4"), one(0, "日元", 2, "0.05"),
	}
}
