package i18n_test

import (
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

func load(t *testing.T, english, chinese string) *i18n.Translator {
	t.Helper()
	texts, err := i18n.Load(fstest.MapFS{"en.yaml": {Data: []byte(english)}, "zh-CN.yaml": {Data: []byte(chinese)}})
	require.NoError(t, err)
	return texts
}

func TestTextPutsArgumentsIn(t *testing.T) {
	texts := load(t, "a: \"{who} saw {what}\"\nb: \"no {a}.[[ Did you mean {b}?]] Known: [{c}].\"\nonly: English\nn: \"{n} {n|file|files, each} read\"\n", "a: \"{who}看到{what}\"\n")
	for _, tt := range []struct {
		name, locale, key string
		args              map[string]string
		want              string
	}{
		{"both arguments", i18n.English, "a", map[string]string{"who": "Li", "what": "it"}, "Li saw it"},
		{"in Chinese", i18n.Chinese, "a", map[string]string{"who": "李", "what": "它"}, "李看到它"},
		{"an argument is never read as a name", i18n.English, "a", map[string]string{"who": "{what}", "what": "x"}, "{what} saw x"},
		{"an argument in this language", i18n.Chinese, "a", map[string]string{"who": "li", "who.zh-CN": "李", "who.en": "Li", "what": "它"}, "李看到它"},
		{"an argument in no language of its own", i18n.English, "a", map[string]string{"who": "li", "who.zh-CN": "李", "what": "it"}, "li saw it"},
		{"a part that says something", i18n.English, "b", map[string]string{"a": "x", "b": "y", "c": "z"}, "no x. Did you mean y? Known: [z]."},
		{"a part that says nothing", i18n.English, "b", map[string]string{"a": "x", "b": "", "c": "z"}, "no x. Known: [z]."},
		{"an argument is never read as a part", i18n.English, "b", map[string]string{"a": "[[{c}]]", "c": ""}, "no [[{c}]]. Known: []."},
		{"one of them", i18n.English, "n", map[string]string{"n": "1"}, "1 file read"},
		{"none of them", i18n.English, "n", map[string]string{"n": "0"}, "0 files, each read"},
		{"so many of them", i18n.English, "n", map[string]string{"n": "11"}, "11 files, each read"},
		{"a missing argument", i18n.English, "a", nil, "… saw …"},
		{"a missing language", i18n.Chinese, "only", nil, "English"},
		{"a missing key", i18n.Chinese, "none", nil, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, texts.Text(tt.locale, tt.key, tt.args)) })
	}
}

func TestAKeyIsWrittenOnce(t *testing.T) {
	_, err := i18n.Load(fstest.MapFS{"en.yaml": {Data: []byte("a: x\n")}, "more.en.yaml": {Data: []byte("a: y\n")}})
	require.ErrorContains(t, err, "already")
}

func TestNegotiate(t *testing.T) {
	for _, tt := range []struct {
		name, query, cookie, accept, preferred string
		machine                                bool
		want                                   string
	}{
		{"nothing said", "", "", "", "", false, i18n.English},
		{"every Chinese is ours", "", "", "zh-TW,zh;q=0.9", "", false, i18n.Chinese},
		{"the best of several", "", "", "fr, zh-HK;q=0.5, en;q=0.8", "", false, i18n.English},
		{"the directory before the browser", "", "", "en-US", "zh-CN", false, i18n.Chinese},
		{"a program's header before the directory", "", "", "en-US", "zh-CN", true, i18n.English},
		{"a program without a header", "", "", "", "zh-CN", true, i18n.Chinese},
		{"a choice before the directory", "", "en", "zh-CN", "zh-CN", false, i18n.English},
		{"the address before the choice", "?lang=zh", "en", "en", "en", false, i18n.Chinese},
		{"a language we lack is no choice", "?lang=fr", "", "zh", "", false, i18n.Chinese},
		{"a refused language", "", "", "zh;q=0, en;q=0.1", "", false, i18n.English},
		{"nonsense", "", "", ";;;q=x", "", false, i18n.English},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/"+tt.query, nil)
			r.Header.Set("Accept-Language", tt.accept)
			if tt.cookie != "" {
				r.Header.Set("Cookie", i18n.Cookie+"="+tt.cookie)
			}
			require.Equal(t, tt.want, i18n.NegotiateFor(r, tt.preferred, tt.machine))
		})
	}
}

func TestPick(t *testing.T) {
	titles := map[string]string{"en": "Taxi", "zh-CN": "出租车"}
	require.Equal(t, "出租车", i18n.Pick(titles, i18n.Chinese))
	require.Equal(t, "Taxi", i18n.Pick(map[string]string{"en": "Taxi"}, i18n.Chinese))
	require.Equal(t, "Auto", i18n.Pick(map[string]string{"de": "Auto"}, i18n.Chinese))
	require.Empty(t, i18n.Pick(nil, i18n.Chinese))
}

// TestADeadEndSaysWhy tells which steps need different humans, and leaves no gap where an
// expression had nothing to say.
func TestADeadEndSaysWhy(t *testing.T) {
	args := map[string]string{"file": "walk", "line": "8", "column": "9", "step": "head", "code": "policy.not_distinct",
		"words": "", "other": "manager"}
	for locale, want := range map[string]string{
		i18n.English: "walk:8:9: step head makes no plan (policy.not_distinct): it needs another human than manager, and only the " +
			"admin queue is left for both; the request would wait in the admin queue.",
		i18n.Chinese: "walk:8:9：节点 head 无法生成流程（policy.not_distinct）：须由与 manager 不同的人审批，而两处都只剩管理员待办，单据将停在管理员待办。",
	} {
		require.Equal(t, want, i18n.Shipped().Text(locale, "fault.policy.dead_end", args))
	}
}
