package pages

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestTheManualIsTheSameInBothLanguages proves that both have the same chapters with
// the same sections, and that every page is explained in one of them.
func TestTheManualIsTheSameInBothLanguages(t *testing.T) {
	sections := map[string]map[string]bool{}
	var order [][]string
	for _, locale := range i18n.Locales {
		chapters, err := readManual(locale)
		require.NoError(t, err)
		sections[locale] = map[string]bool{}
		var names []string
		for _, c := range chapters {
			require.NotEmpty(t, c.Intro, c.ID)
			for _, s := range c.Sections {
				require.NotEmpty(t, s.Title, s.Path())
				require.NotEmpty(t, strings.TrimSpace(string(s.Body)), s.Path())
				require.NotContains(t, string(s.Body), "{#", "%s: a heading that is none", s.Path())
				sections[locale][c.ID+"#"+s.ID] = true
				names = append(names, c.ID+"#"+s.ID)
			}
		}
		order = append(order, names)
	}
	require.Equal(t, order[0], order[1])
	templates := map[string]bool{}
	for _, r := range registry() {
		templates[r.template] = true
	}
	for _, r := range registry() {
		if r.method == http.MethodGet && r.template != "" && r.template != "help" {
			require.Contains(t, helpOf, r.template, "%s has no help: name its section of the manual in helpOf", r.path)
		}
	}
	for page, section := range helpOf {
		require.True(t, templates[page], "%s is explained, and is no page", page)
		for locale, there := range sections {
			require.True(t, there[section], "%s leads to %s, which is not in %s", page, section, locale)
		}
	}
}

// TestTheManualHasNoMarkupOfItsOwn proves that HTML in a chapter is left out.
func TestTheManualHasNoMarkupOfItsOwn(t *testing.T) {
	c, err := readChapter("x", "# X\nIntro <script>a</script>\n\n## S {#s}\n<b onclick=a>bold</b> [x](javascript:a)\n")
	require.NoError(t, err)
	shown := string(c.Intro + c.Sections[0].Body)
	for _, bad := range []string{"<script", "<b", "javascript:"} {
		require.NotContains(t, shown, bad)
	}
	_, err = readChapter("x", "no title")
	require.Error(t, err)
}
