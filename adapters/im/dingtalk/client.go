package dingtalk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

// Of what DingTalk refuses, what says what to do next. None of it is documented in
// one place; the numbers and words are those commonly seen.
var (
	oldBadToken = []int{40001, 40014, 42001}
	oldTooOften = []int{88, 90018, 90002, 90005}
	tooOften    = regexp.MustCompile(`(?i)qps|throttl|flow|toomany|ratelimit`)
	repeated    = regexp.MustCompile(`(?i)outtrackid.*(exist|repeat|duplicat)|(exist|repeat|duplicat).*outtrackid`)
	cardGone    = regexp.MustCompile(`(?i)card.*(notexist|not exist|expired|recalled)`)
)

// refusal is how the newer methods refuse.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// call asks one of the newer methods with the app's token. It gives DingTalk's own
// refusal as a fault, and as words to judge by.
func (a *App) call(ctx context.Context, method, path string, writes bool, in, into any) (string, error) {
	var said string
	err := a.tokens.With(ctx, func(token string) (bool, error) {
		got, err := a.send(ctx, method, a.base+path, token, writes, in)
		if err != nil {
			return false, err
		}
		if got.Status == http.StatusUnauthorized {
			return true, port.Fault(port.CodeRefused, a.config.Name, "HTTP 401")
		}
		said, err = a.judge(got, writes)
		if err != nil {
			return false, err
		}
		if json.Unmarshal(got.Body, into) != nil {
			return false, port.Unclear(a.config.Name, "not an answer of DingTalk", writes)
		}
		return false, nil
	})
	return said, err
}

// judge reads what a newer method answered.
func (a *App) judge(got port.Answer, writes bool) (string, error) {
	if got.Status < http.StatusMultipleChoices {
		return "", nil
	}
	var no refusal
	if json.Unmarshal(got.Body, &no) != nil || no.Code == "" || got.Status >= http.StatusInternalServerError {
		return "", port.StatusFault(a.config.Name, got, writes)
	}
	said := a.hide(no.Code + " " + no.Message)
	if got.Status == http.StatusTooManyRequests || tooOften.MatchString(no.Code) {
		return said, port.RateLimited(a.config.Name, got.Header.Get("Retry-After"))
	}
	return said, port.Fault(port.CodeRefused, a.config.Name, said)
}

// callOld asks one of the older methods, which carry the token in the address and
// the refusal in a 200.
func (a *App) callOld(ctx context.Context, path string, in, into any) error {
	return a.tokens.With(ctx, func(token string) (bool, error) {
		address := a.old + path + "?" + url.Values{"access_token": {token}}.Encode()
		got, err := a.send(ctx, http.MethodPost, address, "", false, in)
		if err == nil {
			err = port.StatusFault(a.config.Name, got, false)
		}
		if err != nil {
			return false, err
		}
		var said struct {
			Code   *int            `json:"errcode"`
			Words  string          `json:"errmsg"`
			Result json.RawMessage `json:"result"`
		}
		if json.Unmarshal(got.Body, &said) != nil || said.Code == nil {
			return false, port.Unclear(a.config.Name, "not an answer of DingTalk", false)
		}
		words := a.hide(fmt.Sprintf("%d %s", *said.Code, said.Words))
		switch {
		case slices.Contains(oldBadToken, *said.Code):
			return true, port.Fault(port.CodeRefused, a.config.Name, words)
		case slices.Contains(oldTooOften, *said.Code):
			return false, port.RateLimited(a.config.Name, "")
		case *said.Code != 0:
			return false, port.Fault(port.CodeRefused, a.config.Name, words)
		case json.Unmarshal(said.Result, into) != nil:
			return false, port.Unclear(a.config.Name, "not an answer of DingTalk", false)
		}
		return false, nil
	})
}

// send makes one exchange with a body of JSON; nil for none.
func (a *App) send(ctx context.Context, method, address, token string, writes bool, in any) (port.Answer, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return port.Answer{}, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, address, &body)
	if err != nil {
		return port.Answer{}, port.Fault(port.CodeRefused, a.config.Name, "the address is not one")
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("x-acs-dingtalk-access-token", token)
	}
	return port.Exchange(a.config.Name, a.http, r, writes)
}

// fetchToken gets the app's token, which serves both kinds of method.
func (a *App) fetchToken(ctx context.Context) (string, time.Duration, error) {
	got, err := a.send(ctx, http.MethodPost, a.base+"/v1.0/oauth2/accessToken", "", false,
		map[string]string{"appKey": a.config.App, "appSecret": string(a.config.Secret)})
	if err == nil {
		_, err = a.judge(got, false)
	}
	if err != nil {
		return "", 0, err
	}
	var token struct {
		Token  string `json:"accessToken"`
		Serves int64  `json:"expireIn"`
	}
	if json.Unmarshal(got.Body, &token) != nil || token.Token == "" {
		return "", 0, port.Unclear(a.config.Name, "not an answer of DingTalk", false)
	}
	return token.Token, time.Duration(token.Serves) * time.Second, nil
}

// hide takes our secrets out of DingTalk's words.
func (a *App) hide(words string) string {
	return port.Hide(words, string(a.config.Secret), string(a.config.Token), string(a.config.Key), a.apiSecret)
}
