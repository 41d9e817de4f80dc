package notice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// Leave is the wish to do without some topics by mail, as the link of a letter carries
// it (RFC 8058): it needs no sign-in, so it can do nothing else. 退订
type Leave struct {
	Person string
	Topics []Topic
}

// LeavableBy are the topics of the kinds that a letter tells of, sorted; nil where one of
// them is owed always.
func LeavableBy(kinds ...string) []Topic {
	var topics []Topic
	for _, kind := range kinds {
		topic := TopicOf(kind)
		if !slices.Contains(Choosable(), topic) {
			return nil
		}
		if !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	slices.Sort(topics)
	return topics
}

// Sealed is the wish as a part of an address, which nobody makes without the key.
func (l Leave) Sealed(key []byte) string {
	words := make([]string, len(l.Topics))
	for i, topic := range l.Topics {
		words[i] = string(topic)
	}
	said := l.Person + "\n" + strings.Join(words, ",")
	return base64.RawURLEncoding.EncodeToString([]byte(said)) + "." + base64.RawURLEncoding.EncodeToString(seal(key, said))
}

// ReadLeave reads what Sealed wrote; false for anything else.
func ReadLeave(key []byte, sealed string) (Leave, bool) {
	written, mac, _ := strings.Cut(sealed, ".")
	said, err := base64.RawURLEncoding.DecodeString(written)
	sum, wrong := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || wrong != nil || !hmac.Equal(sum, seal(key, string(said))) {
		return Leave{}, false
	}
	person, words, _ := strings.Cut(string(said), "\n")
	l := Leave{Person: person}
	for _, word := range strings.Split(words, ",") {
		if !slices.Contains(Choosable(), Topic(word)) {
			return Leave{}, false // it was choosable when the letter was written
		}
		l.Topics = append(l.Topics, Topic(word))
	}
	return l, true
}

func seal(key []byte, said string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("leave\n" + said)) //nolint:revive // a hash never fails
	return mac.Sum(nil)
}

// Without is the wishes of somebody who does without some topics too.
func (w Wishes) Without(topics []Topic) Wishes {
	w.Muted = slices.Compact(slices.Sorted(slices.Values(slices.Concat(w.Muted, topics))))
	return w
}
