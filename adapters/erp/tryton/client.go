package tryton

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/platform/jsonread"
)

// One answer of the server is no longer, and nested no deeper.
const (
	answerMax   = 16 << 20
	answerDepth = 100
)

// client speaks Tryton's own JSON-RPC: an envelope of exactly id, method and
// params. A "jsonrpc" key, which every library adds, makes Tryton answer
// without an envelope and with HTML errors; hence no library.
type client struct {
	url      string // of the database, with the slash at its end: without it POST is redirected
	user     string
	password port.Secret
	http     *http.Client

	mutex   sync.Mutex
	session string // value of the Authorization header, "" before the first login
}

type request struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params []any  `json:"params"`
}

type response struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// call asks one method and decodes its result into into, unless that is nil.
//
// A session that expired, or is not fresh enough to post, answers 401 before
// anything runs: so it logs in once and asks again, which is safe.
// writes says whether the method may change something: then a lost answer is
// Unknown, otherwise Busy.
func (c *client) call(ctx context.Context, writes bool, into any, method string, params ...any) error {
	session, err := c.login(ctx, "")
	if err != nil {
		return err
	}
	status, body, err := c.send(ctx, session, method, params)
	if err == nil && status == http.StatusUnauthorized {
		if session, err = c.login(ctx, session); err != nil {
			return err
		}
		status, body, err = c.send(ctx, session, method, params)
	}
	if err != nil {
		return port.Lost(err, writes)
	}
	return port.HideIn(decode(status, body, writes, into), session, strings.TrimPrefix(session, "Session "),
		string(c.password))
}

// login returns a session that is not the one named stale.
func (c *client) login(ctx context.Context, stale string) (string, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.session != stale {
		return c.session, nil
	}
	params := []any{c.user, map[string]string{"password": string(c.password)}, "en"}
	status, body, err := c.send(port.LoggingIn(ctx), "", "common.db.login", params)
	if err != nil {
		return "", port.Lost(err, false)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return "", port.Fault(port.CodeNotAllowed, "login refused for "+c.user)
	}
	var got []any
	if err := decode(status, body, false, &got); err != nil {
		return "", err
	}
	if len(got) != 2 {
		return "", port.Fault(port.CodeNotAllowed, "login refused for "+c.user)
	}
	plain := fmt.Sprintf("%s:%v:%v", c.user, got[0], got[1])
	c.session = "Session " + base64.StdEncoding.EncodeToString([]byte(plain))
	return c.session, nil
}

// send makes one HTTP exchange.
func (c *client) send(ctx context.Context, session, method string, params []any) (int, []byte, error) {
	body, err := json.Marshal(request{ID: 1, Method: method, Params: params})
	if err != nil {
		return 0, nil, fmt.Errorf("tryton: %s: %w", method, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("tryton: %s: %w", method, err)
	}
	r.Header.Set("Content-Type", "application/json")
	if session != "" {
		r.Header.Set("Authorization", session)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerMax+1))
	if err == nil && len(text) > answerMax {
		err = fmt.Errorf("the answer is longer than %d bytes", answerMax)
	}
	if err == nil {
		err = jsonread.Answer(answer.StatusCode, text, jsonread.Limits{Depth: answerDepth})
	}
	if err != nil {
		return 0, nil, err
	}
	return answer.StatusCode, text, nil
}

// decode reads an answer that arrived.
func decode(status int, body []byte, writes bool, into any) error {
	if status != http.StatusOK {
		return statusFault(status, body, writes)
	}
	var got response
	if err := json.Unmarshal(body, &got); err != nil || (got.Result == nil && got.Error == nil) {
		return port.Unclear(fmt.Sprintf("not an answer of Tryton: %.80q", body), writes)
	}
	if got.Error != nil {
		return errorFault(got.Error, writes)
	}
	if into == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(got.Result))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return port.Unclear(fmt.Sprintf("unreadable result: %v", err), writes)
	}
	return nil
}

// baseURL joins the server's address and the database.
func baseURL(config port.Config) string {
	return strings.TrimRight(config.URL, "/") + "/" + strings.Trim(config.Database, "/") + "/"
}
