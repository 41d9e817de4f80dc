package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// answer is what every answer begins with.
type answer struct {
	Code  int    `json:"errcode"`
	Words string `json:"errmsg"`
}

// Of WeCom's numbers, those that say what to do next.
var (
	badToken = []int{40014, 42001}
	// 45009: called too often; 45033: too many at once; -1: busy.
	tooOften = []int{45009, 45033, -1}
	nobody   = []int{40003, 81013, 301002, 60111}
)

// request is one call of a method.
type request struct {
	path   string
	query  url.Values
	body   any  // nil: a GET
	writes bool // somebody may see something of it
}

// ask makes a call and reads its answer into out. A token that is not taken is
// renewed once, and the call made once more: it was refused before it did anything.
func (a *App) ask(ctx context.Context, r request, out any) error {
	return a.tokens.With(ctx, func(token string) (bool, error) {
		query := url.Values{"access_token": {token}}
		for name, values := range r.query {
			query[name] = values
		}
		raw, err := a.call(ctx, r, query)
		if err != nil {
			return false, err
		}
		said, err := a.judge(raw, r.writes)
		if err != nil {
			return slices.Contains(badToken, said.Code), err
		}
		if err := json.Unmarshal(raw, out); err != nil {
			return false, port.Unclear(a.config.Name, "the answer is malformed", r.writes)
		}
		return false, nil
	})
}

// fetch exchanges the app's secret for a token. WeCom gives the same one again until
// it ends, so several processes may hold it.
func (a *App) fetch(ctx context.Context) (string, time.Duration, error) {
	raw, err := a.call(ctx, request{path: "/cgi-bin/gettoken"}, url.Values{
		"corpid": {a.config.Tenant}, "corpsecret": {string(a.config.Secret)}})
	if err != nil {
		return "", 0, err
	}
	if _, err := a.judge(raw, false); err != nil {
		return "", 0, err
	}
	var got struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.Unmarshal(raw, &got); err != nil || got.Token == "" {
		return "", 0, port.Fault(port.CodeUnavailable, a.config.Name, "no token was given")
	}
	return got.Token, time.Duration(got.Seconds) * time.Second, nil
}

// call is one exchange.
func (a *App) call(ctx context.Context, r request, query url.Values) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
		method, body = http.MethodPost, bytes.NewReader(text)
	}
	asked, err := http.NewRequestWithContext(ctx, method, a.config.URL+r.path+"?"+query.Encode(), body)
	if err != nil {
		return nil, port.Fault(port.CodeBadConfig, a.config.Name, "url")
	}
	if body != nil {
		asked.Header.Set("Content-Type", "application/json")
	}
	got, err := port.Exchange(a.config.Name, a.client, asked, r.writes)
	if err == nil {
		err = port.StatusFault(a.config.Name, got, r.writes)
	}
	return got.Body, err
}

// judge reads what every answer begins with.
func (a *App) judge(raw []byte, writes bool) (answer, error) {
	var said answer
	if err := json.Unmarshal(raw, &said); err != nil {
		return said, port.Unclear(a.config.Name, "the answer is no JSON", writes)
	}
	if said.Code == 0 {
		return said, nil
	}
	code := port.CodeRefused
	switch {
	case slices.Contains(tooOften, said.Code):
		code = port.CodeRateLimited
	case slices.Contains(badToken, said.Code):
		code = port.CodeUnavailable
	case slices.Contains(nobody, said.Code):
		code = port.CodeNobody
	}
	return said, port.Fault(code, a.config.Name, strconv.Itoa(said.Code)+" "+said.Words)
}
