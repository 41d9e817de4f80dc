// Package httpjson speaks to any ERP whose HTTP/JSON interface a mapping file
// can describe: paths, body templates, where things are in the answers, and
// what its errors mean. sandbox.yaml, built in, is the example to copy.
//
//	voucher ─▶ template (YAML tree, $.field) ─▶ HTTP ─▶ dotted paths ─▶ Found
package httpjson

import (
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// wire carries calls as HTTP with JSON.
type wire struct {
	config  port.Config
	mapping *Mapping
	http    *http.Client
}

// Open reads the mapping and makes the port; it does not speak to the ERP yet.
//
// Errors: Invalid erp.bad_config.
func Open(config port.Config) (port.Port, error) {
	if u, err := url.Parse(config.URL); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.URL, fault.Arg("what", "url"))
	}
	mapping := &Mapping{}
	if err := mapped.Load(builtin, config.Mapping, mapping); err != nil {
		return nil, err
	}
	return mapped.New(config, mapping.shared(), &wire{config, mapping, config.HTTP()},
		mapping.mark(mapped.CallCreate), mapping.mark(mapped.CallPost)), nil
}
