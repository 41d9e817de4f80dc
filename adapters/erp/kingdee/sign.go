package kingdee

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// mask hides the client's secret inside the AppID. Its 32 characters are used
// as they are written, not as the bytes they spell.
const mask = "0054f397c6234378b09ca7d3e5debce7"

// maskedLength is how many bytes the second part of an AppID carries.
const maskedLength = 24

// signer makes the headers of one login without a session.
type signer struct {
	appID, appSecret     string
	clientID, clientKey  string // from the AppID
	account, user, orgID string
}

// clientKey reads the two parts of an AppID, <client>_<32 characters>.
//
// Errors: Invalid erp.bad_config.
func clientKey(appID string) (client, key string, err error) {
	client, hidden, ok := strings.Cut(appID, "_")
	raw, broken := base64.StdEncoding.DecodeString(hidden)
	if !ok || client == "" || broken != nil || len(raw) != maskedLength {
		return "", "", port.BadOption("app_id", "is no AppID: it looks like 200001_ and 32 characters")
	}
	for i := range raw {
		raw[i] ^= mask[i]
	}
	return client, base64.StdEncoding.EncodeToString(raw), nil
}

// data is who logs in where; 2052 asks for Chinese, by which refusals are sorted.
func (s signer) data() string { return s.account + "," + s.user + ",2052," + s.orgID }

// sign puts the eight headers on a request to a path.
func (s signer) sign(h http.Header, path, timestamp, nonce string) {
	text := "POST\n" + url.QueryEscape(path) + "\n\nx-api-nonce:" + nonce + "\nx-api-timestamp:" + timestamp + "\n"
	h.Set("X-Api-ClientID", s.clientID)
	h.Set("X-Api-Auth-Version", "2.0")
	h.Set("x-api-timestamp", timestamp)
	h.Set("x-api-nonce", nonce)
	h.Set("x-api-signheaders", "x-api-timestamp,x-api-nonce")
	h.Set("X-Api-Signature", hexThenBase64(s.clientKey, text))
	h.Set("X-Kd-Appkey", s.appID)
	h.Set("X-Kd-Appdata", base64.StdEncoding.EncodeToString([]byte(s.data())))
	h.Set("X-Kd-Signature", hexThenBase64(s.appSecret, s.appID+s.data()))
}

// hexThenBase64 is the site's own form of a digest: base64 of its hex text.
func hexThenBase64(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil))))
}

// loginSign is the signature of LoginBySign: the parts sorted, joined, hashed.
func loginSign(parts ...string) string {
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
