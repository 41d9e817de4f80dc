package odoo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// The dialects, as the option names them.
const (
	json2   = "json2"
	jsonrpc = "jsonrpc"
)

// json2Since is the first version with JSON-2.
const json2Since = 19

// dialect is one way to ask for a method and to read the answer.
type dialect interface {
	request(ctx context.Context, asked call) (*http.Request, error)
	// result returns the raw result, "null" where there is none.
	result(status int, body []byte, writes bool) (json.RawMessage, error)
}

// speaksJSON2 is POST /json/2/<model>/<method> with named arguments.
type speaksJSON2 struct{ *client }

func (s speaksJSON2) request(ctx context.Context, asked call) (*http.Request, error) {
	body := object{"context": asked.context}
	for name, value := range asked.named {
		body[name] = value
	}
	if asked.ids != nil {
		body["ids"] = asked.ids
	}
	if asked.values != nil {
		body["vals_list"] = asked.values
	}
	r, err := s.post(ctx, "/json/2/"+asked.model+"/"+asked.method, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "bearer "+string(s.key))
	if s.database != "" {
		r.Header.Set("X-Odoo-Database", s.database)
	}
	return r, nil
}

func (speaksJSON2) result(status int, body []byte, writes bool) (json.RawMessage, error) {
	if status != http.StatusOK {
		var e pythonError
		_ = json.Unmarshal(body, &e)
		return nil, statusFault(status, e, writes)
	}
	if !json.Valid(body) {
		return nil, port.Unclear(fmt.Sprintf("not an answer of Odoo: %.80q", body), writes)
	}
	return body, nil
}

// speaksJSONRPC is POST /jsonrpc, where the key travels in every call.
type speaksJSONRPC struct {
	*client
	uid int64
}

type rpcRequest struct {
	Version string    `json:"jsonrpc"`
	Method  string    `json:"method"`
	ID      int       `json:"id"`
	Params  rpcParams `json:"params"`
}

type rpcParams struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	Args    []any  `json:"args"`
}

// rpcAnswer has no result at all where the method returned None.
type rpcAnswer struct {
	Version string          `json:"jsonrpc"`
	Result  json.RawMessage `json:"result"`
	Error   *rpcError       `json:"error"`
}

type rpcError struct {
	Message string      `json:"message"`
	Data    pythonError `json:"data"`
}

func (c *client) rpc(ctx context.Context, service, method string, args ...any) (*http.Request, error) {
	return c.post(ctx, "/jsonrpc", rpcRequest{Version: "2.0", Method: "call", ID: 1,
		Params: rpcParams{Service: service, Method: method, Args: args}})
}

func (s speaksJSONRPC) request(ctx context.Context, asked call) (*http.Request, error) {
	args, named := []any{}, object{"context": asked.context}
	if asked.ids != nil {
		args = append(args, asked.ids)
	}
	if asked.values != nil {
		args = append(args, asked.values) // create looks at its first positional argument
	}
	for name, value := range asked.named {
		named[name] = value
	}
	return s.rpc(ctx, "object", "execute_kw", s.database, s.uid, string(s.key), asked.model, asked.method, args, named)
}

func (speaksJSONRPC) result(status int, body []byte, writes bool) (json.RawMessage, error) {
	return rpcResult(status, body, writes)
}

func rpcResult(status int, body []byte, writes bool) (json.RawMessage, error) {
	if status != http.StatusOK {
		return nil, statusFault(status, pythonError{}, writes)
	}
	var got rpcAnswer
	if err := json.Unmarshal(body, &got); err != nil || got.Version != "2.0" {
		return nil, port.Unclear(fmt.Sprintf("not an answer of Odoo: %.80q", body), writes)
	}
	if got.Error != nil {
		return nil, got.Error.Data.fault(got.Error.Message, writes)
	}
	if got.Result == nil {
		return json.RawMessage("null"), nil
	}
	return got.Result, nil
}

// authenticate signs in for JSON-RPC; the answer is false where it is denied.
func (c *client) authenticate(ctx context.Context) (int64, error) {
	request, err := c.rpc(port.LoggingIn(ctx), "common", "authenticate", c.database, c.user, string(c.key), object{})
	if err != nil {
		return 0, err
	}
	answer, err := port.Send(c.http, request, false)
	if err != nil {
		return 0, err
	}
	result, err := rpcResult(answer.Status, answer.Body, false)
	if err != nil {
		return 0, port.HideIn(err, string(c.key))
	}
	uid, err := strconv.ParseInt(string(result), 10, 64)
	if err != nil || uid == 0 {
		return 0, port.Fault(port.CodeNotAllowed, "login refused for "+c.user)
	}
	return uid, nil
}

// findDialect asks the server for its version. Older servers have no such page.
func (c *client) findDialect(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/web/version", nil)
	if err != nil {
		return "", fmt.Errorf("odoo: %w", err)
	}
	answer, err := port.Send(c.http, r, false)
	if err != nil {
		return "", err
	}
	if answer.Status == http.StatusNotFound {
		return jsonrpc, nil
	}
	var got struct {
		Info []any `json:"version_info"`
	}
	if answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &got) != nil || len(got.Info) == 0 {
		return "", port.Unclear(fmt.Sprintf("/web/version answered %d %.80q", answer.Status, answer.Body), false)
	}
	// 19, or "saas~19" where Odoo hosts it.
	major, err := strconv.Atoi(strings.TrimPrefix(fmt.Sprint(got.Info[0]), "saas~"))
	if err != nil {
		return "", port.Unclear(fmt.Sprintf("/web/version told of %v", got.Info), false)
	}
	if major < json2Since {
		return jsonrpc, nil
	}
	return json2, nil
}
