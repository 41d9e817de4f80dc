package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const bodyMax = 4 << 20

// exception is a Python exception; its zero value is none.
type exception struct {
	Name      string         `json:"name"`
	Message   string         `json:"message"`
	Arguments []any          `json:"arguments"`
	Context   map[string]any `json:"context"`
	Debug     string         `json:"debug"`
}

func raise(class, message string) *exception {
	return &exception{Name: class, Message: message, Arguments: []any{message}, Context: map[string]any{},
		Debug: "Traceback (most recent call last): …"}
}

func userError(message string) *exception { return raise("odoo.exceptions.UserError", message) }

// status is what JSON-2 answers for a class.
func (e exception) status() int {
	switch e.Name[strings.LastIndex(e.Name, ".")+1:] {
	case "UserError", "ValidationError", "UnprocessableEntity":
		return http.StatusUnprocessableEntity
	case "Unauthorized":
		return http.StatusUnauthorized
	case "AccessError", "AccessDenied", "Forbidden":
		return http.StatusForbidden
	case "MissingError", "NotFound":
		return http.StatusNotFound
	case "BadRequest":
		return http.StatusBadRequest
	case "TooManyRequests":
		return http.StatusTooManyRequests
	}
	return http.StatusInternalServerError
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"version": strconv.Itoa(s.options.Version) + ".0",
		"version_info": []any{s.options.Version, 0, 0, "final", 0, ""}})
}

// json2 answers POST /json/2/<model>/<method>.
func (s *Server) json2(w http.ResponseWriter, r *http.Request) {
	result, err := s.json2Call(r)
	if err != nil {
		answer(w, err.status(), err)
		return
	}
	answer(w, http.StatusOK, result)
}

func (s *Server) json2Call(r *http.Request) (any, *exception) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, raise("werkzeug.exceptions.BadRequest",
			"State-changing json2 requests must use the 'application/json' Content-Type")
	}
	if db := r.Header.Get("X-Odoo-Database"); db != "" && db != s.options.Database {
		return nil, raise("werkzeug.exceptions.NotFound", "no such database: "+db)
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return nil, raise("werkzeug.exceptions.Unauthorized", "User not authenticated, use the \"Authorization\" header")
	}
	if key != s.options.Key {
		return nil, raise("werkzeug.exceptions.Unauthorized", "Invalid apikey")
	}
	var body map[string]any
	if err := decode(r.Body, &body); err != nil {
		return nil, raise("werkzeug.exceptions.BadRequest", "could not parse the body as json: "+err.Error())
	}
	c := invocation{model: r.PathValue("model"), method: r.PathValue("method"), named: body}
	if ids, ok := body["ids"].([]any); ok {
		c.ids = ids
	}
	c.context, _ = body["context"].(map[string]any)
	delete(body, "ids")
	delete(body, "context")
	if c.ofModel() && len(c.ids) > 0 {
		return nil, raise("werkzeug.exceptions.UnprocessableEntity", "cannot call "+c.model+"."+c.method+" with ids")
	}
	return s.invoke(c)
}

type rpcRequest struct {
	ID     any `json:"id"`
	Params struct {
		Service string `json:"service"`
		Method  string `json:"method"`
		Args    []any  `json:"args"`
	} `json:"params"`
}

// jsonrpc answers POST /jsonrpc: always 200, with an error in the envelope.
func (s *Server) jsonrpc(w http.ResponseWriter, r *http.Request) {
	var asked rpcRequest
	if err := decode(r.Body, &asked); err != nil {
		http.Error(w, "Invalid JSON data", http.StatusBadRequest)
		return
	}
	envelope := map[string]any{"jsonrpc": "2.0", "id": asked.ID}
	result, err := s.service(asked)
	switch {
	case err != nil:
		envelope["error"] = map[string]any{"code": 200, "message": "Odoo Server Error", "data": err}
	case result != nil:
		envelope["result"] = result
	}
	answer(w, http.StatusOK, envelope)
}

func (s *Server) service(asked rpcRequest) (any, *exception) {
	p := asked.Params
	switch p.Service + "." + p.Method {
	case "common.version":
		info := []any{s.options.Version, 0, 0, "final", 0, ""}
		return map[string]any{"server_version_info": info, "protocol_version": 1}, nil
	case "common.authenticate":
		if len(p.Args) != 4 || !s.signedIn(p.Args[0], p.Args[1], p.Args[2]) {
			return false, nil
		}
		return botID, nil
	case "object.execute_kw":
		return s.executeKW(p.Args)
	}
	return nil, raise("builtins.Exception", "Method not found")
}

func (s *Server) signedIn(database, user, key any) bool {
	return database == s.options.Database && user == s.options.User && key == s.options.Key
}

// executeKW takes database, user id, key, model, method, positional and named arguments.
func (s *Server) executeKW(args []any) (any, *exception) {
	if len(args) < 6 {
		return nil, raise("builtins.TypeError", "execute_kw() missing required positional arguments")
	}
	if args[1] != json.Number(strconv.Itoa(botID)) || !s.signedIn(args[0], s.options.User, args[2]) {
		return nil, raise("odoo.exceptions.AccessDenied", "Access Denied")
	}
	c := invocation{named: map[string]any{}}
	c.model, _ = args[3].(string)
	c.method, _ = args[4].(string)
	positional, _ := args[5].([]any)
	if len(args) > 6 {
		c.named, _ = args[6].(map[string]any)
	}
	c.context, _ = c.named["context"].(map[string]any)
	delete(c.named, "context")
	switch {
	case c.method == "create":
		if len(positional) == 0 {
			return nil, raise("builtins.IndexError", "tuple index out of range")
		}
		c.named["vals_list"] = positional[0]
	case !c.ofModel():
		if len(positional) == 0 {
			return nil, raise("builtins.TypeError", c.method+"() missing 1 required positional argument: 'ids'")
		}
		c.ids, _ = positional[0].([]any)
	}
	return s.invoke(c)
}

func decode(body io.Reader, into any) error {
	text, err := io.ReadAll(io.LimitReader(body, bodyMax))
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// float is a Python float: 128.5, 0.0, 1e+16.
type float float64

// MarshalJSON writes it as json.dumps does.
func (f float) MarshalJSON() ([]byte, error) {
	format := byte('f')
	if a := math.Abs(float64(f)); a >= 1e16 || a > 0 && a < 1e-4 {
		format = 'e'
	}
	text := strconv.FormatFloat(float64(f), format, -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}
