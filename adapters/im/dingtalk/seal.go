package dingtalk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// What an event is sealed in: 16 random bytes, the length, the message, its owner.
const (
	keySize  = 32
	saltSize = 16
	headSize = saltSize + 4
	padMost  = 32 // PKCS7 in blocks of 16 or of 32: senders differ
)

var errSealed = errors.New("not sealed with this key")

// openSealed opens AES-256-CBC; the IV is the first half of the key.
func openSealed(key []byte, text string) (message, owner string, err error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return "", "", errSealed
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", "", err
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, key[:aes.BlockSize]).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > padMost || pad > len(plain) ||
		!bytes.Equal(plain[len(plain)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return "", "", errSealed
	}
	plain = plain[:len(plain)-pad]
	if len(plain) < headSize {
		return "", "", errSealed
	}
	length := int64(binary.BigEndian.Uint32(plain[saltSize:headSize]))
	body := plain[headSize:]
	if length > int64(len(body)) {
		return "", "", errSealed
	}
	return string(body[:length]), string(body[length:]), nil
}

// seal is the way back, with a nonce for the signature.
func seal(key []byte, message, owner string) (encrypted, nonce string, err error) {
	var chance [saltSize + 8]byte
	_, _ = rand.Read(chance[:])
	plain := append([]byte{}, chance[:saltSize]...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(message)))
	plain = append(append(plain, message...), owner...)
	pad := padMost - len(plain)%padMost
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", "", err
	}
	cipher.NewCBCEncrypter(block, key[:aes.BlockSize]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), hex.EncodeToString(chance[saltSize:]), nil
}
