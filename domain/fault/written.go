package fault

import (
	"regexp"
	"strconv"
	"strings"
)

var writtenArg = regexp.MustCompile(` (\w+)=("(?:[^"\\]|\\.)*")`)

// WrittenArgs are the arguments of a fault of a code that was kept as its Error says it;
// nil where the text is none of it: another's words.
func WrittenArgs(code, text string) map[string]string {
	if code == "" || !strings.HasPrefix(text, code+" (") {
		return nil
	}
	args := map[string]string{}
	for _, found := range writtenArg.FindAllStringSubmatch(text, -1) {
		if value, err := strconv.Unquote(found[2]); err == nil {
			args[found[1]] = value
		}
	}
	return args
}
