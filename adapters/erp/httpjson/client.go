package httpjson

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// answerMax bounds one answer of the ERP.
const answerMax = 16 << 20

// exchange is one request with everything filled in.
type exchange struct {
	call      Call
	id        string // for {id} in the path
	values    values // for query and body
	writes    bool   // a lost answer is then Unknown, otherwise Busy
	reference string // for the idempotency header of what writes
}

// do makes one exchange and returns the decoded answer, already cut to
// Call.Answer; nil for an empty one.
func (p *Port) do(ctx context.Context, x exchange) (any, error) {
	tree, err := p.ask(ctx, x)
	return at(tree, x.call.Answer), err
}

// hide takes our secret out of what the ERP says, in either way that it is sent.
func (p *Port) hide(err error) error {
	secret := string(p.config.Secret)
	basic := base64.StdEncoding.EncodeToString([]byte(p.config.User + ":" + secret))
	return port.HideIn(err, secret, basic)
}

// ask makes one exchange and returns the whole decoded answer.
func (p *Port) ask(ctx context.Context, x exchange) (any, error) {
	tree, err := p.exchange(ctx, x)
	return tree, p.hide(err)
}

func (p *Port) exchange(ctx context.Context, x exchange) (any, error) {
	request, err := p.request(ctx, x)
	if err != nil {
		return nil, err
	}
	answer, err := p.http.Do(request)
	if err != nil {
		return nil, port.Lost(err, x.writes)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerMax))
	if err != nil {
		return nil, port.Lost(err, x.writes)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, p.mapping.Errors.fault(answer.StatusCode, body, x.writes)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	tree, err := decode(body)
	if err != nil {
		return nil, port.Unclear("not JSON: "+err.Error(), x.writes)
	}
	// Some ERPs answer 200 to everything and say no in the body.
	if code := text(tree, p.mapping.Errors.Code); code != "" && p.mapping.Errors.Codes[code] != "" {
		return nil, p.mapping.Errors.fault(answer.StatusCode, body, x.writes)
	}
	return tree, nil
}

func (p *Port) request(ctx context.Context, x exchange) (*http.Request, error) {
	address := strings.TrimRight(p.config.URL, "/") + strings.ReplaceAll(x.call.Path, "{id}", url.PathEscape(x.id))
	query := url.Values{}
	for name, value := range x.call.Query {
		filled, err := substitute(value, x.values)
		if err != nil {
			return nil, bad(err)
		}
		if s, ok := filled.(string); ok {
			query.Set(name, s)
		}
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body io.Reader
	if x.call.Body != nil {
		tree, err := render(x.call.Body, x.values)
		if err != nil {
			return nil, bad(err)
		}
		raw, err := json.Marshal(tree)
		if err != nil {
			return nil, bad(err)
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, x.call.Method, address, body)
	if err != nil {
		return nil, bad(err)
	}
	p.dress(r, x)
	return r, nil
}

// dress adds the headers.
func (p *Port) dress(r *http.Request, x exchange) {
	if x.call.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range p.mapping.Headers {
		r.Header.Set(name, value)
	}
	if x.writes && p.mapping.IdempotencyHeader != "" {
		// net/http quietly repeats a request that carries Idempotency-Key when its
		// connection breaks. Only a body that cannot be read again stops it: we
		// decide what is repeated, and not every ERP honours the header.
		r.GetBody = nil
		if r.Body == nil {
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		r.Header.Set(p.mapping.IdempotencyHeader, x.reference)
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
	err = d.Decode(&tree)
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
