package soapxml

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
)

// Has says whether the mapping has the call.
func (p *wire) Has(call string) bool { return p.mapping.bodies[call] != nil }

// Ask makes one exchange and cuts the answer to what the call says.
func (p *wire) Ask(ctx context.Context, x mapped.Exchange) (mapped.Answer, error) {
	call := p.mapping.calls()[x.Call]
	answer, proofs, err := p.send(ctx, call, x)
	if err == nil {
		var cut mapped.Answer
		if cut, err = p.read(answer, call, x); err == nil {
			return cut, nil
		}
	}
	secret := string(p.config.Secret)
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(secret)) // a buffer
	basic := base64.StdEncoding.EncodeToString([]byte(p.config.User + ":" + secret))
	return mapped.Answer{}, port.HideIn(err, append(proofs, escaped.String(), secret, basic)...)
}

// send makes the exchange; proofs are what went over the line to prove who we are.
func (p *wire) send(
	ctx context.Context, call Call, x mapped.Exchange,
) (answer port.Answer, proofs []string, err error) {
	body, err := p.mapping.bodies[x.Call].render(x.Values)
	if err != nil {
		return answer, nil, mapped.Bad(err)
	}
	text, proofs := p.envelope(body)
	address := strings.TrimRight(p.config.URL, "/") + cmp.Or(call.Path, p.mapping.Path)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return answer, proofs, mapped.Bad(err)
	}
	p.dress(r, call)
	// Every call is a POST; what only reads may be lost without harm, but is not repeated in
	// secret either, for its nonce is used up.
	r.GetBody = nil
	answer, err = port.Send(p.http, r, x.Writes)
	return answer, proofs, err
}

// dress adds the headers.
func (p *wire) dress(r *http.Request, call Call) {
	for name, value := range p.mapping.Headers {
		r.Header.Set(name, value)
	}
	if p.mapping.SOAP == version12 {
		media := "application/soap+xml; charset=utf-8"
		if call.Action != "" {
			media += `; action="` + call.Action + `"`
		}
		r.Header.Set("Content-Type", media)
	} else {
		r.Header.Set("Content-Type", "text/xml; charset=utf-8")
		r.Header.Set("SOAPAction", `"`+call.Action+`"`)
	}
	switch p.mapping.Auth {
	case authBearer:
		r.Header.Set("Authorization", "Bearer "+string(p.config.Secret))
	case authBasic:
		r.SetBasicAuth(p.config.User, string(p.config.Secret))
	}
}

// read takes an answer apart.
func (p *wire) read(answer port.Answer, call Call, x mapped.Exchange) (mapped.Answer, error) {
	errs := p.mapping.Errors
	body, fault, err := payload(answer.Body, p.mapping.SOAP)
	switch {
	case fault != nil:
		return mapped.Answer{}, p.fault(fault, x.Writes)
	case answer.Status < 200 || answer.Status > 299:
		return mapped.Answer{}, errs.status(answer.Status, x.Writes)
	case err != nil:
		return mapped.Answer{}, port.Unclear(err.Error(), x.Writes)
	}
	whole := node{body, p.mapping}
	if err := p.refusal(whole, x.Writes); err != nil {
		return mapped.Answer{}, err
	}
	places := whole.all(call.Answer)
	if len(places) != 1 {
		return mapped.Answer{}, port.Unclear(fmt.Sprintf("%s is there %d times in the answer, not once", call.Answer,
			len(places)), x.Writes)
	}
	at := node{places[0], p.mapping}
	cut := mapped.Answer{One: at, List: call.Item != ""}
	items := []mapped.Node{at}
	if cut.List {
		cut.Many, cut.Next = at.Items(call.Item), whole.Text(call.Next)
		items = cut.Many
	}
	for _, item := range items {
		if err := item.(node).readable(x.Call); err != nil { //nolint:forcetypeassert // our own
			return mapped.Answer{}, port.Unclear(err.Error(), x.Writes)
		}
	}
	return cut, nil
}
