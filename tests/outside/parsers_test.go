// Package outside holds what comes from outside, and what goes there, in two tables: every
// parser of foreign bytes against every trick, and every client against a name that leads
// astray and a certificate that proves nothing.
package outside

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tricks.
const (
	external  = "an external entity"
	laughs    = "a bomb of entities or aliases"
	deep      = "too deep"
	large     = "too large"
	ratio     = "little that unpacks to much"
	twice     = "a key, a column or a member twice"
	path      = "a path out of the folder"
	malformed = "a broken encoding"
)

var tricks = []string{external, laughs, deep, large, ratio, twice, path, malformed}

// parser is one reader of foreign bytes. Of each trick it has a text that must be refused,
// or the reason why it cannot be played.
type parser struct {
	name    string
	good    string // is taken, so that what is refused is refused for its trick
	refuses map[string]string
	cannot  map[string]string
	read    func(t *testing.T, text []byte) error
}

// heldMost is the most memory that a refusal may hold, in bytes.
const heldMost = 300 << 20

// TestEveryParserRefusesEveryTrick is the whole table: a parser without an entry for a trick
// fails, and so does one that takes it.
func TestEveryParserRefusesEveryTrick(t *testing.T) {
	var all []parser
	for _, some := range [][]parser{xmls(t), jsons(t), yamls(t), tables(t), archives(t), letters(), names(), calendars(), attachments(t), platforms(t)} {
		all = append(all, some...)
	}
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			require.NoError(t, p.read(t, []byte(p.good)), "the good one")
			for _, trick := range tricks {
				text, played := p.refuses[trick]
				_, explained := p.cannot[trick]
				require.True(t, played != explained, "%s: has a text or a reason", trick)
				if !played {
					continue
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := p.read(t, []byte(text))
				runtime.ReadMemStats(&after)
				require.Error(t, err, trick)
				require.Less(t, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc), uint64(heldMost), trick)
				require.Less(t, len(err.Error()), 8<<10, "%s: not all of it is repeated", trick)
			}
			for trick := range p.refuses {
				require.True(t, slices.Contains(tricks, trick), trick)
			}
		})
	}
	require.Greater(t, len(all), 15)
}

// Reasons that several have.
const (
	noEntities = "the format has none"
	notPacked  = "nothing is unpacked here; a packed answer counts as what it unpacks to (command.TestNoERPFillsOrMisleadsUs)"
	namesNone  = "nothing in it names a file"
	flat       = "a table has no depth"
)

func doctype(inside string) string { return "<!DOCTYPE a [" + inside + "]>" }

// bomb is a document type of entities that become a billion.
func bomb() string {
	var all strings.Builder
	all.WriteString(`<!ENTITY b "ha">`)
	for n := range 12 {
		name := "b"
		if n > 0 {
			name = fmt.Sprintf("b%d", n-1)
		}
		fmt.Fprintf(&all, `<!ENTITY b%d "%s">`, n, strings.Repeat("&"+name+";", 10))
	}
	return doctype(all.String())
}

// spoiled makes the six texts that any XML can be tried with; here is the inside of an element
// of the good one, whose texts do not matter.
func spoiled(good, here string) map[string]string {
	with := func(inside string) string { return strings.Replace(good, here, here+inside, 1) }
	root := strings.Index(good, "<")
	return map[string]string{
		external:  good[:root] + doctype(`<!ENTITY x SYSTEM "file:///etc/passwd">`) + with("<a>&x;</a>")[root:],
		laughs:    good[:root] + bomb() + with("<a>&b11;</a>")[root:],
		deep:      with(strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200)),
		large:     with("<a>" + strings.Repeat("x", 20<<20) + "</a>"),
		malformed: with("<a>\xff\xfe</a>"),
	}
}

func also(texts map[string]string, trick, text string) map[string]string {
	texts[trick] = text
	return texts
}
