package httpjson

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
	"github.com/countersign/countersign/adapters/erp/port"
)

// Has says whether the mapping has the call.
func (p *wire) Has(call string) bool {
	_, ok := p.mapping.call(call)
	return ok
}

// Ask makes one exchange and cuts the answer to what the call says.
func (p *wire) Ask(ctx context.Context, x mapped.Exchange) (mapped.Answer, error) {
	call, _ := p.mapping.call(x.Call)
	tree, err := p.exchange(ctx, call, x)
	if err != nil {
		return mapped.Answer{}, p.hide(err)
	}
	var answer mapped.Answer
	list, ok := at(tree, call.Answer).([]any)
	if answer.List = ok; ok {
		answer.Many, answer.Next = nodes(list), text(tree, call.Next)
	} else if one := at(tree, call.Answer); one != nil {
		answer.One = node{one}
	}
	return answer, nil
}

// hide takes our secret out of what the ERP says, in either way that it is sent.
func (p *wire) hide(err error) error {
	secret := string(p.config.Secret)
	basic := base64.StdEncoding.EncodeToString([]byte(p.config.User + ":" + secret))
	return port.HideIn(err, secret, basic)
}

func (p *wire) exchange(ctx context.Context, call Call, x mapped.Exchange) (any, error) {
	request, err := p.request(ctx, call, x)
	if err != nil {
		return nil, err
	}
	answer, err := port.Send(p.http, request, x.Writes)
	if err != nil {
		return nil, err
	}
	body := answer.Body
	if answer.Status < 200 || answer.Status > 299 {
		return nil, p.mapping.Errors.fault(answer.Status, body, x.Writes)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	tree, err := decode(body)
	if err != nil {
		return nil, port.Unclear("not JSON: "+err.Error(), x.Writes)
	}
	// Some ERPs answer 200 to everything and say no in the body.
	if code := text(tree, p.mapping.Errors.Code); code != "" && p.mapping.Errors.Codes[code] != "" {
		return nil, p.mapping.Errors.fault(answer.Status, body, x.Writes)
	}
	return tree, nil
}

func (p *wire) request(ctx context.Context, call Call, x mapped.Exchange) (*http.Request, error) {
	address := strings.TrimRight(p.config.URL, "/") + strings.ReplaceAll(call.Path, "{id}", url.PathEscape(x.ID))
	query := url.Values{}
	for name, value := range call.Query {
		filled, err := x.Values.Substitute(value)
		if err != nil {
			return nil, mapped.Bad(err)
		}
		if s, ok := filled.(string); ok {
			query.Set(name, s)
		}
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body io.Reader
	if call.Body != nil {
		tree, err := render(call.Body, x.Values)
		if err != nil {
			return nil, mapped.Bad(err)
		}
		raw, err := json.Marshal(tree)
		if err != nil {
			return nil, mapped.Bad(err)
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		return nil, mapped.Bad(err)
	}
	p.dress(r, call, x)
	return r, nil
}

// dress adds the headers.
func (p *wire) dress(r *http.Request, call Call, x mapped.Exchange) {
	if call.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range p.mapping.Headers {
		r.Header.Set(name, value)
	}
	if x.Writes && p.mapping.IdempotencyHeader != "" {
		// net/http quietly repeats a request that carries Idempotency-Key when its
		// connection breaks. Only a body that cannot be read again stops it: we
		// decide what is repeated, and not every ERP honours the header.
		r.GetBody = nil
		if r.Body == nil {
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		r.Header.Set(p.mapping.IdempotencyHeader, x.Reference)
	}
	if secret := string(p.config.Secret); secret != "" {
		switch p.mapping.Auth {
		case "bearer":
			r.Header.Set("Authorization", "Bearer "+secret)
		case "basic":
			r.SetBasicAuth(p.config.User, secret)
		}
	}
}

func decode(body []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err = d.Decode(&tree); err == nil && d.More() {
		err = errors.New("something follows the value")
	}
	return tree, err
}

// fault turns a refusal into one of ours: by the ERP's code, by the status, by
// the kind of status. A 5xx without a known code may have been carried out.
func (e Errors) fault(status int, body []byte, writes bool) error {
	words, code := http.StatusText(status), ""
	if tree, err := decode(body); err == nil {
		if said := text(tree, e.Words); said != "" {
			words = said
		}
		code = e.Codes[text(tree, e.Code)]
	}
	if code == "" {
		code = e.Statuses[status]
	}
	switch {
	case code == port.CodeUnknown || code == "" && (status >= 500 || status == http.StatusRequestTimeout):
		return port.Unclear(words, writes)
	case code == "":
		return port.Fault(port.CodeRefused, words)
	}
	return port.Fault(code, words)
}
