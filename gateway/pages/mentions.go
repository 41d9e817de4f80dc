package pages

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/org"
)

// typedMost is how many names one remark is searched for: more than it may name, so that
// it is refused and none is left out in silence.
const typedMost = 50

// typedNames are the people whom a text names as «@whole name» or «@account», as other
// programs have taught everybody to write. An address is no name. Of a name that several
// bear the name itself is answered, for the desk to ask which.
func typedNames(o *org.Snapshot, text string) []string {
	var found []string
	for at := 0; len(found) < typedMost; {
		next := strings.IndexByte(text[at:], '@')
		if next < 0 {
			break
		}
		at += next + 1
		if at > 1 && inWord(text[at-2]) {
			continue
		}
		if who := nameAt(o, text[at:]); who != "" && !slices.Contains(found, who) {
			found = append(found, who)
		}
	}
	return found
}

// nameAt is whose name or account a text begins with, the longest one.
func nameAt(o *org.Snapshot, text string) string {
	longest, who := 0, ""
	for id, p := range o.People {
		if !p.Active {
			continue
		}
		for _, name := range []string{p.Name, id} {
			n := len(name)
			ends := n < len(text) && n > 0 && inWord(name[n-1]) && inWord(text[n])
			switch {
			case n == 0 || n < longest || n > len(text) || !strings.EqualFold(text[:n], name) || ends:
			case n > longest:
				longest, who = n, id
			case who != id:
				who = name
			}
		}
	}
	return who
}

// inWord says whether a byte goes on a word or an address in Latin letters.
func inWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-'
}
