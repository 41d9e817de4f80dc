package slack

import (
	"encoding/json"
	"strings"

	"github.com/slack-go/slack"

	"github.com/countersign/countersign/adapters/im/port"
)

// What Slack takes of each part, in characters.
const (
	headerMax  = 150
	fieldMax   = 2000
	sectionMax = 3000
	buttonMax  = 75
	titleMax   = 24 // of a modal, and of its buttons
	fieldsMax  = 10
	reasonMax  = 1000
)

// The names of our parts of a card and of the modal.
const (
	buttonsBlock = "decide"
	openAction   = "open"
	reasonView   = "countersign_reason"
	reasonField  = "reason"
)

// value is what a button carries: ours, believed only where it is signed.
type value struct {
	Card  string `json:"c"`
	Token string `json:"t"`
	Ask   string `json:"a,omitempty"`
}

// content is a message of blocks, and its words for where blocks are not shown.
func (a *App) content(c port.Card) []slack.MsgOption {
	return []slack.MsgOption{slack.MsgOptionBlocks(blocks(c)...), slack.MsgOptionText(escaped(c.Title), false),
		slack.MsgOptionDisableMarkdown(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
}

// blocks are what somebody sees. Every word stands in plain_text, in which nothing
// is markup: a name may hold *, <!channel> or a link.
func blocks(c port.Card) []slack.Block {
	all := []slack.Block{slack.NewHeaderBlock(plain(c.Title, headerMax))}
	if c.Summary != "" {
		all = append(all, slack.NewSectionBlock(plain(c.Summary, sectionMax), nil, nil))
	}
	for rows := c.Rows; len(rows) > 0; rows = rows[min(fieldsMax, len(rows)):] {
		var fields []*slack.TextBlockObject
		for _, row := range rows[:min(fieldsMax, len(rows))] {
			fields = append(fields, plain(row.Name+"\n"+row.Value, fieldMax))
		}
		all = append(all, slack.NewSectionBlock(nil, fields, nil))
	}
	var buttons []slack.BlockElement
	if c.State != "" {
		all = append(all, slack.NewSectionBlock(plain(c.State, sectionMax), nil, nil))
	} else {
		for _, b := range c.Buttons {
			buttons = append(buttons, button(c.ID, b))
		}
	}
	if c.Link != "" {
		open := slack.NewButtonBlockElement(openAction, "", plain(c.Open, buttonMax))
		open.URL = c.Link
		buttons = append(buttons, open)
	}
	if len(buttons) > 0 {
		all = append(all, slack.NewActionBlock(buttonsBlock, buttons...))
	}
	return all
}

// button is what may be pressed, or opens a page.
func button(card string, b port.Button) slack.BlockElement {
	style := slack.StylePrimary
	if b.Verdict == port.Reject {
		style = slack.StyleDanger
	}
	if b.Link != "" {
		link := slack.NewButtonBlockElement(openAction+"_"+string(b.Verdict), "", plain(b.Words, buttonMax))
		link.URL = b.Link
		return link.WithStyle(style)
	}
	text, err := json.Marshal(value{card, b.Token, b.Ask})
	if err != nil { // three strings
		panic(err)
	}
	return slack.NewButtonBlockElement(string(b.Verdict), string(text), plain(b.Words, buttonMax)).WithStyle(style)
}

// asked is where somebody writes a reason; metadata comes back with it.
func asked(words, ask, metadata string) slack.ModalViewRequest {
	field := slack.NewPlainTextInputBlockElement(nil, reasonField)
	field.Multiline, field.MaxLength = true, reasonMax
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: reasonView, PrivateMetadata: metadata,
		Title: plain(words, titleMax), Submit: plain(words, titleMax),
		Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewInputBlock(reasonField, plain(ask, fieldMax), nil, field)}}}
}

func plain(words string, most int) *slack.TextBlockObject {
	if r := []rune(words); len(r) > most {
		words = string(r[:most-1]) + "…"
	}
	if words == "" {
		words = " " // Slack takes no empty text
	}
	return slack.NewTextBlockObject(slack.PlainTextType, words, false, false)
}

// escaped takes Slack's control characters out of words that are no plain_text.
func escaped(words string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(words)
}
