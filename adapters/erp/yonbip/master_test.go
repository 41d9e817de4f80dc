package yonbip_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/yonbip/sim"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
)

// everything reads what an app needs rights of their own for.
func everything(c *erp.Config) {
	c.Options["rate_type"], c.Options["employees"], c.Options["projects"] = sim.RateType, "yes", "yes"
}

func TestConformanceWithEverything(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, everything); return f })
}

// told are rates in a line each.
func told(m erp.Master) []string {
	var all []string
	for _, r := range m.Rates {
		all = append(all, string(r.Currency)+"/"+string(r.Base)+" "+r.Date+" "+r.Value)
	}
	return all
}

// ours are the rates of a fresh tenant that should be read.
func ours(tenant *sim.Server) []string {
	var all []string
	for _, want := range []struct {
		at    int
		value string
	}{{1, "7.5"}, {2, "7.8"}, {4, "123456.123456789012"}, {3, "0.049019607843"}, {5, "6.9"}} {
		r := tenant.Rates[want.at]
		all = append(all, r.Source+"/CNY "+r.Day+" "+want.value)
	}
	return all
}

// TestRates holds exactly which rates come: those in use of our type into our currency, from
// what held when the reading begins, each as its way of counting says, to the last digit.
func TestRates(t *testing.T) {
	f, tenant := fixture(t, everything)
	want := ours(tenant)
	all, err := f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, want, told(all))

	// However many the tenant has, and however few a page brings.
	other := tenant.Rates[0]
	other.Type = "E002"
	for range 700 {
		tenant.Rates = append([]sim.Rate{other}, tenant.Rates...)
	}
	for _, most := range []int{0, 100} {
		tenant.RatesMost = most
		all, err = f.Port.Sync(t.Context(), time.Time{})
		require.NoError(t, err)
		require.Equal(t, want, told(all), "%d a page", most)
	}
}

// TestRatesOfSeveralSchemes proves that nobody guesses which of two schemes is ours.
func TestRatesOfSeveralSchemes(t *testing.T) {
	for scheme, code := range map[string]string{"": erp.CodeBadConfig, sim.Scheme: "", "other": ""} {
		f, tenant := fixture(t, func(c *erp.Config) {
			everything(c)
			c.Options["rate_scheme"] = scheme
		})
		second := tenant.Rates[2]
		second.Scheme, second.Direct = "other", "7.9"
		tenant.Rates = append(tenant.Rates, second)
		all, err := f.Port.Sync(t.Context(), time.Time{})
		require.Equal(t, code, fault.CodeOf(err), "%s: %v", scheme, err)
		switch scheme {
		case "":
			said, _ := fault.As(err)
			require.Equal(t, "options.rate_scheme", said.Args["what"])
			require.ErrorContains(t, err, sim.Scheme+", other")
		case sim.Scheme:
			require.Equal(t, ours(tenant), told(all))
		default:
			require.Equal(t, []string{"EUR/CNY " + second.Day + " 7.9"}, told(all))
		}
	}
}

// TestEmployeesAndProjects holds which come, under which names, and who is in use; employees
// are parties too, after the suppliers.
func TestEmployeesAndProjects(t *testing.T) {
	f, _ := fixture(t, everything)
	all, err := f.Port.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	people := []erp.Entry{
		{ID: "S-lin", Code: "lin", Name: "林晓", Active: true}, {ID: "S-zhao", Code: "zhao", Name: "赵敏", Active: true},
		{ID: "S-qian", Code: "qian", Name: "钱离"}, {ID: "S-sun", Code: "sun", Name: "孙新"},
	}
	require.Equal(t, people, all.Employees)
	require.Equal(t, []erp.Entry{{ID: "PRJ-P-001", Code: "P-001", Name: "华东展会", Active: true},
		{ID: "PRJ-P-002", Code: "P-002", Name: "新办公室", Active: true}, {ID: "PRJ-P-OLD", Code: "P-OLD", Name: "旧办公室"}},
		all.Projects)
	codes := map[string]bool{}
	for _, p := range all.Parties {
		codes[p.Code] = p.Active
	}
	require.Equal(t, map[string]bool{"SUP001": true, "SUP002": true, "lin": true, "zhao": true, "qian": false, "sun": false},
		codes)
}

// TestOnlyWhatIsAskedFor proves that an interface without an option for it is not called, so
// that an app without a right in it loses nothing, and that the capabilities say the same.
func TestOnlyWhatIsAskedFor(t *testing.T) {
	always := []master.Kind{master.Account, master.Party, master.Department, master.CostCenter, master.Period,
		master.Currency}
	for _, tt := range []struct {
		option, value string
		call          string
		kind          master.Kind
	}{
		{"rate_type", sim.RateType, "batchQueryDetail", master.Rate},
		{"employees", "yes", "listForApi", master.Employee},
		{"projects", "yes", "batchQueryDetail", master.Project},
	} {
		for _, on := range []bool{false, true} {
			f, tenant := fixture(t, func(c *erp.Config) {
				if everything(c); !on {
					delete(c.Options, "rate_type")
					delete(c.Options, "employees")
					c.Options["projects"] = "no"
					return
				}
				for _, other := range []string{"rate_type", "employees", "projects"} {
					if other != tt.option {
						delete(c.Options, other)
					}
				}
			})
			want, code := always, ""
			if on {
				want, code = append(append([]master.Kind{}, always...), tt.kind), erp.CodeNotAllowed
			}
			require.Equal(t, want, f.Port.Capabilities().Master, tt.option)
			tenant.Faults.Add(tt.call, sim.NoRight, 1)
			all, err := f.Port.Sync(t.Context(), time.Time{})
			require.Equal(t, code, fault.CodeOf(err), "%s: %v", tt.option, err)
			if !on {
				require.Empty(t, all.Employees)
				require.Empty(t, all.Projects)
				require.Empty(t, all.Rates)
			}
		}
	}
}
