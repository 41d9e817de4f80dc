// Package walk takes documents through the house over HTTP, as a client would;
// `countersign try`, the benchmark and the whole-house tests use it. It knows
// the API's JSON and nothing else of the product.
package walk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// answerMax bounds what is read of an answer, in bytes.
const answerMax = 16 << 20

// Client is one person's way to the API, with their token.
type Client struct {
	Base   string // http://127.0.0.1:8080
	Token  string
	Locale string       // zh-CN or en; "" = whatever the directory says
	HTTP   *http.Client // nil = http.DefaultClient
}

// Problem is an answer that says no (RFC 9457).
type Problem struct {
	Status int               `json:"status"`
	Code   string            `json:"code"`
	Title  string            `json:"title"`
	Detail string            `json:"detail"`
	Field  string            `json:"field"`
	Args   map[string]string `json:"args"`
	Errors []struct {
		Code   string `json:"code"`
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// Error says what the gateway said.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d %s: %s %s", p.Status, p.Code, p.Title, p.Detail)
	if p.Field != "" {
		text += " (" + p.Field + ")"
	}
	return text
}

// Money is an amount as decimal text.
type Money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Line is one line of a form.
type Line struct {
	Category    string   `json:"category"`
	Description string   `json:"description,omitempty"`
	Date        string   `json:"date,omitempty"`
	Amount      Money    `json:"amount"`
	Tax         *Money   `json:"tax,omitempty"`
	Invoice     string   `json:"invoice,omitempty"`
	Attachments []string `json:"attachments,omitempty"`
}

// Form is what a person submits.
type Form struct {
	Type        string            `json:"type"`
	Title       string            `json:"title"`
	Reason      string            `json:"reason,omitempty"`
	Currency    string            `json:"currency,omitempty"`
	Urgency     string            `json:"urgency,omitempty"`
	Lines       []Line            `json:"lines"`
	Fields      map[string]string `json:"fields,omitempty"`
	Payee       map[string]string `json:"payee,omitempty"`
	Attachments []string          `json:"attachments,omitempty"`
	Offset      *Offset           `json:"offset,omitempty"`
}

// Offset is what a report settles of an advance.
type Offset struct {
	Advance string `json:"advance"` // its number
	Amount  Money  `json:"amount"`
}

// Document is what the API says of a document.
type Document struct {
	ID          string `json:"id"`
	Number      string `json:"number"`
	Title       string `json:"title"`
	Status      string `json:"status"`
	Round       int    `json:"round"`
	Revision    int    `json:"revision"`
	ContentHash string `json:"content_hash"`
	Step        string `json:"step"`
	Total       Money  `json:"total"`
	Voucher     *struct {
		Reference string `json:"reference"`
		Number    string `json:"number"`
	} `json:"voucher"`
	Parked *struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"parked"`
	Tasks []Task `json:"tasks"`
}

// Task is what the API says of a task.
type Task struct {
	ID          string `json:"id"`
	Document    string `json:"document"`
	Step        string `json:"step"`
	Round       int    `json:"round"`
	ContentHash string `json:"content_hash"`
	Assignee    string `json:"assignee"`
	State       string `json:"state"`
	DecidedBy   string `json:"decided_by"`

	StepTitle map[string]string `json:"step_title"` // by locale
}

// Act is how far an act is; Pending means recorded, being applied.
type Act struct {
	ID      string `json:"id"`
	Act     string `json:"act"`
	State   string `json:"state"`
	Pending bool   `json:"-"`
}

// Submit writes a draft and submits it.
func (c *Client) Submit(ctx context.Context, f Form, key string) (Document, error) {
	draft, err := c.Draft(ctx, f, key+"-draft")
	if err != nil {
		return Document{}, err
	}
	return c.SubmitDraft(ctx, draft.ID, key)
}

// SubmitNew submits a document that never was a draft, as a system does.
func (c *Client) SubmitNew(ctx context.Context, f Form, key string) (Document, error) {
	var submitted Document
	_, err := c.Call(ctx, http.MethodPost, "/documents?submit=true", key, f, &submitted)
	return submitted, err
}

// Draft writes a draft.
func (c *Client) Draft(ctx context.Context, f Form, key string) (Document, error) {
	var draft Document
	_, err := c.Call(ctx, http.MethodPost, "/documents", key, f, &draft)
	return draft, err
}

// SubmitDraft submits a draft.
func (c *Client) SubmitDraft(ctx context.Context, id, key string) (Document, error) {
	var submitted Document
	_, err := c.Call(ctx, http.MethodPost, "/documents/"+id+"/submit", key, nil, &submitted)
	return submitted, err
}

// Document reads a document.
func (c *Client) Document(ctx context.Context, id string) (Document, error) {
	var d Document
	_, err := c.Call(ctx, http.MethodGet, "/documents/"+id, "", nil, &d)
	return d, err
}

// TaskOn returns the caller's open task on a document, found in their inbox.
func (c *Client) TaskOn(ctx context.Context, document string) (Task, bool, error) {
	query := url.Values{"limit": {"200"}}
	for {
		var page struct {
			Items []Task `json:"items"`
			Next  string `json:"next"`
		}
		if _, err := c.Call(ctx, http.MethodGet, "/tasks?"+query.Encode(), "", nil, &page); err != nil {
			return Task{}, false, err
		}
		for _, t := range page.Items {
			if t.Document == document {
				return t, true, nil
			}
		}
		if page.Next == "" {
			return Task{}, false, nil
		}
		query.Set("cursor", page.Next)
	}
}

// Decide decides a task as it was seen.
func (c *Client) Decide(ctx context.Context, t Task, act, opinion, key string) (Act, error) {
	body := map[string]any{"act": act, "round": t.Round, "content_hash": t.ContentHash, "opinion": opinion}
	return c.act(ctx, "/tasks/"+url.PathEscape(t.ID)+"/acts", body, key)
}

// Withdraw takes a document back.
func (c *Client) Withdraw(ctx context.Context, document, opinion, key string) (Act, error) {
	return c.act(ctx, "/documents/"+document+"/acts", map[string]any{"act": "withdraw", "opinion": opinion}, key)
}

// Resubmit sends a returned document again, with a new content.
func (c *Client) Resubmit(ctx context.Context, document string, f Form, key string) (Act, error) {
	return c.act(ctx, "/documents/"+document+"/acts", map[string]any{"act": "resubmit", "content": f}, key)
}

// Resolve rules on a parked effect.
func (c *Client) Resolve(ctx context.Context, reference, ruling, opinion, key string) (Act, error) {
	body := map[string]any{"ruling": ruling, "opinion": opinion}
	return c.act(ctx, "/effects/"+url.PathEscape(reference)+"/resolve", body, key)
}

func (c *Client) act(ctx context.Context, path string, body any, key string) (Act, error) {
	var a Act
	status, err := c.Call(ctx, http.MethodPost, path, key, body, &a)
	a.Pending = status == http.StatusAccepted
	return a, err
}

// Call sends one request under /api/v1 and reads its answer into out.
//
// Errors: *Problem where the gateway said no; anything else never got an answer.
func (c *Client) Call(ctx context.Context, method, path, key string, body, out any) (int, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("writing the request: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Base+"/api/v1"+path, payload)
	if err != nil {
		return 0, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Locale != "" {
		request.Header.Set("Accept-Language", c.Locale)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return c.send(request, out)
}

func (c *Client) send(request *http.Request, out any) (int, error) {
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return response.StatusCode, fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		problem := &Problem{Status: response.StatusCode}
		if err := json.Unmarshal(text, problem); err != nil {
			problem.Detail = string(text[:min(len(text), 200)])
		}
		return response.StatusCode, problem
	}
	if out == nil || len(text) == 0 {
		return response.StatusCode, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return response.StatusCode, fmt.Errorf("reading %s %s: %w", request.Method, request.URL.Path, err)
	}
	return response.StatusCode, nil
}

// Await polls until the document satisfies the condition or ctx ends; the last
// reading is returned either way.
func (c *Client) Await(ctx context.Context, id string, done func(Document) bool) (Document, error) {
	for {
		d, err := c.Document(ctx, id)
		if err == nil && done(d) {
			return d, nil
		}
		select {
		case <-ctx.Done():
			if err == nil {
				err = fmt.Errorf("document %s stays %s at step %q: %w", id, d.Status, d.Step, ctx.Err())
			}
			return d, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
