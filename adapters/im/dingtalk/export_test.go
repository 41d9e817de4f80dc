package dingtalk

import "encoding/base64"

// PressSecret is what HTTP presses are signed with.
var PressSecret = pressSecret

// OpenSealed opens what was sealed with an aes_key, for the published vector.
func OpenSealed(aesKey, sealed string) (message, owner string, err error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		return "", "", err
	}
	return openSealed(key, sealed)
}
