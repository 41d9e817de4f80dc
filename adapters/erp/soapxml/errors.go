package soapxml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// faults are the codes of SOAP and WS-Security that say that a message was not worked on:
// the mapping's come before them. What is not here leaves it open.
var faults = map[string]string{
	"Client": port.CodeRefused, "Sender": port.CodeRefused, "VersionMismatch": port.CodeRefused,
	"MustUnderstand": port.CodeRefused, "DataEncodingUnknown": port.CodeRefused,
	"FailedAuthentication": port.CodeNotAllowed, "InvalidSecurity": port.CodeNotAllowed,
	"InvalidSecurityToken": port.CodeNotAllowed, "UnsupportedSecurityToken": port.CodeNotAllowed,
	"SecurityTokenUnavailable": port.CodeNotAllowed, "MessageExpired": port.CodeNotAllowed,
}

// child is the only element of a name, in the fault's namespace or in none; nil for none.
func (e *element) child(names ...string) *element {
	for _, name := range names {
		at := slices.IndexFunc(e.Children, func(c *element) bool { return c.XMLName.Local == name })
		if at < 0 {
			return nil
		}
		e = e.Children[at]
	}
	return e
}

func (e *element) words() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// fault turns a fault of SOAP into one of ours: by the ERP's code in its detail, by the
// mapping's codes for faults, by those of SOAP. A server's may have been carried out.
func (p *wire) fault(f *element, writes bool) error {
	words, detail := f.child("faultstring").words(), f.child("detail")
	codes := []string{f.child("faultcode").words()}
	if f.child("Code") != nil { // SOAP 1.2: the innermost says most
		words, detail, codes = f.child("Reason", "Text").words(), f.child("Detail"), nil
		for at := f.child("Code"); at != nil; at = at.child("Subcode") {
			codes = append([]string{at.child("Value").words()}, codes...)
		}
	}
	if detail != nil && p.mapping.Errors.Detail != "" {
		codes = append((node{detail, p.mapping}).texts(p.mapping.Errors.Detail), codes...)
	}
	for _, table := range []map[string]string{p.mapping.Errors.Codes, faults} {
		for _, code := range codes {
			if ours := lookUp(table, code); ours != "" {
				return sorted(ours, words, writes)
			}
		}
	}
	return port.Unclear(words, writes)
}

// lookUp finds a code with or without its prefix; SOAP 1.1 makes finer ones behind dots.
func lookUp(table map[string]string, code string) string {
	if ours := table[code]; ours != "" {
		return ours
	}
	code = code[strings.LastIndex(code, ":")+1:]
	for code != "" {
		if ours := table[code]; ours != "" {
			return ours
		}
		code = code[:max(strings.LastIndex(code, "."), 0)]
	}
	return ""
}

// refusal reads a no that came without a fault. A code that nobody knows leaves it open.
func (p *wire) refusal(whole node, writes bool) error {
	errs := p.mapping.Errors
	codes := whole.texts(errs.Code)
	for _, code := range codes {
		if code == "" || slices.Contains(errs.Success, code) {
			continue
		}
		words := whole.Text(errs.Words)
		if words == "" {
			words = code
		}
		if ours := errs.Codes[code]; ours != "" {
			return sorted(ours, words, writes)
		}
		return port.Unclear(fmt.Sprintf("%s (%s)", words, code), writes)
	}
	return nil
}

// status turns an HTTP status without a SOAP answer into a fault of ours.
func (e Errors) status(status int, writes bool) error {
	if ours := e.Statuses[status]; ours != "" {
		return sorted(ours, fmt.Sprintf("HTTP %d", status), writes)
	}
	return port.Status(status, writes)
}

func sorted(code, words string, writes bool) error {
	if code == port.CodeUnknown {
		return port.Unclear(words, writes)
	}
	return port.Fault(code, words)
}
