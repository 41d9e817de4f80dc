package source_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

type shape struct {
	Name  string            `yaml:"name,required"`
	Count int               `yaml:"count"`
	Sure  bool              `yaml:"sure"`
	Title map[string]string `yaml:"title"`
	Rows  []row             `yaml:"rows"`
	Do    source.Choice     `yaml:"do"`
	Items []item            `yaml:"items"`
	Up    up                `yaml:"up"`
	Grade source.Word       `yaml:"grade"`
}

// item is a row, or a group of rows.
type item struct {
	Group *group `yaml:"group,selects"`
	Row   *row
}

type group struct {
	Name  string `yaml:"group,required" mend:"group: a, items: [{ id: b }]"`
	Items []item `yaml:"items,required"`
}

type up struct {
	Level int  `yaml:"level"`
	Every bool `yaml:"every"`
	Alone int  `yaml:",alone"`
}

type row struct {
	ID   string `yaml:"id,required"`
	When string `yaml:"when"`
}

func TestAGoodTextIsReadWithItsPlaces(t *testing.T) {
	text := "# hello\nname: no\ncount: 12\nsure: true\ntitle: { en: A, zh-CN: 甲 }\nrows:\n  - id: a\n    when: x > 1\n" +
		"  - id: 'b'\n    when: |\n      y\n      > 2\n  - { id: \"c\", when: \"z\" }\ndo: { reassign: cashier }\n"
	var got shape
	read, err := source.Read("s.yaml", []byte(text), &got)
	require.NoError(t, err)
	require.Equal(t, shape{Name: "no", Count: 12, Sure: true, Title: map[string]string{"en": "A", "zh-CN": "甲"},
		Rows: []row{{"a", "x > 1"}, {"b", "y\n> 2"}, {"c", "z"}},
		Do:   source.Choice{Values: map[string]string{"reassign": "cashier"}}}, got)
	for path, want := range map[string]source.Position{
		"name":         {Line: 2, Column: 7},
		"rows[0].id":   {Line: 7, Column: 9},
		"rows[0].when": {Line: 8, Column: 11},
		"rows[1].id":   {Line: 9, Column: 10}, // inside the quotes
		"rows[1].when": {Line: 11, Column: 7, Block: true},
		"rows[2].when": {Line: 13, Column: 23},
		"title.zh-CN":  {Line: 5, Column: 24},
	} {
		require.Equal(t, want, read.At[path], path)
	}
	require.Equal(t, source.Position{Line: 8, Column: 15}, read.Inside("rows[0].when", 1, 5))
	require.Equal(t, source.Position{Line: 12, Column: 9}, read.Inside("rows[1].when", 2, 3))
}

func TestAValueMayStandAlone(t *testing.T) {
	for text, want := range map[string]shape{
		"name: a\nup: 3\n":                         {Name: "a", Up: up{Alone: 3}},
		"name: a\nup: { level: 2, every: true }\n": {Name: "a", Up: up{Level: 2, Every: true}},
		"name: a\ngrade: 7\n":                      {Name: "a", Grade: "7"},
		"name: a\ngrade: M3\nup:\n  every: true\n": {Name: "a", Grade: "M3", Up: up{Every: true}},
	} {
		var got shape
		_, err := source.Read("s.yaml", []byte(text), &got)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for text, code := range map[string]string{
		"name: a\nup: many\n": "yaml.wrong_type", "name: a\nup: [1]\n": "yaml.wrong_type",
		"name: a\nup: { '': 1 }\n": "yaml.unknown_key", "name: a\ngrade: 7.5\n": "yaml.wrong_type",
		"name: a\ngrade: 07\n": "yaml.wrong_type", "name: a\ngrade: true\n": "yaml.wrong_type",
	} {
		var got shape
		_, err := source.Read("s.yaml", []byte(text), &got)
		require.Equal(t, code, fault.CodeOf(err), text)
	}
}

// TestOneOfTwoMappings holds that the key decides which of two mappings is meant,
// one inside the other, and that a wrong kind says how it is written.
func TestOneOfTwoMappings(t *testing.T) {
	var got shape
	read, err := source.Read("s.yaml", []byte("name: a\nitems:\n  - id: b\n  - group: c\n    items: [{ id: d, when: e }]\n"), &got)
	require.NoError(t, err)
	require.Equal(t, []item{{Row: &row{ID: "b"}}, {Group: &group{Name: "c", Items: []item{{Row: &row{ID: "d", When: "e"}}}}}}, got.Items)
	require.Equal(t, source.Position{Line: 5, Column: 28}, read.At["items[1].items[0].when"])
	_, err = source.Read("s.yaml", []byte("name: a\nitems: [{ group: [[]], items: [] }]\n"), &got)
	f, _ := fault.As(err)
	require.Equal(t, []string{"yaml.wrong_type", "group: a, items: [{ id: b }]"}, []string{f.Code, f.Args["mend"]})
}

func TestAStrangeTextIsRefusedWithItsPlace(t *testing.T) {
	for _, tt := range []struct {
		name, text, code, line, column, field string
	}{
		{"an unknown key", "name: a\ncuont: 1\n", "yaml.unknown_key", "2", "1", "cuont"},
		{"an unknown key below", "name: a\nrows:\n  - id: a\n    whem: b\n", "yaml.unknown_key", "4", "5", "rows[0].whem"},
		{"a key twice", "name: a\ncount: 1\nname: b\n", "yaml.duplicate_key", "3", "1", "name"},
		{"a key twice in a flow", "name: a\ntitle: { en: a, en: b }\n", "yaml.duplicate_key", "2", "17", "title.en"},
		{"a missing key", "name: a\nrows:\n  - when: b\n", "yaml.missing_key", "3", "5", "rows[0].id"},
		{"a number for text", "name: 0123\n", "yaml.wrong_type", "1", "7", "name"},
		{"a float for text", "name: 1000.00\n", "yaml.wrong_type", "1", "7", "name"},
		{"nothing for text", "name:\n", "yaml.wrong_type", "1", "7", "name"},
		{"text for a number", "name: a\ncount: many\n", "yaml.wrong_type", "2", "8", "count"},
		{"an octal number", "name: a\ncount: 010\n", "yaml.wrong_type", "2", "8", "count"},
		{"a negative number", "name: a\ncount: -1\n", "yaml.wrong_type", "2", "8", "count"},
		{"yes for true", "name: a\nsure: yes\n", "yaml.wrong_type", "2", "7", "sure"},
		{"a list for a mapping", "- a\n", "yaml.wrong_type", "1", "1", ""},
		{"text for a list", "name: a\nrows: x\n", "yaml.wrong_type", "2", "7", "rows"},
		{"an anchor", "name: &n a\n", "yaml.not_allowed", "1", "7", "name"},
		{"an alias", "title: &t { en: a }\nname: *t\n", "yaml.not_allowed", "1", "8", "title"},
		{"a merge", "name: a\n<<: { count: 1 }\n", "yaml.not_allowed", "2", "1", ""},
		{"a tag", "name: !!str 1\n", "yaml.not_allowed", "1", "7", "name"},
		{"two documents", "name: a\n---\nname: b\n", "yaml.not_allowed", "1", "1", ""},
		{"a key of the other mapping", "name: a\nitems:\n  - group: b\n    id: c\n    items: []\n", "yaml.unknown_key", "4", "5", "items[0].id"},
		{"a missing key of one of two mappings", "name: a\nitems:\n  - { group: b }\n", "yaml.missing_key", "3", "5", "items[0].items"},
		{"a missing key of the other", "name: a\nitems:\n  - { when: b }\n", "yaml.missing_key", "3", "5", "items[0].id"},
		{"neither of two mappings", "name: a\nitems: [b]\n", "yaml.wrong_type", "2", "9", "items[0]"},
		{"nothing", "", "yaml.syntax", "1", "1", ""},
		{"no YAML", "name: [a\n", "yaml.syntax", "1", "7", ""},
		{"brackets without end", "name: " + strings.Repeat("[", 5000), "yaml.too_deep", "1", "1", ""},
		{"lines without end", "name: |\n" + strings.Repeat("\r", 60000), "yaml.too_many", "3000", "1", ""},
		{"dashes without end", strings.Repeat("- ", 5000), "yaml.too_deep", "1", "1", ""},
		{"a very long value", "name: " + strings.Repeat("x", source.ScalarMax+1), "yaml.too_long", "1", "7", "name"},
		{"a very long list", "rows: [" + strings.Repeat("{ id: a },", source.ItemsMax+1) + "]", "yaml.too_many", "1", "7", "rows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got shape
			_, err := source.Read("s.yaml", []byte(tt.text), &got)
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.code, f.Code, f.Error())
			require.Equal(t, []string{"s.yaml", tt.line, tt.column, tt.field},
				[]string{f.Args["file"], f.Args["line"], f.Args["column"], f.Field})
		})
	}
}

func TestAMistypedKeyNamesTheNearest(t *testing.T) {
	var got shape
	_, err := source.Read("s.yaml", []byte("name: a\ncuont: 1\nsume: true\nzzz: 1\n"), &got)
	f, _ := fault.As(err)
	require.Len(t, f.More, 2)
	require.Equal(t, "count", f.Args["nearest"])
	require.Equal(t, "name, count, sure, title, rows, do, items, up, grade", f.Args["known"])
	require.Contains(t, []string{"sure", "name"}, f.More[0].Args["nearest"])
	require.Empty(t, f.More[1].Args["nearest"])
}

func TestATextTooLargeIsNotRead(t *testing.T) {
	var got shape
	_, err := source.Read("s.yaml", make([]byte, source.BytesMax+1), &got)
	require.Equal(t, "yaml.too_large", fault.CodeOf(err))
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"name: a", "rows: [{id: a}]", "a: &x [*x, *x]", "? a\n: b", "name: |\n  x", "name: >-\n x\n y", "\t- a", "{", "%YAML 1.2\n---\na: b", "name: \"\\x\"", "<<: *a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got shape
		if _, err := source.Read("f.yaml", text, &got); err == nil && !strings.Contains(string(text), "name") {
			require.Contains(t, string(text), "\\", "a required key was not missed")
		}
	})
}
