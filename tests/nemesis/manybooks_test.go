package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/conformance"
	erpnext "github.com/countersign/countersign/adapters/erp/erpnext/sim"
	kingdee "github.com/countersign/countersign/adapters/erp/kingdee/sim"
	odoo "github.com/countersign/countersign/adapters/erp/odoo/sim"
	sap "github.com/countersign/countersign/adapters/erp/sap/sim"
	soap "github.com/countersign/countersign/adapters/erp/soapxml/sim"
	u8 "github.com/countersign/countersign/adapters/erp/u8/sim"
	yonbip "github.com/countersign/countersign/adapters/erp/yonbip/sim"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

// oneApproval is the shortest way into the books.
const oneApproval = `
steps:
  - id: only
    title: { en: Only, zh-CN: 审批 }
    approvers: [{ person: sun }]
then: [accrue, archive]
`

// manyMapping books in every one of the ERPs: a party that it knows, on an account that wants one.
const manyMapping = `
mapping: expense
type: expense
journal: EXP
text: "{number} {title}"
debit: { travel: "6602" }
default: "6602"
tax: "222101"
credit: "2241"
party: "= 'lin'"
cost_center: "= 'CC-SALES'"
entities:
  e-bip: { credit: "2202", party: "= 'SUP001'" }
  e-sap: { credit: "2202", party: "= 'SUP001'" }
  e-later: { credit: "2202", party: "= 'SUP001'" }
  e-odoo: { credit: "2202" }
  e-next: { credit: "2202", journal: "Journal Entry" }
`

// ledger is one ERP of many: who is booked there, how it is reached, and its own books.
type ledger struct {
	entity, person string
	connection     map[string]any
	server         http.Handler // nil = it has no line
	counted        func(reference string) (drafts, posted int)
}

// ledgers are one of each kind, each the books of somebody else.
func ledgers(folder string) []ledger {
	year := time.Now().Year()
	locked := fmt.Sprintf("%d-12-31", year-1)
	k3, bip, up, s4, later := kingdee.New(), yonbip.New(), u8.New(), sap.New(), sap.New()
	open, next := odoo.New(odoo.Options{Version: 19, Locked: locked}), erpnext.New(erpnext.Options{Year: year, Closed: locked})
	soaped := soap.New(soap.V11, soap.Digest)
	short := func(reference string) string { return strings.ToUpper(voucher.Short(reference)) }
	sapOptions := func(posting string) map[string]any {
		return map[string]any{"created_by": sap.Creator, "posting": posting,
			"dimensions": "2202.party=creditor, 66.cost_center=CostCenter"}
	}
	return []ledger{
		{"e-k3", "lin", map[string]any{"adapter": "kingdee", "path": "/k3cloud", "database": kingdee.Account, "user": kingdee.User,
			"password": kingdee.AppSecret, "options": map[string]any{"app_id": kingdee.AppID, "account_book": kingdee.Book,
				"reference_field": kingdee.Reference, "currencies": "CNY=PRE001", "dimensions": "2241.party=FFLEX7, 66.cost_center=FFLEX5"}},
			k3, func(reference string) (int, int) { return k3.Books.Count(reference, "C") }},
		{"e-bip", "zhao", map[string]any{"adapter": "yonbip", "user": yonbip.AppKey, "password": yonbip.AppSecret,
			"options": map[string]any{"tenant": yonbip.Tenant, "account_book": yonbip.Book, "voucher_type": yonbip.Type,
				"maker": "maker@example.com", "gateway_url": "{url}/iuap-api-gateway", "token_url": "{url}/iuap-api-auth",
				"dimensions": "2202.party=0004, 66.cost_center=0001", "dimension_types": "0004=supplier, 0001=department"}},
			bip, func(reference string) (int, int) { return bip.Books.Count(reference, "01") }},
		{"e-u8", "liu", map[string]any{"adapter": "u8", "user": u8.AppKey, "password": u8.AppSecret,
			"options": map[string]any{"from_account": u8.From, "to_account": u8.To, "maker": "demo",
				"dimensions": "2241.party=personnel_id, 66.cost_center=dept_id"}},
			up, func(reference string) (int, int) { return up.Books.Count(voucher.Short(reference), "made") }},
		{"e-sap", "wang", map[string]any{"adapter": "sap", "company": sap.Company, "user": sap.User, "password": sap.Password,
			"options": sapOptions("sync")},
			s4, func(reference string) (int, int) { return s4.Counted(short(reference)) }},
		{"e-later", "chen", map[string]any{"adapter": "sap", "company": sap.Company, "user": sap.User, "password": sap.Password,
			"options": sapOptions("async")},
			later, func(reference string) (int, int) { return later.Counted(short(reference)) }},
		{"e-odoo", "admin", map[string]any{"adapter": "odoo", "database": "demo", "user": "countersign", "password": "sim-key"},
			open, open.Counted},
		{"e-next", "audit", map[string]any{"adapter": "erpnext", "company": "Demo Co", "user": "sim-key", "password": "sim-secret"},
			next, next.Counted},
		{"e-soap", "max", map[string]any{"adapter": "soap", "mapping": "ledger", "user": soap.User, "password": soap.Password},
			soaped, soaped.Counted},
		{"e-drop", "emma", map[string]any{"adapter": "filedrop", "options": map[string]any{"folder": folder}}, nil,
			func(reference string) (drafts, posted int) {
				dropped, _ := filepath.Glob(filepath.Join(folder, "*"+voucher.Short(reference)+".csv"))
				records, _ := filepath.Glob(filepath.Join(folder, ".countersign", voucher.Short(reference)+".json"))
				return len(records) - len(dropped), len(dropped)
			}},
	}
}

// TestManyBooks has one house book in one ERP of each kind at once, while every line fails at
// random and the worker is killed, and counts in the books of each that every document stands
// there once.
func TestManyBooks(t *testing.T) {
	t.Parallel() // it waits more than it works
	m := &manyBooks{T: t, seed: seedOf(t), ledgers: ledgers(t.TempDir()), each: 3, faults: map[conformance.Fault]int{}}
	if os.Getenv(longVariable) != "" {
		m.each = 50
	}
	m.house = house.Start(t, house.Options{Elsewhere: true, Settings: map[string]any{
		"relay.interval": "200ms", "erp.connections": m.connections()}})
	m.house.Publish(t, "expense", oneApproval)
	m.house.PublishMapping(t, manyMapping)
	m.house.Command(t, "org", "import", "--file", m.company())
	m.door = m.house.NewDoor()
	ctx, cancel := context.WithTimeout(t.Context(), patience(bookPatience, bookLongest))
	defer cancel()
	began := time.Now()
	m.cut()
	m.approveAll(ctx)
	kills := m.killWorkers(ctx)
	for _, p := range m.proxies {
		p.Set(nil)
	}
	t.Logf("%d documents in %d ERPs in %.0f s; the worker was killed %d times; faults on the lines: %v", len(m.documents),
		len(m.ledgers), time.Since(began).Seconds(), kills, m.faults)
	m.closeAll(ctx)
	m.house.Rest(t, bookQuietMost, true)
	for id, l := range m.documents {
		drafts, posted := l.counted("v:" + id + ":accrual:1")
		require.Equal(t, [2]int{0, 1}, [2]int{drafts, posted}, "%s in the books of %s", id, l.entity)
	}
	t.Logf("each stands in its books once, %.0f s after the beginning", time.Since(began).Seconds())
	t.Log("audit verify: " + m.house.VerifyAudit(t))
	t.Log("invariants:\n" + m.house.RequireInvariants(t, m.door.Told()))
}

// manyBooks is one run.
type manyBooks struct {
	*testing.T
	house   *house.House
	door    *house.Door
	seed    uint64
	each    int // documents of one ERP
	ledgers []ledger
	proxies []*conformance.Proxy

	clients   sync.WaitGroup
	mu        sync.Mutex
	faults    map[conformance.Fault]int
	documents map[string]ledger
}

// connections starts the ERPs, each behind a proxy, and says how they are reached.
func (m *manyBooks) connections() []map[string]any {
	m.documents = map[string]ledger{}
	var all []map[string]any
	for _, l := range m.ledgers {
		c := l.connection
		c["id"], c["entities"], c["currency"] = strings.TrimPrefix(l.entity, "e-"), []string{l.entity}, "CNY"
		c["timeout"], c["settle"], c["rest"] = "2s", "5s", "1s"
		c["per_second"], c["at_once"], c["failures"] = 10_000, 16, 20
		if l.server != nil {
			server := httptest.NewServer(l.server)
			m.Cleanup(server.Close)
			proxy, err := conformance.NewProxy(server.URL, http.DefaultTransport)
			require.NoError(m, err)
			m.Cleanup(proxy.Close)
			m.proxies = append(m.proxies, proxy)
			path, _ := c["path"].(string)
			delete(c, "path")
			c["url"] = proxy.URL + path
			options, _ := c["options"].(map[string]any)
			for name, value := range options {
				options[name] = strings.ReplaceAll(fmt.Sprint(value), "{url}", proxy.URL)
			}
		}
		all = append(all, c)
	}
	return all
}

// company is the demo company with a legal entity for each ERP, and somebody in it.
func (m *manyBooks) company() string {
	m.Helper()
	shipped, err := config.Shipped.ReadFile("demo/company.yaml")
	require.NoError(m, err)
	text := string(shipped)
	for _, l := range m.ledgers {
		text = strings.Replace(text, "entities:\n", "entities:\n  - { id: "+l.entity+", name: { zh-CN: "+l.entity+", en: "+l.entity+
			" }, currency: CNY, zone: Asia/Shanghai, calendar: cn-office }\n", 1)
		text = strings.Replace(text, "departments:\n", "departments:\n  - { id: d"+l.entity+", name: { zh-CN: "+l.entity+", en: "+
			l.entity+" }, entity: "+l.entity+", parent: management, head: sun, cost_center: CC-SALES }\n", 1)
		before, after, found := strings.Cut(text, "  - { id: "+l.person+", name: ")
		require.True(m, found, l.person)
		line, rest, _ := strings.Cut(after, "\n")
		head, tail, _ := strings.Cut(line, ", entity: ")
		_, tail, _ = strings.Cut(tail, ", manager: ")
		text = before + "  - { id: " + l.person + ", name: " + head + ", entity: " + l.entity + ", department: d" + l.entity +
			", manager: " + tail + "\n" + rest
	}
	path := filepath.Join(m.TempDir(), "company.yaml")
	require.NoError(m, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// cut has requests to every ERP fail by chance.
func (m *manyBooks) cut() {
	kinds := conformance.Faults()
	for i, p := range m.proxies {
		chance := rand.New(rand.NewPCG(m.seed, uint64(i)))
		p.Set(func(*http.Request, []byte) conformance.Fault { // one at a time
			if chance.IntN(bookHundred) >= 2*bookFaults {
				return conformance.None
			}
			f := kinds[chance.IntN(len(kinds))]
			m.mu.Lock()
			defer m.mu.Unlock()
			m.faults[f]++
			return f
		})
	}
}

// approveAll has everybody submit at once, and sun approve.
func (m *manyBooks) approveAll(ctx context.Context) {
	for _, l := range m.ledgers {
		m.clients.Go(func() {
			for i := range m.each {
				key := fmt.Sprintf("%s-%d", l.entity, i)
				d, err := submit(ctx, m.door.As(m.T, l.person), form("expense", key, fmt.Sprintf("%d.%02d", 1000+i, i)), key)
				if err == nil {
					_, err = decide(ctx, m.door.As(m.T, "sun"), d.ID, "approve", key+"sun")
				}
				if err != nil {
					m.Errorf("%s: %v", key, err)
					return
				}
				m.mu.Lock()
				m.documents[d.ID] = l
				m.mu.Unlock()
			}
		})
	}
}

// killsLeast is how often the worker dies at least, in the middle of it and after.
const killsLeast = 5

// killWorkers kills the worker until half is booked, or given up and with finance.
func (m *manyBooks) killWorkers(ctx context.Context) int {
	m.Helper()
	chance := rand.New(rand.NewPCG(m.seed, 99))
	kills := killWorkers(ctx, m.T, m.house, chance, bookCalmShort/3, func(kills, ended int) bool {
		return kills >= killsLeast && 2*ended >= m.each*len(m.ledgers)
	})
	awaitClients(m.T, m.house, &m.clients)
	return kills
}

// closeAll waits until every document is closed; finance has the ones tried again whose
// posting was given up meanwhile.
func (m *manyBooks) closeAll(ctx context.Context) {
	m.Helper()
	parked := 0
	for id, l := range m.documents {
		for n := 0; ; n++ {
			d, err := m.house.As("audit").Await(ctx, id, func(d walk.Document) bool {
				return d.Status == "closed" || d.Status == "parked"
			})
			require.NoError(m, err, "%s in %s", id, l.entity)
			if d.Status == "closed" {
				break
			}
			parked++
			key := fmt.Sprintf("retry-%s-%d", id, n)
			resolver := "chen"
			if l.person == resolver {
				resolver = "wang"
			}
			_, err = m.door.As(m.T, resolver).Resolve(ctx, "v:"+id+":accrual:1", "retry", "再试", key)
			require.NoError(m, err)
		}
	}
	m.Logf("%d times finance had a posting tried again", parked)
}
