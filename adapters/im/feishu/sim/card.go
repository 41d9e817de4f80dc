package sim

import (
	"encoding/json"
	"regexp"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// card is what this simulator knows of the second schema of cards.
type card struct {
	Schema string `json:"schema"`
	Config struct {
		UpdateMulti   bool `json:"update_multi"`
		EnableForward bool `json:"enable_forward"`
	} `json:"config"`
	Header struct {
		Title text `json:"title"`
	} `json:"header"`
	Body struct {
		Elements []element `json:"elements"`
	} `json:"body"`
}

type text struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
}

type element struct {
	Tag         string    `json:"tag"`
	Name        string    `json:"name"`
	Text        text      `json:"text"`
	Content     string    `json:"content"`
	Placeholder text      `json:"placeholder"`
	Required    bool      `json:"required"`
	FormAction  string    `json:"form_action_type"`
	Elements    []element `json:"elements"`
	Columns     []element `json:"columns"`
	Behaviors   []struct {
		Type       string          `json:"type"`
		Value      json.RawMessage `json:"value"`
		DefaultURL string          `json:"default_url"`
	} `json:"behaviors"`
}

// readCard reads a card, and says what Feishu would not take of it.
func readCard(content string) (card, string) {
	var c card
	switch {
	case len(content) > cardMax:
		return c, "longer than 30 KB"
	case json.Unmarshal([]byte(content), &c) != nil:
		return c, "not JSON"
	case c.Schema != "2.0":
		return c, "schema"
	case !c.Config.UpdateMulti:
		return c, "config.update_multi: cards of schema 2.0 are shared"
	}
	return c, badElements(c.Body.Elements, map[string]bool{}, false)
}

func badElements(elements []element, names map[string]bool, inForm bool) string {
	for _, e := range elements {
		if e.Name != "" && names[e.Name] {
			return "the name " + e.Name + " is there twice"
		}
		names[e.Name] = true
		switch {
		case e.Tag == "form" && (e.Name == "" || inForm):
			return "a form has a name and is in no form"
		case e.Tag == "input" && inForm && e.Name == "":
			return "an input of a form has a name"
		case e.Tag == "button" && inForm && (e.Name == "" || e.FormAction == ""):
			return "a button of a form has a name and a form_action_type"
		}
		if bad := badElements(append(e.Elements, e.Columns...), names, inForm || e.Tag == "form"); bad != "" {
			return bad
		}
	}
	return ""
}

// markup is what lark_md and markdown make more of than words.
var markup = regexp.MustCompile(`<at [^>]*>|\[[^\]]*\]\([^)]*\)|\*\*[^*]+\*\*|https?://\S+`)

// shown is what a person sees of it.
func (c card) shown() simphone.Card {
	s := simphone.Card{Title: c.Header.Title.Content}
	showElements(&s, c.Body.Elements, "")
	return s
}

func showElements(s *simphone.Card, elements []element, asks string) {
	for _, e := range elements {
		switch e.Tag {
		case "div":
			s.Lines = append(s.Lines, lineOf(e.Text.Content, e.Text.Tag == "lark_md"))
		case "markdown":
			s.Lines = append(s.Lines, lineOf(e.Content, true))
		case "column_set", "column":
			var inner simphone.Card
			showElements(&inner, append(e.Columns, e.Elements...), asks)
			if e.Tag == "column_set" && len(inner.Lines) == 2 {
				inner.Lines = []simphone.Line{{Text: inner.Lines[0].Text + ": " + inner.Lines[1].Text,
					Marked: append(inner.Lines[0].Marked, inner.Lines[1].Marked...)}}
			}
			s.Lines, s.Buttons = append(s.Lines, inner.Lines...), append(s.Buttons, inner.Buttons...)
			s.Links = append(s.Links, inner.Links...)
		case "form":
			for _, input := range e.Elements {
				if input.Tag == "input" {
					asks = input.Placeholder.Content
				}
			}
			showElements(s, e.Elements, asks)
			asks = ""
		case "button":
			showButton(s, e, asks)
		}
	}
}

func lineOf(words string, marked bool) simphone.Line {
	if !marked {
		return simphone.Line{Text: words}
	}
	return simphone.Line{Text: words, Marked: markup.FindAllString(words, -1)}
}

func showButton(s *simphone.Card, e element, asks string) {
	for _, b := range e.Behaviors {
		switch b.Type {
		case "open_url":
			s.Links = append(s.Links, simphone.Link{Words: e.Text.Content, URL: b.DefaultURL})
		case "callback":
			s.Buttons = append(s.Buttons, simphone.Button{Name: e.Name, Words: e.Text.Content, Asks: asks})
		}
	}
}

// button finds what a press sends: the value, and the form it is in.
func (c card) button(name string) (value json.RawMessage, form *element, found bool) {
	var in func(elements []element, form *element) bool
	in = func(elements []element, around *element) bool {
		for i, e := range elements {
			if e.Tag == "button" && e.Name == name {
				for _, b := range e.Behaviors {
					if b.Type == "callback" {
						value, form = b.Value, around
						return true
					}
				}
			}
			inside := around
			if e.Tag == "form" {
				inside = &elements[i]
			}
			if in(append(e.Elements, e.Columns...), inside) {
				return true
			}
		}
		return false
	}
	found = in(c.Body.Elements, nil)
	return value, form, found
}
