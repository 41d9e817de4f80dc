package erpnext

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// object is one document, or any other JSON object of the protocol.
type object = map[string]any

// client speaks Frappe's REST interface, version 1.
type client struct {
	url, authorization string
	http               *http.Client
}

func newClient(config port.Config) *client {
	return &client{url: strings.TrimRight(config.URL, "/"), http: config.HTTP(),
		authorization: "token " + config.User + ":" + string(config.Secret)}
}

// request is one exchange about a DocType.
type request struct {
	method, doctype, name string
	query                 url.Values
	body                  object
	writes                bool // a lost answer is then Unknown, otherwise Busy
}

// call makes one exchange and decodes the answer's data into into, unless that is nil.
func (c *client) call(ctx context.Context, asked request, into any) error {
	r, err := c.request(ctx, asked)
	if err != nil {
		return err
	}
	answer, err := port.Send(c.http, r, asked.writes)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK && answer.Status != http.StatusAccepted {
		return refusal(answer, asked.writes)
	}
	var whole struct {
		Data json.RawMessage `json:"data"`
	}
	deleted := asked.method == http.MethodDelete // answered as data or as message, by version
	if err := json.Unmarshal(answer.Body, &whole); err != nil || whole.Data == nil && !deleted {
		return port.Unclear(fmt.Sprintf("not an answer of ERPNext: %.80q", answer.Body), asked.writes)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(whole.Data, into); err != nil {
		return port.Unclear("unreadable answer: "+err.Error(), asked.writes)
	}
	return nil
}

func (c *client) request(ctx context.Context, asked request) (*http.Request, error) {
	address := c.url + "/api/resource/" + url.PathEscape(asked.doctype)
	if asked.name != "" {
		address += "/" + url.PathEscape(asked.name)
	}
	if len(asked.query) > 0 {
		address += "?" + asked.query.Encode()
	}
	var body io.Reader
	if asked.body != nil {
		text, err := json.Marshal(asked.body)
		if err != nil {
			return nil, fmt.Errorf("erpnext: %s: %w", asked.doctype, err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, asked.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("erpnext: %s: %w", asked.doctype, err)
	}
	r.Header.Set("Authorization", c.authorization)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

// listing is one search; without a limit ERPNext answers with twenty rows.
type listing struct {
	doctype      string
	filters      []any
	fields       []string
	start, limit int
}

func (c *client) list(ctx context.Context, l listing, into any) error {
	filters, err := json.Marshal(append([]any{}, l.filters...)) // never null
	if err != nil {
		return fmt.Errorf("erpnext: %s: %w", l.doctype, err)
	}
	fields, err := json.Marshal(append([]string{"name"}, l.fields...))
	if err != nil {
		return fmt.Errorf("erpnext: %s: %w", l.doctype, err)
	}
	return c.call(ctx, request{method: http.MethodGet, doctype: l.doctype, query: url.Values{
		"filters": {string(filters)}, "fields": {string(fields)}, "order_by": {"name asc"},
		"limit_start": {strconv.Itoa(l.start)}, "limit_page_length": {strconv.Itoa(l.limit)}}}, into)
}
