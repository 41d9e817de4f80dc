package erp

import (
	"maps"
	"slices"

	"github.com/countersign/countersign/adapters/erp/erpnext"
	"github.com/countersign/countersign/adapters/erp/filedrop"
	"github.com/countersign/countersign/adapters/erp/httpjson"
	"github.com/countersign/countersign/adapters/erp/kingdee"
	"github.com/countersign/countersign/adapters/erp/odoo"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/adapters/erp/sap"
	"github.com/countersign/countersign/adapters/erp/soapxml"
	"github.com/countersign/countersign/adapters/erp/tryton"
	"github.com/countersign/countersign/adapters/erp/u8"
	"github.com/countersign/countersign/adapters/erp/yonbip"
	"github.com/countersign/countersign/domain/fault"
)

// providers is the only list of ERP providers.
var providers = map[string]func(Config) (Port, error){
	"kingdee":  kingdee.Open,  // Kingdee K3Cloud 金蝶云星空
	"tryton":   tryton.Open,   // Tryton 6.0 by JSON-RPC
	"erpnext":  erpnext.Open,  // ERPNext by Frappe's REST interface
	"odoo":     odoo.Open,     // Odoo by JSON-2 (19 and later) or JSON-RPC
	"sap":      sap.Open,      // SAP S/4HANA by SOAP and OData
	"u8":       u8.Open,       // Yonyou U8+ 用友 by its OpenAPI
	"yonbip":   yonbip.Open,   // Yonyou YonBIP 用友
	"filedrop": filedrop.Open, // files in a folder: CSV, hledger, beancount
	"httpjson": httpjson.Open, // anything a mapping can describe; the sandbox ERP
	"soap":     soapxml.Open,  // the same by SOAP
}

// Providers lists the names that Config.Provider may have.
func Providers() []string { return slices.Sorted(maps.Keys(providers)) }

// Open makes the port of one connection. It does not speak to the ERP yet.
//
// Errors: Invalid erp.bad_config.
func Open(config Config) (Port, error) {
	open, ok := providers[config.Provider]
	if !ok {
		return nil, port.Fault(CodeBadConfig, config.Provider, fault.Arg("what", "provider"))
	}
	return open(config)
}
