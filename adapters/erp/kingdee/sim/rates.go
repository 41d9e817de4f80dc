package sim

import (
	"encoding/json"
	"time"
)

// rates are this site's 汇率: of euros in yuan one that ended long ago, one that holds since
// more than a year and one of this week; and those that no voucher is booked by: of another
// type, not audited, forbidden, of a currency that nobody knows, and of yuan in euros.
func rates(now time.Time) []row {
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format(time.DateOnly) + "T00:00:00" }
	one := func(from, to string, begins, ends int, direct, reverse string) row {
		return row{"FCYFORID.FNUMBER": from, "FCYTOID.FNUMBER": to, "FBEGDATE": day(begins), "FENDDATE": day(ends),
			"FEXCHANGERATE": json.Number(direct), "FREVERSEEXRATE": json.Number(reverse), "FRATETYPEID.FNUMBER": "HLTX01_SYS",
			"FDOCUMENTSTATUS": "C", "FFORBIDSTATUS": "A"}
	}
	but := func(r row, field, value string) row {
		r[field] = value
		return r
	}
	return []row{
		one("PRE003", "PRE001", 900, 500, "7.1000000000", "0.1408450704"),
		one("PRE003", "PRE001", 499, 4, "7.7500000000", "0.1290322581"),
		one("PRE003", "PRE001", 3, -30, "7.8125000000", "0.1280000000"),
		one("PRE001", "PRE003", 3, -30, "0.1280000000", "7.8125000000"),
		one("PRE099", "PRE001", 3, -30, "2.0000000000", "0.5000000000"),
		but(one("PRE003", "PRE001", 2, -30, "8.0000000000", "0.1250000000"), "FRATETYPEID.FNUMBER", "HLTX02_SYS"),
		but(one("PRE003", "PRE001", 2, -30, "8.1000000000", "0.1234567901"), "FDOCUMENTSTATUS", "A"),
		but(one("PRE003", "PRE001", 2, -30, "8.2000000000", "0.1219512195"), "FFORBIDSTATUS", "B"),
	}
}
