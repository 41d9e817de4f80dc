// Package sim is a YonBIP 用友 tenant for tests, as far as vouchers need it,
// written from the facts and the vectors, with nothing of the connector.
//
// Verified (the platform's documents, copies of 2023 to 2026): the look-up of a
// tenant's addresses, the token and its signature, paths and their two prefixes,
// the fields of addVoucher, that it has no «data» around it, businessId as the
// key of idempotency, the pager and that periods default to this month, at most
// 1000 a page, lower-case names in lists and camel case in details, business
// refusals as code "404" on HTTP 200, statuses 00 to 05, deleting by ids, and the
// platform's codes 310001, 310036, 310404 and the four of throttling. Of rates 汇率,
// employees 员工 and projects 项目 (copies of 2026): paths, that pageIndex and pageSize must be
// there, at most 500 employees a page, the enable of employees, names of fields, names in
// several languages, code and message of an answer.
// Seen in public code only: vendor/list, 310504 for a voucher that exists, plain
// text 非法token.
//
// Not verified (our guess): every Chinese sentence but «账簿code不能为空！», how
// long a businessId is remembered and what a repeat is told, querybd/accsubject,
// docType names other than supplier, when a token is refused early; of rates, that
// exchangeConversionMethod 1 multiplies and 2 divides (so elsewhere under the name
// exchRateOps), how many a page may have, and that several schemes can have one type; of
// employees, that without enable those in use come; that the code of an employee or a
// project is the valueCode of an entry.
package sim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const (
	bodyMax      = 8 << 20
	timestampAge = 10 * time.Minute
	tokenLasts   = 7200 // seconds
)

// Who may log in.
const (
	Tenant    = "tenant1"
	AppKey    = "ak1"
	AppSecret = "secret1"
	Book      = "BOOK01"
	Type      = "01"
)

// The faults that can be injected, beside those of a proxy.
const (
	Throttle    = "throttle"     // 310032
	ExpireToken = "expire token" // 310036
	PlainToken  = "plain token"  // 非法token as plain text
	Exception   = "exception"    // 999, at whatever point
	NoRight     = "no right"     // 310037
	KeepAside   = "keep aside"   // saved as 00 暂存
)

// Server is one tenant with one account book. It is an http.Handler.
type Server struct {
	Books  *simbooks.Books
	Faults *simbooks.Faults
	Now    func() time.Time
	Rates  []Rate

	// RatesMost is how many rates a page has at most, whatever is asked; 0 = what is asked.
	RatesMost int

	mutex  sync.Mutex
	tokens map[string]bool
	Tokens int // how many were given out
}

// New makes a tenant with fresh books.
func New() *Server {
	books := simbooks.New()
	books.Values["department"][head] = "总部"
	return &Server{Books: books, Faults: &simbooks.Faults{}, Now: time.Now, Rates: rates(time.Now()),
		tokens: map[string]bool{}}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/open-auth/dataCenter/getGatewayAddress":
		s.addresses(w, r)
	case "/iuap-api-auth/open-auth/selfAppAuth/base/v1/getAccessToken":
		s.give(w, r)
	default:
		path, ok := strings.CutPrefix(r.URL.Path, "/iuap-api-gateway")
		if !ok {
			http.NotFound(w, r)
			return
		}
		s.business(w, r, path)
	}
}

func (s *Server) addresses(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("tenantId") != Tenant {
		answer(w, 200, "50000", "租户不存在", nil)
		return
	}
	answer(w, 200, "00000", "成功！", map[string]string{"gatewayUrl": "http://" + r.Host + "/iuap-api-gateway",
		"tokenUrl": "http://" + r.Host + "/iuap-api-auth"})
}

// give checks the signature and hands a token out.
func (s *Server) give(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	stamp, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	mac := hmac.New(sha256.New, []byte(AppSecret))
	mac.Write([]byte("appKey" + q.Get("appKey") + "timestamp" + q.Get("timestamp")))
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "GET", http.StatusMethodNotAllowed)
	case q.Get("appKey") != AppKey:
		answer(w, 200, "10018", "应用不存在", nil)
	case err != nil || s.Now().Sub(time.UnixMilli(stamp)).Abs() > timestampAge:
		answer(w, 200, "50001", "时间戳已过期", nil)
	case q.Get("signature") != base64.StdEncoding.EncodeToString(mac.Sum(nil)):
		answer(w, 200, "50001", "签名错误", nil)
	default:
		var random [18]byte
		_, _ = rand.Read(random[:])
		token := base64.StdEncoding.EncodeToString(random[:]) + "+/="
		s.mutex.Lock()
		s.tokens[token] = true
		s.Tokens++
		s.mutex.Unlock()
		answer(w, 200, "00000", "成功！", map[string]any{"access_token": token, "expire": tokenLasts})
	}
}

// calls are the interfaces of the gateway.
var calls = map[string]func(s *Server, body []byte) (any, string){
	"/yonbip/fi/ficloud/openapi/voucher/addVoucher":    (*Server).add,
	"/yonbip/fi/ficloud/openapi/voucher/queryVouchers": (*Server).list,
	"/yonbip/EFI/openapi/voucher/queryVoucherById":     (*Server).one,
	"/yonbip/fi/voucher/del":                           (*Server).remove,
	"/yonbip/fi/fipub/basedoc/querybd/accsubject":      (*Server).accounts,
	"/yonbip/fi/fipub/basedoc/querybd/accperiod":       (*Server).periods,
	"/yonbip/digitalModel/vendor/list":                 (*Server).vendors,
	"/yonbip/digitalModel/admindept/tree":              (*Server).departments,

	"/yonbip/digitalModel/staff/listForApi":                      (*Server).staff,
	"/yonbip/digitalModel/basedoc/project/batchQueryDetail":      (*Server).projects,
	"/yonbip/digitalModel/basedoc/exchangerate/batchQueryDetail": (*Server).listRates,
}

// business answers a call of the gateway: the path is looked at before the token.
func (s *Server) business(w http.ResponseWriter, r *http.Request, path string) {
	call, known := calls[path]
	if !known {
		answer(w, http.StatusNotFound, "310404", "网关上没有注册此API["+path+"]", nil)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST", http.StatusMethodNotAllowed)
		return
	}
	injected := s.Faults.Take(path[strings.LastIndex(path, "/")+1:])
	token := r.URL.Query().Get("access_token")
	s.mutex.Lock()
	if injected == ExpireToken || injected == PlainToken {
		clear(s.tokens)
	}
	good := s.tokens[token]
	s.mutex.Unlock()
	switch {
	case token == "":
		answer(w, 200, "310001", "请求中缺少access_token", nil)
	case injected == PlainToken:
		_, _ = io.WriteString(w, "非法token")
	case !good:
		answer(w, 200, "310036", "非法的access_token "+token, nil)
	case injected == Throttle:
		answer(w, 200, "310032", "接口调用超过限流次数", nil)
	case injected == NoRight:
		answer(w, 200, "310037", "应用未获得该接口的授权", nil)
	case injected == Exception:
		answer(w, 200, "999", "服务端逻辑异常", nil)
	default:
		data, no := call(s, body)
		if no != "" {
			answer(w, 200, "404", no, map[string]any{})
			return
		}
		if v, ok := data.(simbooks.Voucher); ok && injected == KeepAside {
			v, _ = s.Books.Change(v.ID, func(v *simbooks.Voucher) *simbooks.Refusal { v.State = "00"; return nil })
			data = v
		}
		if v, ok := data.(simbooks.Voucher); ok {
			data = saved(v)
		}
		answer(w, 200, "200", "OK", data)
	}
}

func answer(w http.ResponseWriter, status int, code, message string, data any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "data": data})
}
