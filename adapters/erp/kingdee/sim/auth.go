package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// timestampAge is how far a timestamp may be off.
const timestampAge = 5 * time.Minute

// clientSecret is what the AppID hides, see kingdee_headers in the vectors.
func clientSecret() string {
	const mask = "0054f397c6234378b09ca7d3e5debce7"
	hidden, _ := base64.StdEncoding.DecodeString(AppID[strings.Index(AppID, "_")+1:])
	for i := range hidden {
		hidden[i] ^= mask[i]
	}
	return base64.StdEncoding.EncodeToString(hidden)
}

func digest(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

// allowed checks a session or the signed headers; without either it says no.
func (s *Server) allowed(w http.ResponseWriter, r *http.Request, operation string) bool {
	if r.Header.Get("X-Kd-Appkey") == "" && r.Header.Get("X-Api-ClientID") == "" {
		cookie, err := r.Cookie("kdservice-sessionid")
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if err == nil && s.sessions[cookie.Value] {
			return true
		}
		if err == nil {
			s.refuse(w, operation, "会话信息已丢失，请重新登录", 1)
			return false
		}
		gateway(w, 4002, "app id empty")
		return false
	}
	if status, code, words := s.checkHeaders(r); words != "" {
		if status == 519 {
			gateway(w, code, words)
		} else {
			http.Error(w, words, status)
		}
		return false
	}
	return true
}

// checkHeaders holds each of the signed headers against its own computation.
func (s *Server) checkHeaders(r *http.Request) (status, code int, words string) {
	h := r.Header
	data, err := base64.StdEncoding.DecodeString(h.Get("X-Kd-Appdata"))
	parts := strings.Split(string(data), ",")
	timestamp, nonce := h.Get("X-Api-Timestamp"), h.Get("X-Api-Nonce")
	seconds, notANumber := strconv.ParseInt(timestamp, 10, 64)
	age := s.Now().Sub(time.Unix(seconds, 0)).Abs()
	text := "POST\n" + url.QueryEscape(r.URL.Path) + "\n\nx-api-nonce:" + nonce + "\nx-api-timestamp:" + timestamp + "\n"
	switch {
	case h.Get("X-Kd-Appkey") != AppID || h.Get("X-Api-Clientid") != "200001":
		return http.StatusUnauthorized, 0, "unknown app"
	case h.Get("X-Api-Auth-Version") != "2.0" || h.Get("X-Api-Signheaders") != "x-api-timestamp,x-api-nonce":
		return http.StatusUnauthorized, 0, "unknown kind of signature"
	case notANumber != nil || age > timestampAge:
		return 519, 4006, "timestamp expired"
	case err != nil || len(parts) != 4 || parts[0] != Account || parts[1] != User || parts[2] != "2052":
		return http.StatusUnauthorized, 0, "unknown account or user"
	case h.Get("X-Api-Signature") != digest(clientSecret(), text):
		return http.StatusUnauthorized, 0, "wrong signature of the request"
	case h.Get("X-Kd-Signature") != digest(AppSecret, AppID+string(data)):
		return http.StatusUnauthorized, 0, "wrong signature of the app"
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if nonce == "" || s.nonces[nonce] {
		return http.StatusUnauthorized, 0, "nonce used before"
	}
	s.nonces[nonce] = true
	return 0, 0, ""
}

// login answers LoginBySign.
func (s *Server) login(w http.ResponseWriter, method string, body []byte) {
	var envelope struct {
		Format     int               `json:"format"`
		Parameters []json.RawMessage `json:"parameters"`
	}
	if method != "LoginBySign" {
		gateway(w, 5001, "no such API")
		return
	}
	given := make([]string, 6)
	if json.Unmarshal(body, &envelope) != nil || envelope.Format != 1 || len(envelope.Parameters) != 6 {
		answer(w, map[string]any{"LoginResultType": 0, "Message": "参数错误", "KDSVCSessionId": ""})
		return
	}
	for i, p := range envelope.Parameters {
		given[i] = strings.Trim(string(p), `"`)
	}
	parts := []string{Account, User, AppID, AppSecret, given[3]}
	sort.Strings(parts)
	want := sha256.Sum256([]byte(strings.Join(parts, "")))
	seconds, err := strconv.ParseInt(given[3], 10, 64)
	if given[0] != Account || given[1] != User || given[2] != AppID || given[5] != "2052" || err != nil ||
		s.Now().Sub(time.Unix(seconds, 0)).Abs() > timestampAge || given[4] != hex.EncodeToString(want[:]) {
		answer(w, map[string]any{"LoginResultType": 0, "Message": "签名验证失败", "KDSVCSessionId": ""})
		return
	}
	sum := sha512.Sum512([]byte(strconv.FormatInt(s.Now().UnixNano(), 10)))
	session := hex.EncodeToString(sum[:12])
	s.mutex.Lock()
	clear(s.sessions) // one session a user
	s.sessions[session] = true
	s.mutex.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "kdservice-sessionid", Value: session, Path: "/"})
	answer(w, map[string]any{"LoginResultType": 1, "Message": nil, "KDSVCSessionId": session})
}
