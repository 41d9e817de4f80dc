package sim

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

func (s *Server) departments(*http.Request, []byte) said {
	var ids []int
	for _, m := range s.members {
		if !slices.Contains(ids, m.Department) {
			ids = append(ids, m.Department)
		}
	}
	list := []said{}
	for _, id := range ids {
		list = append(list, said{"id": id, "parentid": 1, "order": id})
	}
	return granted(said{"department_id": list})
}

func (s *Server) listed(r *http.Request, _ []byte) said {
	department, err := strconv.Atoi(r.URL.Query().Get("department_id"))
	if err != nil {
		return refused(60003, "department not found")
	}
	list := []said{}
	for _, m := range s.members {
		if m.Department != department {
			continue
		}
		status := 1
		if m.Disabled {
			status = 2
		}
		list = append(list, said{"userid": m.ID, "name": m.Name, "biz_mail": m.Email, "status": status,
			"department": []int{m.Department}, "extattr": said{"attrs": []said{
				{"type": 0, "name": "工号", "text": said{"value": m.Employee}}}}})
	}
	return granted(said{"userlist": list})
}

// SignInCode is what somebody's web view brings back, good once.
func (s *Server) SignInCode(member string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.serial++
	code := "code-" + strconv.Itoa(s.serial)
	s.signIns[code] = member
	return code
}

func (s *Server) whoIs(r *http.Request, _ []byte) said {
	code := r.URL.Query().Get("code")
	member, known := s.signIns[code]
	if !known {
		return refused(40029, "invalid code")
	}
	delete(s.signIns, code)
	if _, here := s.member(member); !here {
		return granted(said{"openid": "o-" + member})
	}
	return granted(said{"userid": member})
}

// phoneCookie says whose phone a browser is.
const phoneCookie = "wecom-sim-phone"

// outside is what a browser sees that is nobody's phone: the way to one, and back.
var outside = template.Must(template.New("outside").Parse(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>企业微信模拟器 · WeCom simulator</title><link rel="stylesheet" href="/phone/phone.css"></head>
<body><main><h1>请在手机中打开 · Open this inside a phone</h1>
<p>此浏览器还不是任何人的手机。请先选择一部手机，再打开其中的卡片或链接。</p>
<p lang="en">This browser is nobody’s phone yet. Choose one, then open its cards or links.</p>
<p><a href="/phone/">选择手机 · Choose a phone</a></p>
{{with .}}<p><a href="{{.}}">返回登录页 · Back to the sign-in page</a></p>{{end}}</main></body></html>
`))

// doorOf is the sign-in page of the product that an address leads back to; "" for none.
func doorOf(back *url.URL) string {
	if back == nil || back.Host == "" || back.Scheme != "http" && back.Scheme != "https" {
		return ""
	}
	return back.Scheme + "://" + back.Host + "/login"
}

// authorize knows who opened it by whose phone it is, and sends them back.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	owner, missing := r.Cookie(phoneCookie)
	if err != nil || missing != nil || query.Get("appid") != s.options.Corp || query.Get("response_type") != "code" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_ = outside.Execute(w, doorOf(back)) // whoever asked has gone
		return
	}
	values := back.Query()
	values.Set("code", s.SignInCode(owner.Value))
	values.Set("state", query.Get("state"))
	back.RawQuery = values.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}
