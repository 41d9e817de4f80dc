package temporal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

const (
	keyBytes = 32 // AES-256

	metadataEncoding = "encoding"
	metadataKeyID    = "encryption-key-id"
	encodingAES      = "binary/encrypted-aes256gcm"
)

// ErrMissingKey says that a payload was encrypted under a key that this process
// was not given. It is a matter of configuration, never of the payload alone.
var ErrMissingKey = errors.New("temporal: payload key is missing")

// ErrTampered says that a payload was changed after it was encrypted.
var ErrTampered = errors.New("temporal: payload does not verify")

// Key encrypts payloads. Its id is written beside what it encrypted, so it is
// never given to another secret. Change keys before 2^32 payloads.
type Key struct {
	ID     string
	Secret []byte // 32 bytes
}

// ParseKey reads `<id>:<base64 of 32 bytes>`.
func ParseKey(text string) (Key, error) {
	id, secret, found := strings.Cut(text, ":")
	if !found || id == "" {
		return Key{}, errors.New("temporal: a key is written <id>:<base64>")
	}
	raw, err := base64.StdEncoding.DecodeString(secret)
	if err != nil || len(raw) != keyBytes {
		return Key{}, fmt.Errorf("temporal: key %q is not base64 of %d bytes", id, keyBytes)
	}
	return Key{ID: id, Secret: raw}, nil
}

// Codec encrypts payloads with AES-256-GCM. The first key encrypts, all of them
// decrypt: to rotate, put the new key first and keep the old ones while any
// history under them is kept.
type Codec struct {
	current string
	sealers map[string]cipher.AEAD
}

// NewCodec makes a codec of at least one key.
func NewCodec(keys []Key) (*Codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("temporal: a codec needs a key")
	}
	codec := &Codec{current: keys[0].ID, sealers: map[string]cipher.AEAD{}}
	for _, key := range keys {
		if _, twice := codec.sealers[key.ID]; twice || key.ID == "" {
			return nil, fmt.Errorf("temporal: key id %q is empty or given twice", key.ID)
		}
		if len(key.Secret) != keyBytes {
			return nil, fmt.Errorf("temporal: key %q has not %d bytes", key.ID, keyBytes)
		}
		block, err := aes.NewCipher(key.Secret)
		if err != nil {
			return nil, fmt.Errorf("temporal: key %q: %w", key.ID, err)
		}
		sealer, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("temporal: key %q: %w", key.ID, err)
		}
		codec.sealers[key.ID] = sealer
	}
	return codec, nil
}

// Encode encrypts every payload under the first key.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	encoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		sealed, err := c.seal(payload)
		if err != nil {
			return nil, err
		}
		encoded[i] = sealed
	}
	return encoded, nil
}

// Decode decrypts what was encrypted here; payloads in the clear pass untouched,
// so that encryption can be turned on over running workflows.
//
// Errors: ErrMissingKey, ErrTampered.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[metadataEncoding]) != encodingAES {
			decoded[i] = payload
			continue
		}
		opened, err := c.open(payload)
		if err != nil {
			return nil, err
		}
		decoded[i] = opened
	}
	return decoded, nil
}

func (c *Codec) seal(payload *commonpb.Payload) (*commonpb.Payload, error) {
	plain, err := proto.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("temporal: marshal payload: %w", err)
	}
	sealer := c.sealers[c.current]
	nonce := make([]byte, sealer.NonceSize(), sealer.NonceSize()+len(plain)+sealer.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("temporal: make a nonce: %w", err)
	}
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			metadataEncoding: []byte(encodingAES),
			metadataKeyID:    []byte(c.current),
		},
		Data: sealer.Seal(nonce, nonce, plain, []byte(c.current)),
	}, nil
}

func (c *Codec) open(payload *commonpb.Payload) (*commonpb.Payload, error) {
	id := string(payload.GetMetadata()[metadataKeyID])
	sealer, known := c.sealers[id]
	if !known {
		return nil, fmt.Errorf("%w: %q", ErrMissingKey, id)
	}
	data := payload.GetData()
	if len(data) < sealer.NonceSize() {
		return nil, ErrTampered
	}
	plain, err := sealer.Open(nil, data[:sealer.NonceSize()], data[sealer.NonceSize():], []byte(id))
	if err != nil {
		return nil, ErrTampered
	}
	opened := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, opened); err != nil {
		return nil, ErrTampered
	}
	return opened, nil
}

// blocking is the worker's codec: Temporal retries a workflow task or an
// activity that panics, and may fail a workflow whose payload has an error. A
// missing key is mended by an operator, so it must wait for one. A payload that
// does not verify stays an error: no message may block a workflow.
type blocking struct{ *Codec }

// Decode panics on a missing key; see blocking.
func (b blocking) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded, err := b.Codec.Decode(payloads)
	if errors.Is(err, ErrMissingKey) {
		panic(err)
	}
	return decoded, err
}
