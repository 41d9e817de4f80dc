package feishu

import "crypto/sha256"

// Decrypt opens what was sealed with an Encrypt Key, for the published vector.
func Decrypt(key, sealed string) (string, error) {
	a := App{key: sha256.Sum256([]byte(key))}
	text, err := a.decrypt(sealed)
	return string(text), err
}
