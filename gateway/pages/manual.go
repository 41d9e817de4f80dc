package pages

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"

	"github.com/countersign/countersign/docs/manual"
)

// chapter is one of the manual, in one language.
type chapter struct {
	ID, Title string
	Intro     template.HTML
	Sections  []section
}

// section is what a link leads to.
type section struct {
	Chapter   string
	ID, Title string
	Body      template.HTML
	plain     string // for the search
}

func (s section) Path() string { return helpAt + "/" + s.Chapter + "#" + s.ID }

var (
	sectionHead = regexp.MustCompile(`(?m)^## (.+) \{#([a-z]+)\}$`)
	markup      = regexp.MustCompile(`<[^>]*>`)
)

// readManual reads the chapters in a language. HTML in them is left out.
func readManual(locale string) ([]chapter, error) {
	var chapters []chapter
	for _, id := range manual.Chapters {
		text, err := manual.Files.ReadFile(path.Join(locale, id+".md"))
		if err != nil {
			return nil, err
		}
		c, err := readChapter(id, string(text))
		if err != nil {
			return nil, fmt.Errorf("manual %s/%s: %w", locale, id, err)
		}
		chapters = append(chapters, c)
	}
	return chapters, nil
}

func readChapter(id, text string) (chapter, error) {
	title, rest, _ := strings.Cut(text, "\n")
	heads := sectionHead.FindAllStringSubmatchIndex(rest, -1)
	if len(heads) == 0 || !strings.HasPrefix(title, "# ") {
		return chapter{}, fmt.Errorf("it has no title or no section")
	}
	intro, err := shownMarkdown(rest[:heads[0][0]])
	c := chapter{ID: id, Title: strings.TrimPrefix(title, "# "), Intro: intro}
	for i, head := range heads {
		end := len(rest)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		var body template.HTML
		if err == nil {
			body, err = shownMarkdown(rest[head[1]:end])
		}
		s := section{Chapter: id, ID: rest[head[4]:head[5]], Title: rest[head[2]:head[3]], Body: body}
		s.plain = strings.ToLower(s.Title + " " + html.UnescapeString(markup.ReplaceAllString(string(body), "")))
		c.Sections = append(c.Sections, s)
	}
	return c, err
}

func shownMarkdown(text string) (template.HTML, error) {
	var shown bytes.Buffer
	if err := goldmark.Convert([]byte(text), &shown); err != nil {
		return "", err
	}
	return template.HTML(shown.String()), nil //nolint:gosec // a text of ours, whose HTML goldmark leaves out
}
