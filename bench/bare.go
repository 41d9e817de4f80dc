package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/countersign/countersign/adapters/erp/tryton/server"
)

// bareAnswerMax bounds one answer, in bytes.
const bareAnswerMax = 1 << 20

// bare is a client of Tryton's JSON-RPC that creates and posts, and nothing more: it looks
// for nothing before, reads nothing back, and keeps no record. It is the floor.
type bare struct {
	url, session string
	http         *http.Client
	ids          map[string]int64 // of what every move names
}

func newBare(ctx context.Context, books *server.Server) (*bare, error) {
	line := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	line.MaxIdleConnsPerHost = 64
	b := &bare{url: books.URL + "/" + books.Database + "/", http: &http.Client{Transport: line}, ids: map[string]int64{}}
	var login []any
	secret := map[string]string{"password": books.Password}
	if err := b.call(ctx, &login, "common.db.login", books.User, secret, "en"); err != nil {
		return nil, err
	}
	if len(login) != 2 {
		return nil, fmt.Errorf("the bare client may not log in")
	}
	plain := fmt.Appendf(nil, "%s:%v:%v", books.User, login[0], login[1])
	b.session = "Session " + base64.StdEncoding.EncodeToString(plain)
	var preferences struct{ Company int64 }
	if err := b.call(ctx, &preferences, "model.res.user.get_preferences", true, map[string]any{}); err != nil {
		return nil, err
	}
	b.ids["company"] = preferences.Company
	now := time.Now().UTC()
	on := map[string]any{"__class__": "date", "year": now.Year(), "month": int(now.Month()), "day": now.Day()}
	for name, asked := range map[string][]any{
		"debit": {"account.account", []any{"code", "=", "6602"}}, "credit": {"account.account", []any{"code", "=", "2202"}},
		"party": {"party.party", []any{"code", "=", "lin"}}, "journal": {"account.journal", []any{"code", "=", "EXP"}},
		"period": {"account.period", []any{"start_date", "<=", on}, []any{"end_date", ">=", on}},
	} {
		var found []int64
		err := b.call(ctx, &found, fmt.Sprintf("model.%s.search", asked[0]), asked[1:], 0, 1, nil, map[string]any{})
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("the bare client finds no %s: %w", name, err)
		}
		b.ids[name] = found[0]
	}
	return b, nil
}

// move creates one move and posts it.
func (b *bare) move(ctx context.Context, i int) error {
	now := time.Now().UTC()
	amount := func(minor int) map[string]any {
		return map[string]any{"__class__": "Decimal", "decimal": fmt.Sprintf("%d.%02d", minor/100, minor%100)}
	}
	minor, in := 10_000+i, map[string]any{"company": b.ids["company"]}
	values := map[string]any{"company": b.ids["company"], "journal": b.ids["journal"], "period": b.ids["period"],
		"date":        map[string]any{"__class__": "date", "year": now.Year(), "month": int(now.Month()), "day": now.Day()},
		"description": fmt.Sprintf("bare %d", i), "lines": []any{[]any{"create", []any{
			map[string]any{"account": b.ids["debit"], "debit": amount(minor), "credit": amount(0), "description": "taxi"},
			map[string]any{"account": b.ids["credit"], "party": b.ids["party"], "debit": amount(0), "credit": amount(minor),
				"description": "taxi"},
		}}}}
	var ids []int64
	if err := b.call(ctx, &ids, "model.account.move.create", []any{values}, in); err != nil {
		return err
	}
	return b.call(ctx, nil, "model.account.move.post", ids, in)
}

func (b *bare) call(ctx context.Context, into any, method string, params ...any) error {
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r.Header.Set("Content-Type", "application/json")
	if b.session != "" {
		r.Header.Set("Authorization", b.session)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, bareAnswerMax))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	var got struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal(text, &got); err != nil || got.Error != nil {
		return fmt.Errorf("%s: %s", method, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got.Result, into)
}
