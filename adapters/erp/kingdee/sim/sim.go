// Package sim is a K3Cloud 金蝶云星空 for tests: its WebAPI as far as vouchers
// need it, written from the facts and vectors, with nothing of the connector.
//
// Verified (SDK sources and vectors): the paths, the eight signed headers and
// how each is computed, LoginBySign, the bodies of Save, Submit, Audit and
// ExecuteBillQuery, bare rows as a query's answer and a ResponseStatus two lists
// deep as its refusal, IsSuccess as text on old sites, HTTP 519 with 4002, 4006
// and 5001, cookies. Seen in public code only: LoginResultType 1, form and field
// keys of base data, of rates (BD_Rate) and of projects (BD_Project), what a direct rate
// means, MsgCode 1 for a lost session, document statuses.
//
// Not verified (our guess, so that a connector is at least tried on it): every
// Chinese sentence, HTTP 401 for a wrong signature, five minutes as the age of a
// timestamp, CancelAssign, FCurrentYear and FCurrentPeriod, which operations are
// refused in which status. A real site may let the same reference in twice, and
// so does this one.
package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const bodyMax = 8 << 20

// Who may log in; a test signs with these.
const (
	AppID     = "200001_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	AppSecret = "app-secret-1"
	Account   = "62cfa6d6a2e7c1" // AcctID
	User      = "demo"
	Book      = "001"
	Reference = "F_CSN_REF" // the text field added to GL_VOUCHER
)

// The faults that can be injected, beside those of a proxy.
const (
	Maintenance = "maintenance"  // response_error: the platform threw
	TooOften    = "too often"    // refused for asking too often
	Locked      = "locked"       // another user edits it 网络控制
	LoseSession = "lose session" // the session is gone
	NoRight     = "no right"     // the user lacks a right
	OldSite     = "old site"     // IsSuccess as text
)

// Server is one site with one account book. It is an http.Handler.
type Server struct {
	Books  *simbooks.Books
	Faults *simbooks.Faults
	Now    func() time.Time

	mutex    sync.Mutex
	sessions map[string]bool
	nonces   map[string]bool
}

// New makes a site with fresh books.
func New() *Server {
	return &Server{Books: simbooks.New(), Faults: &simbooks.Faults{}, Now: time.Now, sessions: map[string]bool{},
		nonces: map[string]bool{}}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	name, ours := strings.CutPrefix(r.URL.Path, "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.")
	name, api := strings.CutSuffix(name, ".common.kdsvc")
	switch {
	case err != nil:
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	case r.Method != http.MethodPost:
		http.Error(w, "POST", http.StatusMethodNotAllowed)
	case !ours || !api:
		gateway(w, 5001, "no such API")
	case strings.HasPrefix(name, "AuthService."):
		s.login(w, strings.TrimPrefix(name, "AuthService."), body)
	case strings.HasPrefix(name, "DynamicFormService."):
		s.form(w, r, strings.TrimPrefix(name, "DynamicFormService."), body)
	default:
		gateway(w, 5001, "no such API")
	}
}

// form answers an operation of the form service.
func (s *Server) form(w http.ResponseWriter, r *http.Request, operation string, body []byte) {
	injected := s.Faults.Take(operation)
	if injected == LoseSession {
		s.mutex.Lock()
		clear(s.sessions)
		s.mutex.Unlock()
	}
	if !s.allowed(w, r, operation) {
		return
	}
	switch injected {
	case Maintenance:
		_, _ = io.WriteString(w, "response_error: Kingdee.BOS.ServiceException 系统维护中，连接已中断")
		return
	case TooOften:
		s.refuse(w, operation, "请求过于频繁，请稍后再试", 0)
		return
	case Locked:
		s.refuse(w, operation, "网络控制：该凭证正在被其他用户编辑", 0)
		return
	case NoRight:
		s.refuse(w, operation, "用户没有凭证的操作权限", 0)
		return
	}
	var request request
	if json.Unmarshal(body, &request) != nil || len(request.Data) == 0 {
		_, _ = io.WriteString(w, "response_error: Newtonsoft.Json.JsonReaderException")
		return
	}
	s.operate(w, operation, request, injected == OldSite)
}

// request is the body of every operation.
type request struct {
	FormID string          `json:"formid"`
	Data   json.RawMessage `json:"data"`
}

func gateway(w http.ResponseWriter, code int, description string) {
	w.WriteHeader(519)
	answer(w, map[string]any{"errcode": code, "description": description})
}

// refuse says no in the place where the operation's answer is expected.
func (s *Server) refuse(w http.ResponseWriter, operation, message string, code int) {
	no := map[string]any{"Result": map[string]any{"ResponseStatus": map[string]any{"ErrorCode": 500, "IsSuccess": false,
		"MsgCode": code, "SuccessEntitys": []any{},
		"Errors": []any{map[string]any{"FieldName": nil, "Message": message, "DIndex": 0}}}}}
	if operation == "ExecuteBillQuery" {
		answer(w, []any{[]any{no}})
		return
	}
	answer(w, no)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
