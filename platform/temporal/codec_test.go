package temporal

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"
)

func key(id string, fill byte) Key { return Key{ID: id, Secret: bytes.Repeat([]byte{fill}, keyBytes)} }

func codecOf(t *testing.T, keys ...Key) *Codec {
	t.Helper()
	codec, err := NewCodec(keys)
	require.NoError(t, err)
	return codec
}

func payloads(t *testing.T, text string) []*commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(text)
	require.NoError(t, err)
	return []*commonpb.Payload{p}
}

func TestWhatIsEncryptedIsReadAgainAndShowsNothing(t *testing.T) {
	codec := codecOf(t, key("k1", 1))
	plain := payloads(t, "payee Li Wei 6222")
	sealed, err := codec.Encode(plain)
	require.NoError(t, err)
	require.NotContains(t, string(sealed[0].Data), "Li Wei")
	require.Equal(t, "k1", string(sealed[0].Metadata[metadataKeyID]))
	opened, err := codec.Decode(sealed)
	require.NoError(t, err)
	require.Equal(t, plain[0].Data, opened[0].Data)
	require.Equal(t, plain[0].Metadata, opened[0].Metadata)

	again, err := codec.Encode(plain)
	require.NoError(t, err)
	require.NotEqual(t, sealed[0].Data, again[0].Data, "a nonce was used twice")
}

func TestRotationReadsWhatTheOldKeyWrote(t *testing.T) {
	old := codecOf(t, key("k1", 1))
	both := codecOf(t, key("k2", 2), key("k1", 1))
	sealed, err := old.Encode(payloads(t, "before"))
	require.NoError(t, err)
	_, err = both.Decode(sealed)
	require.NoError(t, err)
	fresh, err := both.Encode(payloads(t, "after"))
	require.NoError(t, err)
	require.Equal(t, "k2", string(fresh[0].Metadata[metadataKeyID]))
	_, err = old.Decode(fresh)
	require.ErrorIs(t, err, ErrMissingKey)
	require.Panics(t, func() { _, _ = blocking{old}.Decode(fresh) }, "a worker must wait for the key")
}

func TestATamperedPayloadIsRefused(t *testing.T) {
	codec := codecOf(t, key("k1", 1), key("k2", 1))
	for name, spoil := range map[string]func(*commonpb.Payload){
		"a bit flipped":  func(p *commonpb.Payload) { p.Data[len(p.Data)-1] ^= 1 },
		"the nonce":      func(p *commonpb.Payload) { p.Data[0] ^= 1 },
		"cut short":      func(p *commonpb.Payload) { p.Data = p.Data[:5] },
		"another key id": func(p *commonpb.Payload) { p.Metadata[metadataKeyID] = []byte("k2") },
	} {
		t.Run(name, func(t *testing.T) {
			sealed, err := codec.Encode(payloads(t, "x"))
			require.NoError(t, err)
			spoil(sealed[0])
			_, err = blocking{codec}.Decode(sealed)
			require.ErrorIs(t, err, ErrTampered)
		})
	}
}

func TestPlainPayloadsPass(t *testing.T) {
	plain := payloads(t, "old history")
	opened, err := codecOf(t, key("k1", 1)).Decode(plain)
	require.NoError(t, err)
	require.Equal(t, plain, opened)
}

func TestKeysAreChecked(t *testing.T) {
	for _, keys := range [][]Key{{}, {{ID: "a", Secret: []byte("short")}}, {key("", 1)}, {key("a", 1), key("a", 2)}} {
		_, err := NewCodec(keys)
		require.Error(t, err)
	}
	_, err := ParseKey("k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	require.NoError(t, err)
	for _, text := range []string{"", "k1", ":AQ==", "k1:AQ==", "k1:%"} {
		_, err := ParseKey(text)
		require.Error(t, err, text)
	}
}

func TestFailuresSayNothingInTheClear(t *testing.T) {
	_, failures, err := Converters([]Key{key("k1", 1)}, false)
	require.NoError(t, err)
	failure := failures.ErrorToFailure(sdk.NewApplicationError("payee Li Wei", "task.stale"))
	require.NotContains(t, failure.String(), "Li Wei")
	require.Contains(t, failures.FailureToError(failure).Error(), "Li Wei")
}

func TestTheCodecEndpointDecodesForTheAllowedOnly(t *testing.T) {
	codec := codecOf(t, key("k1", 1))
	handler := CodecHandler(codec, "https://ui", BearerToken("secret"))
	sealed, err := codec.Encode(payloads(t, "Li Wei"))
	require.NoError(t, err)
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: sealed})
	require.NoError(t, err)
	post := func(path, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Origin", "https://ui")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusUnauthorized, post("/decode", "guess").Code)
	require.Equal(t, http.StatusNotFound, post("/encode", "secret").Code)
	got := post("/decode", "secret")
	require.Equal(t, http.StatusOK, got.Code)
	var decoded commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(got.Body.Bytes(), &decoded))
	require.True(t, strings.Contains(string(decoded.Payloads[0].Data), "Li Wei"))
	require.False(t, BearerToken("")(httptest.NewRequest(http.MethodPost, "/decode", nil)))
}

func TestAnAPIKeyIsNotSentInTheClear(t *testing.T) {
	_, err := DialLazy(Config{Address: "localhost:1", Namespace: "n", APIKey: "k"})
	require.Error(t, err)
	_, err = DialLazy(Config{Address: "localhost:1", Namespace: "n", APIKey: "k", TLS: TLS{Enabled: true}})
	require.NoError(t, err)
}
