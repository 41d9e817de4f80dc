package letter

import (
	"strings"
	"unicode"
)

// Answer is what somebody says who answers a letter that asks for a decision. 邮件回复审批
type Answer struct {
	Reject bool // otherwise they approve
	Reason string
}

// The words that decide; nothing else does, in whatever language it is.
var (
	yes = []string{"approve", "同意"}
	no  = []string{"reject", "驳回", "拒绝"}
)

// ReadAnswer reads the first line of a letter's text that is not empty: «approve», or
// «reject: reason». What stands below is quoted, or a signature, and is not read; a line
// that was broken softly (format=flowed, RFC 3676) goes on. False for everything else.
func ReadAnswer(text string) (Answer, bool) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for len(lines) > 0 && tidy(lines[0]) == "" {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return Answer{}, false
	}
	line := lines[0]
	for _, next := range lines[1:] {
		if !strings.HasSuffix(line, " ") || tidy(next) == "" || strings.HasPrefix(next, ">") ||
			strings.TrimSpace(next) == "--" {
			break
		}
		line += next
	}
	said := tidy(line)
	if is(strings.TrimRight(said, ".。!！"), yes) {
		return Answer{}, true
	}
	at := strings.IndexAny(said, ":：")
	if at < 0 {
		return Answer{Reject: true}, is(said, no)
	}
	reason := strings.TrimLeft(said[at:], ":：")
	return Answer{Reject: true, Reason: tidy(reason)}, is(tidy(said[:at]), no)
}

// tidy takes away what nobody sees around words.
func tidy(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
}

func is(said string, words []string) bool {
	for _, word := range words {
		if strings.EqualFold(said, word) {
			return true
		}
	}
	return false
}
