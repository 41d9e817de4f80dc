package command

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	erpnext "github.com/countersign/countersign/adapters/erp/erpnext/sim"
	kingdee "github.com/countersign/countersign/adapters/erp/kingdee/sim"
	odoo "github.com/countersign/countersign/adapters/erp/odoo/sim"
	sap "github.com/countersign/countersign/adapters/erp/sap/sim"
	soap "github.com/countersign/countersign/adapters/erp/soapxml/sim"
	u8 "github.com/countersign/countersign/adapters/erp/u8/sim"
	yonbip "github.com/countersign/countersign/adapters/erp/yonbip/sim"
)

// simulated is an ERP of ours that speaks another's wire, and what a connection to it says
// beside its address. Keys are those of config.Connection.
type simulated struct {
	site       func() http.Handler
	path       string            // after its address
	addresses  map[string]string // options that are addresses of its own, as paths
	connection map[string]any
}

// simulators lists every ERP that can be simulated. All have January of last year closed.
var simulators = map[string]simulated{
	"kingdee": {site: func() http.Handler { return kingdee.New() }, path: "/k3cloud", connection: map[string]any{
		"database": kingdee.Account, "user": kingdee.User, "password": kingdee.AppSecret,
		"options": map[string]string{"app_id": kingdee.AppID, "account_book": kingdee.Book,
			"reference_field": kingdee.Reference, "currencies": "CNY=PRE001, EUR=PRE003",
			"dimensions": "2241.party=FFLEX7, 1221.party=FFLEX7, 2202.party=FFLEX4, 66.cost_center=FFLEX5, " +
				"66.project=F100002"}}},
	"yonbip": {site: func() http.Handler { return yonbip.New() }, addresses: map[string]string{
		gatewayOption: "/iuap-api-gateway", "token_url": "/iuap-api-auth"}, connection: map[string]any{
		"user": yonbip.AppKey, "password": yonbip.AppSecret,
		"options": map[string]string{"tenant": yonbip.Tenant, "account_book": yonbip.Book, "voucher_type": yonbip.Type,
			"maker": "maker@example.com", "look_back": "24", "rate_type": yonbip.RateType, "employees": "yes", "projects": "yes",
			"dimensions":      "2202.party=0004, 2241.party=0003, 1221.party=0003, 66.cost_center=0001, 66.project=0010",
			"dimension_types": "0004=supplier, 0003=employee, 0001=department, 0010=project"}}},
	"u8": {site: func() http.Handler { return u8.New() }, connection: map[string]any{
		"user": u8.AppKey, "password": u8.AppSecret,
		"options": map[string]string{"from_account": u8.From, "to_account": u8.To, "maker": "demo",
			"dimensions": "2241.party=personnel_id, 1221.party=personnel_id, 2202.party=supplier_id, " +
				"66.cost_center=dept_id, 66.project=item_id"}}},
	"sap": {site: func() http.Handler { return sap.New() }, connection: map[string]any{
		"company": sap.Company, "user": sap.User, "password": sap.Password,
		"options": map[string]string{"created_by": sap.Creator, "chart": sap.Chart,
			"rates_path": sap.RatesPath, "factors_path": sap.FactorsPath,
			"dimensions": "2202.party=creditor, 1122.party=debtor, 66.cost_center=CostCenter, " +
				"66.project=WBSElement, 66.profit_center=ProfitCenter, 66.order=OrderID"}}},
	"odoo": {site: func() http.Handler {
		return odoo.New(odoo.Options{Locked: lastYear("12-31")})
	}, connection: map[string]any{
		"database": "demo", "user": "countersign", "password": "sim-key",
		"options": map[string]string{"dimensions": "project=Projects"}}},
	"erpnext": {site: func() http.Handler {
		return erpnext.New(erpnext.Options{Year: time.Now().Year(), Closed: lastYear("12-31")})
	}, connection: map[string]any{"company": "Demo Co", "user": "sim-key", "password": "sim-secret",
		"options": map[string]string{"dimensions": "project=project, region=region"}}},
	"soap": {site: func() http.Handler { return soap.New(soap.V11, soap.Digest) }, connection: map[string]any{
		"mapping": "ledger", "user": soap.User, "password": soap.Password}},
}

// lastYear is a day of the year before this one.
func lastYear(day string) string { return fmt.Sprintf("%d-%s", time.Now().Year()-1, day) }

func erpSimulateCommand() *cobra.Command {
	var listen string
	names := slices.Sorted(maps.Keys(simulators))
	cmd := &cobra.Command{
		Use:   "simulate ERP",
		Short: "Run a simulated ERP and print the configuration that connects to it: " + strings.Join(names, ", "),
		Long: `simulate answers on the wire of an ERP as its documentation tells, with a small company whose books end with
the process. It prints a configuration file that connects to it. What of the wire is verified and what is not is
written in the package comment of adapters/erp/<name>/sim. It is a rehearsal, not the ERP.`,
		Example: "  countersign erp simulate kingdee > books.yaml &\n" +
			"  countersign erp conformance --adapter kingdee --this-is-a-test-system --config books.yaml",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen %s: %w", listen, err)
			}
			if err := printConnection(cmd.OutOrStdout(), args[0], "http://"+l.Addr().String()); err != nil {
				return err
			}
			web := &http.Server{Handler: simulators[args[0]].site(), ReadHeaderTimeout: 5 * time.Second}
			go func() {
				<-cmd.Context().Done()
				_ = web.Close()
			}()
			if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "host:port; port 0 = any that is free")
	return cmd
}

// printConnection writes a configuration with one connection, to the simulated ERP at an address.
// A simulator answers at once: its calls are not spread and lost ones not waited for long.
func printConnection(to io.Writer, name, address string) error {
	s := simulators[name]
	connection := map[string]any{"id": name + "-simulated", "entities": []string{"acme-cn"}, "adapter": name,
		"url": address + s.path, "currency": "CNY", "timeout": "2s", "settle": "2s", "per_second": 1000}
	maps.Copy(connection, s.connection)
	if options, some := s.connection["options"].(map[string]string); some {
		options = maps.Clone(options)
		for option, path := range s.addresses {
			options[option] = address + path
		}
		connection["options"] = options
	}
	text, err := yaml.Marshal(map[string]any{"mode": "dev",
		"erp": map[string]any{"connections": []map[string]any{connection}}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "# A simulated %s, as long as its process runs.\n%s", name, text)
	return err
}
