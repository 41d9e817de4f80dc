// Package sim is Yonyou's U8 OpenAPI 用友 with one set of accounts behind it, for
// tests, written from the facts, with nothing of the connector.
//
// Verified (the platform's documents): system/token, the parameters of every call
// in its address, that exactly one of tradeid and biz_id goes with a write and
// biz_id is unique, the body of voucher/add with debit and credit entries apart,
// natural for the home currency, CDM with reserve2, errcode "0", the parameters
// and columns of voucherdetails/batch_get (it is asked by coutno_id or by days, and tells no
// coutno_id), paging of base data, the columns of exchangerate/batch_get. Seen in public code
// only, of U8's own table: what each itype of a rate is.
//
// Not verified (our guess): every Chinese sentence and every errcode but 0, that
// the list of an answer carries the call's name, that coutno_id finds reserve2, that
// voucherdetails has pages as other lists have, that an abstract comes back as it was sent,
// how long a token or a biz_id is remembered.
package sim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const (
	bodyMax  = 8 << 20
	rowsMost = 100 // entries of one page
)

// Who may log in.
const (
	From      = "openapi_dev"
	To        = "openapi_ent"
	AppKey    = "opa1"
	AppSecret = "u8-secret-1"
)

// The faults that can be injected, beside those of a proxy.
const (
	EndToken = "end token"  // the token is not taken any more
	TooOften = "too often"  // the caller asks too often
	Offline  = "offline"    // the U8 behind the gateway does not answer in time
	Closing  = "closing"    // somebody is closing the month 正在结账
	DoneLate = "done, late" // it was added, and the gateway gave up waiting
)

// Server is the gateway with one U8. It is an http.Handler.
type Server struct {
	Books  *simbooks.Books
	Faults *simbooks.Faults
	Rows   int // entries of one page at most; 0 = 100

	mutex  sync.Mutex
	tokens map[string]bool
}

// New makes a gateway with fresh books.
func New() *Server {
	return &Server{Books: simbooks.New(), Faults: &simbooks.Faults{}, tokens: map[string]bool{}}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path == "/system/token" {
		s.give(w, r, q)
		return
	}
	call, ok := strings.CutPrefix(r.URL.Path, "/api/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	injected := s.Faults.Take(call)
	s.mutex.Lock()
	if injected == EndToken {
		clear(s.tokens)
	}
	good := s.tokens[q.Get("token")]
	s.mutex.Unlock()
	switch {
	case q.Get("from_account") != From || q.Get("to_account") != To || q.Get("app_key") != AppKey:
		say(w, "10003", "应用未授权")
	case !good:
		say(w, "20002", "token "+q.Get("token")+" 已过期")
	case q.Get("ds_sequence") != "" && q.Get("ds_sequence") != "1":
		say(w, "30001", "数据源不存在")
	case injected == TooOften:
		say(w, "20009", "调用次数超过限制频率")
	case injected == Offline:
		say(w, "30027", "U8服务连接超时")
	case injected == Closing:
		say(w, "30050", "总账正在结账，任务冲突")
	case call == "voucher/add" && r.Method == http.MethodPost:
		s.add(w, r, q, injected)
	case strings.HasSuffix(call, "/batch_get") && r.Method == http.MethodGet:
		s.list(w, strings.TrimSuffix(call, "/batch_get"), q)
	default:
		say(w, "10001", "接口不存在")
	}
}

func (s *Server) give(w http.ResponseWriter, r *http.Request, q url.Values) {
	if r.Method != http.MethodGet || q.Get("from_account") != From || q.Get("app_key") != AppKey ||
		q.Get("app_secret") != AppSecret {
		say(w, "10002", "app_secret "+q.Get("app_secret")+" 错误")
		return
	}
	var random [16]byte
	_, _ = rand.Read(random[:])
	token := hex.EncodeToString(random[:])
	s.mutex.Lock()
	s.tokens[token] = true
	s.mutex.Unlock()
	answer(w, map[string]any{"errcode": "0", "errmsg": "", "token": map[string]any{"appKey": AppKey, "expiresIn": 7200,
		"id": token}})
}

type entries struct {
	Entry []struct {
		ID            string            `json:"entry_id"`
		Account       string            `json:"account_code"`
		Abstract      string            `json:"abstract"`
		Currency      string            `json:"currency"`
		NaturalDebit  string            `json:"natural_debit_currency"`
		PrimaryDebit  string            `json:"primary_debit_amount"`
		NaturalCredit string            `json:"natural_credit_currency"`
		PrimaryCredit string            `json:"primary_credit_amount"`
		Auxiliary     map[string]string `json:"auxiliary"`
	} `json:"entry"`
}

type sent struct {
	Voucher struct {
		Type   string  `json:"voucher_type"`
		Year   string  `json:"fiscal_year"`
		Period string  `json:"accounting_period"`
		Date   string  `json:"date"`
		Enter  string  `json:"enter"`
		System string  `json:"voucher_making_system"`
		Ref    string  `json:"reserve2"`
		Debit  entries `json:"debit"`
		Credit entries `json:"credit"`
	} `json:"voucher"`
}

// dimensions are what the auxiliary fields are called in the books.
var dimensions = map[string]string{"personnel_id": "employee", "supplier_id": "supplier", "dept_id": "department",
	"item_id": "project"}

func (s *Server) add(w http.ResponseWriter, r *http.Request, q url.Values, injected string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	var in sent
	v, month := &in.Voucher, 0
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err == nil {
		month, err = strconv.Atoi(v.Period)
	}
	switch {
	case (q.Get("tradeid") == "") == (q.Get("biz_id") == ""):
		say(w, "10010", "tradeid与biz_id只能传入一个")
		return
	case q.Get("sync") != "1":
		say(w, "10011", "本环境只支持同步新增")
		return
	case err != nil:
		say(w, "10012", "参数格式错误")
		return
	case v.Type == "" || v.Enter == "":
		say(w, "30002", "凭证类别、制单人不能为空")
		return
	case v.Ref != "" && v.System != "CDM":
		say(w, "30003", "传入外部凭证业务号时 voucher_making_system 必须为 CDM")
		return
	case len(v.Date) != 10 || fmt.Sprintf("%s-%02d", v.Year, month) != v.Date[:7]:
		say(w, "30004", "制单日期不在会计期间内")
		return
	}
	lines, no := linesOf(in)
	if no != "" {
		say(w, "30005", no)
		return
	}
	_, refused := s.Books.Add(simbooks.Voucher{Ref: q.Get("biz_id"), Date: v.Date, State: "made", Lines: lines,
		Extra: map[string]string{"reserve2": v.Ref}}, true)
	switch {
	case refused != nil:
		say(w, "30006", sentence(refused))
	case injected == DoneLate:
		say(w, "30027", "U8服务返回超时")
	default:
		answer(w, map[string]any{"errcode": "0", "errmsg": "", "id": q.Get("biz_id"), "tradeid": "T" + q.Get("biz_id")})
	}
}

func linesOf(in sent) ([]simbooks.Line, string) {
	var lines []simbooks.Line
	for side, list := range []entries{in.Voucher.Debit, in.Voucher.Credit} {
		for _, e := range list.Entry {
			natural, primary := e.NaturalDebit, e.PrimaryDebit
			if side == 1 {
				natural, primary = e.NaturalCredit, e.PrimaryCredit
			}
			minor, ok := simbooks.Minor(natural)
			if !ok || natural != primary || e.Currency != "人民币" || e.ID == "" {
				return nil, "分录 " + e.ID + " 金额、币种或分录号错误"
			}
			l := simbooks.Line{Account: e.Account, Text: e.Abstract, Dimensions: map[string]string{}}
			if side == 0 {
				l.Debit = minor
			} else {
				l.Credit = minor
			}
			for field, code := range e.Auxiliary {
				if dimensions[field] == "" {
					return nil, "辅助核算 " + field + " 不存在"
				}
				l.Dimensions[dimensions[field]] = code
			}
			lines = append(lines, l)
		}
	}
	return lines, ""
}

func sentence(no *simbooks.Refusal) string {
	switch no.Why {
	case simbooks.ClosedPeriod:
		return "会计期间 " + no.Value + " 已结账"
	case simbooks.UnknownAccount:
		return "科目 " + no.Value + " 不存在"
	case simbooks.UnknownPerson:
		return "辅助核算 " + no.Value + " 不存在"
	case simbooks.NotKept:
		return "科目没有设置该项辅助核算 " + no.Value
	case simbooks.MissingPerson:
		return "科目的辅助核算不能为空"
	case simbooks.Unbalanced:
		return "凭证借贷不平"
	case simbooks.Duplicate:
		return "biz_id " + no.Value + " 已存在"
	}
	return "凭证分录不能少于两行"
}

// list answers …/batch_get.
func (s *Server) list(w http.ResponseWriter, kind string, q url.Values) {
	names := map[string]string{}
	switch kind {
	case "voucherdetails":
		s.details(w, q)
		return
	case "code":
		for code, a := range s.Books.Accounts {
			names[code] = a.Name
		}
	case "person":
		names = s.Books.Values["employee"]
	case "vendor":
		names = s.Books.Values["supplier"]
	case "department":
		names = s.Books.Values["department"]
	case "exchangerate":
		page(w, kind, q, rates(time.Now()))
		return
	default:
		say(w, "10001", "接口不存在")
		return
	}
	rows := []any{}
	for _, code := range slices.Sorted(maps.Keys(names)) {
		rows = append(rows, map[string]any{"code": code, "name": names[code]})
	}
	page(w, kind, q, rows)
}

// page answers with one page of rows, under the name of the call.
func page(w http.ResponseWriter, kind string, q url.Values, rows []any) {
	number, err := strconv.Atoi(q.Get("page_index"))
	size, other := strconv.Atoi(q.Get("rows_per_page"))
	if err != nil || other != nil || number < 1 || size < 1 {
		number, size = 1, 20
	}
	answer(w, map[string]any{"errcode": "0", "errmsg": "", "page_index": number, "row_count": len(rows),
		kind: rows[min((number-1)*size, len(rows)):min(number*size, len(rows))]})
}

// details answers voucherdetails/batch_get: the entries under a reference, or of a range of days.
func (s *Server) details(w http.ResponseWriter, q url.Values) {
	reference, from, until := q.Get("coutno_id"), q.Get("date_begin"), q.Get("date_end")
	rows := []any{}
	for _, v := range s.Books.Where(func(v simbooks.Voucher) bool {
		return (reference != "" || from != "" && until != "") && (reference == "" || v.Extra["reserve2"] == reference) &&
			(from == "" || from <= v.Date) && (until == "" || v.Date <= until)
	}) {
		for i, l := range v.Lines {
			rows = append(rows, map[string]any{"i_id": v.ID*1000 + int64(i), "date": v.Date + " 00:00:00",
				"ino_id": v.ID - 100000,
				"inid":   i + 1, "digest": l.Text, "code": l.Account, "md": json.Number(simbooks.Text(l.Debit) + "00"),
				"mc": json.Number(simbooks.Text(l.Credit) + "00"), "cperson_id": l.Dimensions["employee"],
				"csup_id": l.Dimensions["supplier"], "cdept_id": l.Dimensions["department"], "citem_id": l.Dimensions["project"],
				"ccus_id": nil})
		}
	}
	page, err := strconv.Atoi(q.Get("page_index"))
	size, other := strconv.Atoi(q.Get("rows_per_page"))
	if err != nil || other != nil || page < 1 || size < 1 {
		page, size = 1, 20
	}
	size = min(size, s.rowsMost())
	answer(w, map[string]any{"errcode": "0", "errmsg": "", "page_index": strconv.Itoa(page),
		"page_count": strconv.Itoa((len(rows) + size - 1) / size), "row_count": strconv.Itoa(len(rows)),
		"voucherdetails": rows[min((page-1)*size, len(rows)):min(page*size, len(rows))]})
}

// rowsMost is what one page of entries has at most.
func (s *Server) rowsMost() int {
	if s.Rows > 0 {
		return s.Rows
	}
	return rowsMost
}

func say(w http.ResponseWriter, code, message string) {
	answer(w, map[string]any{"errcode": code, "errmsg": message})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
