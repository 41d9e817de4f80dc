package feishu

import (
	"encoding/json"

	"github.com/countersign/countersign/adapters/im/port"
)

// cardMax is how much Feishu takes of a card.
const cardMax = 30 << 10

// reasonField is the name of the input in a form.
const reasonField = "reason"

// reasonMax is how long a reason may be; Feishu takes 1000.
const reasonMax = 1000

// value is what a button carries: ours, and believed only where it is signed.
type value struct {
	Card    string       `json:"card"`
	Token   string       `json:"token"`
	Verdict port.Verdict `json:"verdict"`
}

// object is a piece of a card's JSON.
type object = map[string]any

// content is the JSON of a card. Every word stands in plain_text, in which
// nothing is markup: a name may hold *, <at id=all> or a link.
func (a *App) content(c port.Card) (string, error) {
	text, err := json.Marshal(card(c))
	if err != nil {
		return "", port.Fault(port.CodeRefused, a.config.Name, err.Error())
	}
	if len(text) > cardMax {
		return "", port.Fault(port.CodeRefused, a.config.Name, "the card is longer than 30 KB")
	}
	return string(text), nil
}

// card is what somebody sees, in the second schema of cards. It is one card for
// everybody who sees it (update_multi), and nobody may forward it.
func card(c port.Card) object {
	elements := []object{}
	if c.Summary != "" {
		elements = append(elements, div(c.Summary, "default"))
	}
	for _, row := range c.Rows {
		elements = append(elements, line(row))
	}
	color := "blue"
	if c.State != "" {
		color = "grey"
		elements = append(elements, object{"tag": "hr"}, div(c.State, "default"))
	} else {
		for _, b := range c.Buttons {
			elements = append(elements, button(c.ID, b))
		}
	}
	if c.Link != "" {
		elements = append(elements, object{"tag": "button", "text": plain(c.Open), "type": "text",
			"behaviors": []object{{"type": "open_url", "default_url": c.Link}}})
	}
	return object{
		"schema": "2.0",
		"config": object{"update_multi": true, "enable_forward": false, "summary": object{"content": c.Title}},
		"header": object{"title": plain(c.Title), "template": color},
		"body":   object{"elements": elements},
	}
}

// line shows a row as two columns, the name smaller.
func line(row port.Row) object {
	column := func(weight int, element object) object {
		return object{"tag": "column", "width": "weighted", "weight": weight, "elements": []object{element}}
	}
	return object{"tag": "column_set", "columns": []object{
		column(1, div(row.Name, "grey")), column(2, div(row.Value, "default"))}}
}

// button is what may be pressed, or opens a page; where a reason is asked for, it is a form.
func button(card string, b port.Button) object {
	style := "primary"
	if b.Verdict == port.Reject {
		style = "danger"
	}
	press := object{"tag": "button", "name": string(b.Verdict), "text": plain(b.Words), "type": style,
		"behaviors": []object{{"type": "callback", "value": value{card, b.Token, b.Verdict}}}}
	if b.Link != "" {
		press["behaviors"] = []object{{"type": "open_url", "default_url": b.Link}}
		return press
	}
	if b.Ask == "" {
		return press
	}
	press["form_action_type"] = "submit"
	input := object{"tag": "input", "name": reasonField, "required": true, "max_length": reasonMax, "width": "fill",
		"placeholder": plain(b.Ask)}
	return object{"tag": "form", "name": string(b.Verdict) + "_form", "elements": []object{input, press}}
}

func div(words, color string) object {
	text := plain(words)
	text["text_color"] = color
	return object{"tag": "div", "text": text}
}

func plain(words string) object { return object{"tag": "plain_text", "content": words} }
