package booking

import "github.com/countersign/countersign/domain/master"

// MasterByName is master data as the look-ups of a mapping see it: usable codes by
// their names. A name that two share finds neither: which is meant is not for us to say.
func MasterByName(rows map[master.Key]master.Row) map[string]map[string]string {
	tables := map[string]map[string]string{}
	for _, name := range MasterTables() {
		tables[name] = map[string]string{}
	}
	inTables := map[master.Kind]string{
		master.Account: "accounts", master.Party: "parties", master.CostCenter: "cost_centers",
	}
	shared := map[[2]string]bool{}
	for _, r := range rows {
		table, looked := inTables[r.Kind]
		if !looked || !r.Usable() {
			continue
		}
		if _, twice := tables[table][r.Name]; twice {
			shared[[2]string{table, r.Name}] = true
		}
		tables[table][r.Name] = r.Code
	}
	for one := range shared {
		delete(tables[one[0]], one[1])
	}
	return tables
}
