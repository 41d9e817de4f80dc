// Package soapxml speaks to any ERP whose SOAP interface a mapping file can describe: the
// body of each request as XML, where things are in the answers, and what its faults mean.
// ledger.yaml, built in, is the example to copy; sim is what answers it in tests.
//
//	voucher ─▶ template (XML, $.field) ─▶ envelope, security ─▶ HTTP ─▶ paths ─▶ Found
//
// SOAP 1.1 and 1.2, document/literal or rpc/literal. Whoever we are is said by HTTP basic, a
// bearer token, a WS-Security UsernameToken (OASIS 1.0, text or digest) or a client's
// certificate. Not done: signed or encrypted messages, attachments (MTOM), WS-Addressing.
package soapxml

import (
	"net/http"
	"net/url"
	"time"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// wire carries calls as SOAP over HTTP.
type wire struct {
	config  port.Config
	mapping *Mapping
	http    *http.Client
	now     func() time.Time
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
	if mapping.Auth != authNone && config.Secret == "" {
		return nil, port.Fault(port.CodeBadConfig, "is empty, and the mapping signs in by "+mapping.Auth+
			": write it, or set auth: none in the mapping", fault.Arg("what", "password"))
	}
	if mapping.Auth != authNone && mapping.Auth != authBearer && config.User == "" {
		return nil, port.Fault(port.CodeBadConfig, "is empty, and the mapping signs in by "+mapping.Auth,
			fault.Arg("what", "user"))
	}
	return mapped.New(config, mapping.shared(), &wire{config, mapping, config.HTTP(), time.Now},
		mapping.mark(mapped.CallCreate), mapping.mark(mapped.CallPost)), nil
}
