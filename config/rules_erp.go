package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/maintenance"
)

// The adapters of the ERP that other rooms name.
const (
	AdapterTryton  = "tryton"
	AdapterHTTP    = "http"
	AdapterSandbox = "sandbox"
)

// reconcileDaysMost is what one comparison spans at most.
const reconcileDaysMost = 400

// adapter says what one kind of ERP wants to be told in its connection.
type adapter struct {
	needs   map[string]string   // keys that must not be empty, and what to set there
	options map[string][]string // names of options, and the values each may have; none = any
	local   bool                // it may have no address
	schemes []string            // of its address; nil = http and https
}

// adapters lists every kind of ERP there is. A new one is a line here and one in
// adapters/erp/registry.go.
var adapters = map[string]adapter{
	"kingdee": {
		needs: map[string]string{"database": "set AcctID 数据中心", "user": "set the integration user 集成用户",
			"password": "set the AppSecret"},
		options: map[string][]string{"app_id": nil, "account_book": nil, "reference_field": nil, "voucher_group": nil,
			"currencies": nil, "rate_type": nil, "projects": nil, "dimensions": nil, "login": {"signed", "session"},
			"organization": nil, "hand_over": {"audit", "submit", "save"}, "zone": nil},
	},
	"filedrop": {
		local: true, schemes: []string{"sftp", "s3", "s3+http"},
		needs: map[string]string{"currency": "set the currency of the books"},
		options: map[string][]string{"folder": nil, "region": nil, "taken": nil, "host_key": nil, "private_key": nil,
			"format": {"csv", "xlsx", "hledger", "beancount"}, "columns": nil,
			"template": nil, "sheet": nil, "header_row": nil, "accounts": nil, "master": nil},
	},
	"sap": {
		needs: map[string]string{"company": "set the company code", "user": "set the communication user",
			"password": "set its password", "currency": "set the currency of the company code"},
		options: map[string][]string{"created_by": nil, "document_type": nil, "dimensions": nil, "chart": nil,
			"language": {"EN", "ZH"}, "posting": {"sync", "async"}, "soap_path": nil, "odata_path": nil,
			"rates_path": nil, "factors_path": nil, "rate_type": nil},
	},
	"u8": {
		needs: map[string]string{"user": "set the app_key", "password": "set the app_secret"},
		options: map[string][]string{"from_account": nil, "to_account": nil, "maker": nil, "ds_sequence": nil,
			"voucher_type": nil, "currency_name": nil, "dimensions": nil, "rate_currencies": nil,
			"rate_method": {"multiply", "divide"}},
	},
	"yonbip": {
		needs: map[string]string{"user": "set the appKey", "password": "set the appSecret"},
		options: map[string][]string{"tenant": nil, "account_book": nil, "voucher_type": nil, "maker": nil,
			"dimensions": nil, "dimension_types": nil, "look_back": nil, "gateway_url": nil, "token_url": nil, "zone": nil,
			"rate_type": nil, "rate_scheme": nil, "employees": {"yes", "no"}, "projects": {"yes", "no"}},
	},
	AdapterTryton: {needs: map[string]string{"database": "set Tryton's database name"}},
	AdapterHTTP:   {needs: map[string]string{"mapping": "name a shipped mapping or a file"}},
	"soap":        {needs: map[string]string{"mapping": "name a shipped mapping or a file"}},
	"erpnext": {
		needs: map[string]string{"user": "set the API key of ERPNext's integration user",
			"password": "set that user's API secret", "company": "set the company's name in ERPNext",
			"currency": "set the company's base currency, such as CNY"},
		options: map[string][]string{"reference_field": nil, "dimensions": nil}},
	AdapterSandbox: {local: true},
	"odoo": {
		needs: map[string]string{"user": "set the login of Odoo's integration user",
			"password": "set that user's API key, not the password they sign in with",
			"currency": "set the company's base currency, such as CNY"},
		options: map[string][]string{"dialect": {"json2", "jsonrpc"}, "dimensions": nil, "employees": {"yes", "no"}}},
}

func (c Config) checkERP(k *check) {
	var ids []string
	owner := map[string]string{}
	for i, connection := range c.ERP.Connections {
		at := "erp.connections[" + strconv.Itoa(i) + "]."
		ids = append(ids, connection.ID)
		connection.check(k, at, c.Mode)
		for _, entity := range connection.Entities {
			k.want(owner[entity] == "", at+"entities", "has "+entity+", which "+owner[entity]+" has too",
				"send an entity's vouchers to one place")
			owner[entity] = connection.ID
		}
	}
	k.unique("erp.connections", ids)
	if c.ERP.MasterEvery != 0 {
		k.duration("erp.master_every", c.ERP.MasterEvery, time.Minute, 7*24*time.Hour)
	}
	if c.ERP.Exchanges.Keep != 0 {
		k.duration("erp.exchanges.keep", c.ERP.Exchanges.Keep, time.Hour, 10*365*24*time.Hour)
	}
	if c.ERP.Alerts.Silent != 0 {
		k.duration("erp.alerts.silent", c.ERP.Alerts.Silent, time.Minute, 7*24*time.Hour)
	}
	k.want(c.ERP.Alerts.Errors >= 0 && c.ERP.Alerts.Errors <= 100, "erp.alerts.errors",
		"is "+strconv.Itoa(c.ERP.Alerts.Errors), "set 0 to 100 percent")
	k.want(c.ERP.Alerts.Least >= 0, "erp.alerts.least", "is "+strconv.Itoa(c.ERP.Alerts.Least),
		"set a number of exchanges")
	if c.ERP.Reconcile.At != "" {
		_, err := time.Parse("15:04", c.ERP.Reconcile.At)
		k.want(err == nil, "erp.reconcile.at", "is "+c.ERP.Reconcile.At,
			"write a time of day such as 02:30, or leave it empty")
	}
	k.want(c.ERP.Reconcile.Days >= 1 && c.ERP.Reconcile.Days <= reconcileDaysMost, "erp.reconcile.days",
		"is "+strconv.Itoa(c.ERP.Reconcile.Days), "set 1 to "+strconv.Itoa(reconcileDaysMost)+" days")
}

func (c Connection) check(k *check, at string, mode Mode) {
	k.oneOf(at+"adapter", c.Adapter, slices.Sorted(maps.Keys(adapters))...)
	k.want(len(c.Entities) > 0, at+"entities", "is empty", "list the legal entities whose vouchers go there")
	if !adapters[c.Adapter].local || c.URL != "" {
		schemes := adapters[c.Adapter].schemes
		if schemes == nil {
			schemes = []string{"http", "https"}
		}
		k.url(at+"url", c.URL, schemes...)
	}
	k.want(c.Adapter != AdapterSandbox || mode == Dev, at+"adapter", "is a sandbox in production",
		"set another adapter; the sandbox books nothing")
	c.TLS.check(k, at+"tls", strings.HasPrefix(c.URL, "https://") || strings.HasPrefix(c.URL, "s3://"),
		"begin url with https://")
	c.checkAdapter(k, at)
	k.duration(at+"timeout", c.Timeout, time.Second, 10*time.Minute)
	k.duration(at+"settle", c.Settle, c.Timeout, 24*time.Hour)
	number(k, at+"per_second", c.PerSecond, 0.001, 10_000, "set calls a second, more than 0")
	number(k, at+"at_once", c.AtOnce, 1, 1000, "set calls at once, at least 1")
	number(k, at+"failures", c.Failures, 2, 1000, "set how many failures one after another make it rest, at least 2")
	k.duration(at+"rest", c.Rest, time.Second, time.Hour)
	_, err := time.LoadLocation(c.Zone)
	k.want(err == nil, at+"zone", "is "+c.Zone, "name a zone such as Asia/Shanghai, or leave it empty")
	if _, err := maintenance.Read(c.Maintenance, time.UTC); err != nil {
		k.want(false, at+"maintenance", err.Error(), "see config.example.yaml")
	}
}

// checkAdapter holds the connection against what its kind of ERP wants.
func (c Connection) checkAdapter(k *check, at string) {
	rules := adapters[c.Adapter]
	set := map[string]bool{"database": c.Database != "", "company": c.Company != "", "user": c.User != "",
		"password": c.Password.IsSet(), "currency": c.Currency != "", "mapping": c.Mapping != ""}
	for _, key := range slices.Sorted(maps.Keys(rules.needs)) {
		k.want(set[key], at+key, "is empty", rules.needs[key])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Options)) {
		allowed, known := rules.options[name]
		mend := "remove it: adapter " + c.Adapter + " has no options"
		if len(rules.options) > 0 {
			mend = "adapter " + c.Adapter + " knows " + strings.Join(slices.Sorted(maps.Keys(rules.options)), ", ")
		}
		k.want(known, at+"options."+name, "is no option", mend)
		if known && len(allowed) > 0 {
			k.oneOf(at+"options."+name, c.Options[name], allowed...)
		}
	}
}
