package sim

import (
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// block is what this simulator knows of Block Kit.
type block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     *text     `json:"text"`
	Fields   []text    `json:"fields"`
	Elements []element `json:"elements"`
	Element  element   `json:"element"`
	Label    *text     `json:"label"`
	Optional bool      `json:"optional"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type element struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id"`
	Text     *text  `json:"text"`
	Value    string `json:"value"`
	URL      string `json:"url"`
}

// readBlocks reads blocks, and says what Slack would not take of them.
func readBlocks(text string) ([]block, string) {
	var all []block
	if json.Unmarshal([]byte(text), &all) != nil || len(all) == 0 || len(all) > 50 {
		return nil, "no list of blocks"
	}
	ids := map[string]bool{}
	for _, b := range all {
		if b.BlockID != "" && ids[b.BlockID] {
			return nil, "block_id twice"
		}
		ids[b.BlockID] = true
		if bad := b.bad(); bad != "" {
			return nil, bad
		}
	}
	return all, ""
}

func (b block) bad() string {
	switch b.Type {
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" || !fits(b.Text.Text, 150) {
			return "header"
		}
	case "section":
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 || b.Text != nil && !fits(b.Text.Text, 3000) {
			return "section"
		}
		for _, f := range b.Fields {
			if !fits(f.Text, 2000) {
				return "field"
			}
		}
	case "actions":
		return badButtons(b.Elements)
	}
	return ""
}

func badButtons(elements []element) string {
	if len(elements) == 0 || len(elements) > 25 {
		return "actions"
	}
	ids := map[string]bool{}
	for _, e := range elements {
		if e.Type != "button" || e.ActionID == "" || ids[e.ActionID] || e.Text == nil || e.Text.Type != "plain_text" ||
			!fits(e.Text.Text, 75) || len(e.Value) > 2000 || len(e.URL) > 3000 {
			return "button"
		}
		ids[e.ActionID] = true
	}
	return ""
}

func fits(text string, most int) bool { return text != "" && utf8.RuneCountInString(text) <= most }

// markup is what mrkdwn makes more of than words.
var markup = regexp.MustCompile(`<[!@#][^>]*>|<https?://[^>]*>|https?://\S+|\*[^*\s][^*]*\*|_[^_\s][^_]*_`)

func line(t text) simphone.Line {
	if t.Type == "plain_text" {
		return simphone.Line{Text: t.Text}
	}
	return simphone.Line{Text: t.Text, Marked: markup.FindAllString(t.Text, -1)}
}

// shown is what a person sees of a message; text is for where blocks are not shown.
func shown(blocks []block, text string) simphone.Card {
	var c simphone.Card
	if len(blocks) == 0 {
		c.Title = text
	}
	for _, b := range blocks {
		if b.Type == "header" {
			c.Title = b.Text.Text
			continue
		}
		if b.Text != nil {
			c.Lines = append(c.Lines, line(*b.Text))
		}
		for _, f := range b.Fields {
			c.Lines = append(c.Lines, line(f))
		}
		for _, e := range b.Elements {
			if e.URL != "" {
				c.Links = append(c.Links, simphone.Link{Words: e.Text.Text, URL: e.URL})
			} else {
				c.Buttons = append(c.Buttons, simphone.Button{Name: e.ActionID, Words: e.Text.Text})
			}
		}
	}
	return c
}
