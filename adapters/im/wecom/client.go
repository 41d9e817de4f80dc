package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/im/port"
)

const (
	answerMax  = 8 << 20         // bytes of one answer: a department's people
	renewEarly = 5 * time.Minute // before a token ends
)

// token is what the app's secret was exchanged for. WeCom gives the same one again
// until it ends, so several processes may hold it.
type token struct {
	text  string
	until time.Time
}

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
	cardGone = []int{cardCodeBad, cardCodeUsed}
)

// What an update by a used or unknown response_code is answered with. The facts have
// no number for them: every other refusal of an update is taken for the same.
const (
	cardCodeBad  = 42042
	cardCodeUsed = 42043
)

// ask calls one method and reads its answer into out. A token that is not taken is
// renewed once, and the call made once more: it was refused before it did anything.
func (a *App) ask(ctx context.Context, method, path string, query url.Values, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	for again := false; ; again = true {
		held, err := a.held(ctx)
		if err != nil {
			return err
		}
		asked := url.Values{"access_token": {held}}
		for name, values := range query {
			asked[name] = values
		}
		raw, err := a.call(ctx, method, path, asked, in)
		if err != nil {
			return err
		}
		said, err := a.judge(raw)
		if slices.Contains(badToken, said.Code) && !again {
			a.forget(held)
			continue
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, out); err != nil {
			return port.Fault(port.CodeUnknown, a.config.Name, err.Error())
		}
		return nil
	}
}

// held is a token that has not ended.
func (a *App) held(ctx context.Context) (string, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock() // who waits here would ask for the same
	if a.token.text != "" && time.Now().Before(a.token.until) {
		return a.token.text, nil
	}
	raw, err := a.call(ctx, http.MethodGet, "/cgi-bin/gettoken", url.Values{
		"corpid": {a.config.Tenant}, "corpsecret": {string(a.config.Secret)}}, nil)
	if err != nil {
		return "", a.notSent(err)
	}
	if _, err := a.judge(raw); err != nil {
		return "", err
	}
	var got struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.Unmarshal(raw, &got); err != nil || got.Token == "" {
		return "", port.Fault(port.CodeUnavailable, a.config.Name, "no token was given")
	}
	life := time.Duration(got.Seconds) * time.Second
	if life > 2*renewEarly {
		life -= renewEarly
	}
	a.token = token{text: got.Token, until: time.Now().Add(life)}
	return got.Token, nil
}

// forget lets go of a token that was not taken, unless another has come already.
func (a *App) forget(text string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.token.text == text {
		a.token = token{}
	}
}

// notSent turns «may have been» into «was not»: asking for a token sends nothing.
func (a *App) notSent(err error) error {
	return port.Fault(port.CodeUnavailable, a.config.Name, err.Error())
}

// call is one exchange. Errors: Busy where no connection was made; Unknown where the
// request may have arrived.
func (a *App) call(ctx context.Context, method, path string, query url.Values, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.config.URL+path+"?"+query.Encode(), body)
	if err != nil {
		return nil, port.Fault(port.CodeBadConfig, a.config.Name, "url")
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, a.unanswered(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	raw, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return nil, port.Fault(port.CodeUnknown, a.config.Name, "the answer broke off")
	}
	if response.StatusCode != http.StatusOK {
		return nil, port.Fault(port.CodeUnknown, a.config.Name, "HTTP "+strconv.Itoa(response.StatusCode))
	}
	return raw, nil
}

// unanswered says whether the request may have arrived. The error's own text holds the
// address, and so the token: it is not passed on.
func (a *App) unanswered(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return port.Fault(port.CodeUnavailable, a.config.Name, "no connection")
	}
	return port.Fault(port.CodeUnknown, a.config.Name, "no answer")
}

// judge reads what every answer begins with.
func (a *App) judge(raw []byte) (answer, error) {
	var said answer
	if err := json.Unmarshal(raw, &said); err != nil {
		return said, port.Fault(port.CodeUnknown, a.config.Name, "the answer is no JSON")
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
	case slices.Contains(cardGone, said.Code):
		code = port.CodeCardGone
	}
	return said, port.Fault(code, a.config.Name, strconv.Itoa(said.Code)+" "+said.Words)
}
