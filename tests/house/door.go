package house

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/invariants"
	"github.com/countersign/countersign/walk"
)

const callPatience = time.Minute // of one request

// Door is where clients of a test come in: it notes what they were told, and
// with Hold compares every request and answer with the served API document.
type Door struct {
	house  *House
	router routers.Router

	mu     sync.Mutex
	told   invariants.Acknowledged
	seen   map[string]int // answers by operation and status
	broken []string       // what did not keep to the document
	denied bytes.Buffer   // every answer that says no, as it was sent
}

// NewDoor is a door that only takes notes.
func (h *House) NewDoor() *Door { return &Door{house: h, seen: map[string]int{}} }

// Hold reads the served API document; from now on everything is held to it.
func (d *Door) Hold(t testing.TB) {
	t.Helper()
	response, err := http.Get(d.house.URL + "/openapi.json") //nolint:noctx // loopback
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	document, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context()))
	d.router, err = gorillamux.NewRouter(document)
	require.NoError(t, err)
}

// As is a person's client through this door.
func (d *Door) As(t testing.TB, person string) *walk.Client {
	t.Helper()
	require.NotEmpty(t, d.house.Tokens[person], "nobody is called %s", person)
	return &walk.Client{Base: d.house.URL, Token: d.house.Tokens[person],
		HTTP: &http.Client{Transport: d, Timeout: callPatience}}
}

// Told is what clients were told so far.
func (d *Door) Told() invariants.Acknowledged {
	d.mu.Lock()
	defer d.mu.Unlock()
	return invariants.Acknowledged{
		Submissions: append([]invariants.Submission{}, d.told.Submissions...),
		Acts:        append([]invariants.Act{}, d.told.Acts...),
	}
}

// RequireKept fails where a request or an answer broke the API document.
func (d *Door) RequireKept(t testing.TB) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	require.Empty(t, d.broken, "held to /openapi.json")
	t.Logf("answers held to /openapi.json: %v", d.seen)
}

// RoundTrip sends one request and looks at both sides of it.
func (d *Door) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := body(&r.Body)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := body(&response.Body)
	if err != nil {
		return nil, err
	}
	d.note(r, response.StatusCode, text)
	d.deny(response, text)
	if d.router != nil {
		d.hold(r, sent, response, text)
	}
	return response, nil
}

// deny keeps an answer that says no.
func (d *Door) deny(response *http.Response, text []byte) {
	if response.StatusCode < http.StatusBadRequest {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = response.Header.Write(&d.denied)
	d.denied.Write(text)
}

// body reads a body to its end and puts it back.
func body(b *io.ReadCloser) ([]byte, error) {
	if *b == nil {
		return nil, nil
	}
	text, err := io.ReadAll(*b)
	_ = (*b).Close()
	*b = io.NopCloser(bytes.NewReader(text))
	return text, err
}

// note keeps what a client was told with a 2xx answer.
func (d *Door) note(r *http.Request, status int, text []byte) {
	if r.Method != http.MethodPost || status < 200 || status > 299 {
		return
	}
	var answer struct {
		ID       string `json:"id"`
		Document string `json:"document"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/submit"):
		d.told.Submissions = append(d.told.Submissions, invariants.Submission{Document: answer.ID})
	case strings.HasSuffix(path, "/acts"), strings.HasSuffix(path, "/resolve"):
		d.told.Acts = append(d.told.Acts, invariants.Act{ID: answer.ID, Document: answer.Document, Status: status})
	}
}

// hold compares both sides with the document: an answer is always one that was
// promised, and a request that was none never succeeds.
func (d *Door) hold(r *http.Request, sent []byte, response *http.Response, text []byte) {
	ctx := context.Background()
	var broken string
	route, parameters, err := d.router.FindRoute(r)
	name := "unknown"
	if err != nil {
		broken = fmt.Sprintf("%s %s: %v", r.Method, r.URL.Path, err)
	} else {
		name = route.Operation.OperationID
		broken = judge(ctx, route, parameters, r, sent, response, text)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[fmt.Sprintf("%s %d", name, response.StatusCode)]++
	if broken != "" && len(d.broken) < 20 {
		d.broken = append(d.broken, broken)
	}
}

func judge(ctx context.Context, route *routers.Route, parameters map[string]string,
	r *http.Request, sent []byte, response *http.Response, text []byte) string {
	request := r.Clone(ctx)
	request.Body = io.NopCloser(bytes.NewReader(sent))
	request.ContentLength = int64(len(sent))
	in := &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			SkipSettingDefaults:     true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.EnableJSONSchema2020()}}}
	name := fmt.Sprintf("%s → %d", route.Operation.OperationID, response.StatusCode)
	if response.StatusCode < 300 {
		var unreadable *openapi3filter.ParseError
		if err := openapi3filter.ValidateRequest(ctx, in); err != nil && !errors.As(err, &unreadable) {
			return fmt.Sprintf("%s: the request succeeded and is none: %v\n%s", name, err, sent)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: response.StatusCode,
		Header: response.Header, Options: in.Options}
	if err := openapi3filter.ValidateResponse(ctx, out.SetBodyBytes(text)); err != nil {
		return fmt.Sprintf("%s: %v\n%s", name, err, text)
	}
	return ""
}
