package wecom

import (
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

const (
	rowsMax  = 6   // that a template card takes
	titleMax = 36  // characters, of what is shown of them
	wordsMax = 120 // characters of anything else

	duplicateSeconds = 4 * 60 * 60 // the longest for which WeCom folds a repeat

	toCallBack = 0 // kinds of buttons
	toOpen     = 1

	styleMain, styleReject, styleQuiet = 1, 2, 3
)

type text struct {
	Title string `json:"title,omitempty"`
	Desc  string `json:"desc,omitempty"`
}

type row struct {
	Name  string `json:"keyname"`
	Value string `json:"value"`
}

type button struct {
	Text  string `json:"text"`
	Style int    `json:"style"`
	Kind  int    `json:"type"`
	Key   string `json:"key,omitempty"`
	URL   string `json:"url,omitempty"`
}

type action struct {
	Kind int    `json:"type"`
	URL  string `json:"url"`
}

// templateCard is a card of type button_interaction 按钮交互型.
type templateCard struct {
	Type    string   `json:"card_type"`
	Main    text     `json:"main_title"`
	Rows    []row    `json:"horizontal_content_list,omitempty"`
	Task    string   `json:"task_id,omitempty"`
	Buttons []button `json:"button_list,omitempty"`
	Action  action   `json:"card_action"`
	Replace string   `json:"replace_text,omitempty"`
}

type message struct {
	To       string       `json:"touser"`
	Type     string       `json:"msgtype"`
	Agent    int          `json:"agentid"`
	Check    int          `json:"enable_duplicate_check"`
	Interval int          `json:"duplicate_check_interval"`
	Card     templateCard `json:"template_card"`
}

type update struct {
	People []string     `json:"userids"`
	Agent  int          `json:"agentid"`
	Code   string       `json:"response_code"`
	Card   templateCard `json:"template_card"`
}

// Send shows a card.
func (a *App) Send(ctx context.Context, to string, c port.Card) (port.Sent, error) {
	var got struct {
		Invalid string `json:"invaliduser"`
		Message string `json:"msgid"`
		Code    string `json:"response_code"`
	}
	err := a.ask(ctx, request{path: "/cgi-bin/message/send", writes: true, body: message{
		To: to, Type: "template_card", Agent: a.agent, Check: 1, Interval: duplicateSeconds, Card: card(c),
	}}, &got)
	if err != nil {
		return port.Sent{}, err
	}
	if got.Invalid != "" {
		return port.Sent{}, port.Fault(port.CodeNobody, a.config.Name, got.Invalid)
	}
	return port.Sent{To: to, Card: c.ID, Message: got.Message, Once: got.Code}, nil
}

// Update shows another content, with the code that serves once.
func (a *App) Update(ctx context.Context, s port.Sent, c port.Card) error {
	if s.Once == "" {
		return port.Fault(port.CodeCardGone, a.config.Name, "")
	}
	err := a.ask(ctx, request{path: "/cgi-bin/message/update_template_card", writes: true,
		body: update{People: []string{s.To}, Agent: a.agent, Code: s.Once, Card: card(c)}}, &struct{}{})
	// There is no number in the documentation for a code that was used or is unknown.
	if f, ok := fault.As(err); ok && f.Code == port.CodeRefused && !refusesAll(f.Args["words"]) {
		return port.Fault(port.CodeCardGone, a.config.Name, f.Args["words"])
	}
	return err
}

// refusesAll says whether a refusal is of the app, whatever it asks: its secret, its
// company or its address is not taken.
func refusesAll(words string) bool {
	number, _, _ := strings.Cut(words, " ")
	return slices.Contains([]string{"40001", "40013", "60020"}, number)
}

// card writes a card as WeCom takes it. Its texts are plain: there is no markup to
// escape.
func card(c port.Card) templateCard {
	out := templateCard{
		Type: "button_interaction", Main: text{cut(c.Title, titleMax), cut(c.Summary, wordsMax)},
		Task: c.ID, Action: action{toOpen, c.Link}, Replace: c.State,
	}
	for _, r := range c.Rows[:min(len(c.Rows), rowsMax)] {
		out.Rows = append(out.Rows, row{r.Name, cut(r.Value, wordsMax)})
	}
	if c.State != "" {
		return out
	}
	for _, b := range c.Buttons {
		out.Buttons = append(out.Buttons, pressed(b))
	}
	if c.Open != "" {
		out.Buttons = append(out.Buttons, button{Text: c.Open, Style: styleQuiet, Kind: toOpen, URL: c.Link})
	}
	return out
}

func pressed(b port.Button) button {
	out := button{Text: b.Words, Style: styleMain, Kind: toCallBack, Key: string(b.Verdict) + ":" + b.Token}
	if b.Verdict == port.Reject {
		out.Style = styleReject
	}
	if b.Link != "" {
		out.Kind, out.Key, out.URL = toOpen, "", b.Link
	}
	return out
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
