package odoo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// object is one record, or any other JSON object of the protocol.
type object = map[string]any

// client makes calls of models' methods, in the dialect of the server.
type client struct {
	url, database, user string // url without a slash at its end
	key                 port.Secret
	dialect             string // as configured; "" = to be found out
	http                *http.Client

	mutex  sync.Mutex
	spoken dialect // nil until it is known
}

// call is one method of one model.
type call struct {
	model, method string
	ids           []int64
	values        []any // of create
	named         object
	context       object
	writes        bool // a lost answer is then Unknown, otherwise Busy
}

func newClient(config port.Config, dialect string) *client {
	return &client{url: strings.TrimRight(config.URL, "/"), database: config.Database, user: config.User,
		key: config.Secret, dialect: dialect, http: config.HTTP()}
}

// call asks one method and decodes its result into into, unless that is nil.
func (c *client) call(ctx context.Context, asked call, into any) error {
	spoken, err := c.speak(ctx)
	if err != nil {
		return err
	}
	request, err := spoken.request(ctx, asked)
	if err != nil {
		return err
	}
	answer, err := port.Send(c.http, request, asked.writes)
	if err != nil {
		return err
	}
	result, err := spoken.result(answer.Status, answer.Body, asked.writes)
	if err != nil || into == nil {
		return port.HideIn(err, string(c.key))
	}
	d := json.NewDecoder(bytes.NewReader(result))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return port.Unclear(fmt.Sprintf("unreadable result: %v", err), asked.writes)
	}
	return nil
}

// post makes one request with a JSON body.
func (c *client) post(ctx context.Context, path string, body any) (*http.Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("odoo: %s: %w", path, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("odoo: %s: %w", path, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "countersign")
	return r, nil
}

// speak returns the dialect of the server, finding out once.
func (c *client) speak(ctx context.Context) (dialect, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.spoken != nil {
		return c.spoken, nil
	}
	name := c.dialect
	if name == "" {
		found, err := c.findDialect(ctx)
		if err != nil {
			return nil, err
		}
		name = found
	}
	if name == json2 {
		c.spoken = speaksJSON2{c}
		return c.spoken, nil
	}
	if c.database == "" {
		return nil, port.Fault(port.CodeBadConfig, "JSON-RPC needs the database's name", fault.Arg("what", "database"))
	}
	uid, err := c.authenticate(ctx)
	if err != nil {
		return nil, err
	}
	c.spoken = speaksJSONRPC{c, uid}
	return c.spoken, nil
}
