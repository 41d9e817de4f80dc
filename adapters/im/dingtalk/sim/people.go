package sim

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// pageMax is how many a page holds here at most: few, so that tests turn pages.
const pageMax = 2

func (s *Sim) departments(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		Dept int64 `json:"dept_id"`
	}
	if json.Unmarshal(body, &in) != nil || !s.isDepartment(in.Dept) {
		return refuseOld(60003, "部门不存在")
	}
	below := []map[string]any{}
	for _, d := range s.config.Departments {
		if d.Parent == in.Dept {
			below = append(below, map[string]any{"dept_id": d.ID, "parent_id": d.Parent})
		}
	}
	return okOld(below)
}

func (s *Sim) isDepartment(id int64) bool {
	for _, d := range s.config.Departments {
		if d.ID == id {
			return true
		}
	}
	return id == 1
}

func (s *Sim) members(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		Dept   int64 `json:"dept_id"`
		Cursor int   `json:"cursor"`
		Size   int   `json:"size"`
	}
	if json.Unmarshal(body, &in) != nil || !s.isDepartment(in.Dept) || in.Size < 1 || in.Size > 100 || in.Cursor < 0 {
		return refuseOld(400002, "参数错误")
	}
	list := []map[string]any{}
	for _, p := range s.config.People {
		if p.Department == in.Dept && !p.Hidden {
			list = append(list, map[string]any{"userid": p.UserID, "unionid": p.UnionID, "name": p.Name,
				"org_email": p.Email, "job_number": p.JobNumber, "active": !p.Inactive})
		}
	}
	from := min(in.Cursor, len(list))
	to := min(from+min(in.Size, pageMax), len(list))
	result := map[string]any{"has_more": to < len(list), "list": list[from:to]}
	if to < len(list) {
		result["next_cursor"] = to
	}
	return okOld(result)
}

func (s *Sim) byUnion(_ *http.Request, body []byte) simphone.Answer {
	var in struct{ UnionID string }
	_ = json.Unmarshal(body, &in)
	p, known := s.person(func(p Person) bool { return p.UnionID == in.UnionID && p.UserID != "" })
	if !known {
		return refuseOld(60121, "找不到该用户")
	}
	return okOld(map[string]any{"contact_type": 0, "userid": p.UserID})
}

// authorize stands for the page where somebody agrees: ?as= says who, by unionid.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || q.Get("client_id") != s.config.AppKey || q.Get("response_type") != "code" {
		http.Error(w, "redirect_uri or client_id", http.StatusBadRequest)
		return
	}
	as := q.Get("as")
	if as == "" && len(s.config.People) > 0 {
		as = s.config.People[0].UnionID
	}
	code := s.Code(as)
	again := back.Query()
	again.Set("authCode", code)
	again.Set("code", code)
	again.Set("state", q.Get("state"))
	back.RawQuery = again.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// Code makes the code of somebody who agreed, by unionid: also of a stranger.
func (s *Sim) Code(unionID string) string {
	code := random("")
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.codes[code] = unionID
	return code
}

func (s *Sim) redeem(_ *http.Request, body []byte) simphone.Answer {
	var in struct{ ClientID, ClientSecret, Code, GrantType string }
	if json.Unmarshal(body, &in) != nil || in.ClientID != s.config.AppKey || in.ClientSecret != s.config.AppSecret ||
		in.GrantType != "authorization_code" {
		return refuse(http.StatusBadRequest, "invalidClient", "clientId")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	union, known := s.codes[in.Code]
	if !known {
		return refuse(http.StatusBadRequest, "invalidParameter.authCode.notFound", "不存在的临时授权码")
	}
	delete(s.codes, in.Code)
	token := random("")
	s.users[token] = union
	return simphone.JSON(http.StatusOK, map[string]any{"accessToken": token, "refreshToken": random(""), "expireIn": 7200,
		"corpId": s.config.CorpID})
}

func (s *Sim) me(r *http.Request, _ []byte) simphone.Answer {
	s.mutex.Lock()
	union, known := s.users[r.Header.Get("X-Acs-Dingtalk-Access-Token")]
	s.mutex.Unlock()
	if !known {
		return refuse(http.StatusUnauthorized, "InvalidAuthentication", "不合法的access_token")
	}
	return simphone.JSON(http.StatusOK, map[string]string{"unionId": union, "openId": "o-" + union, "nick": "x"})
}
