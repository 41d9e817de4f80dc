package sim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Card is a card in somebody's hand.
type Card struct {
	To      string
	Task    string
	Title   string
	Desc    string
	Rows    [][2]string
	Buttons []Button
	Replace string // in the place of the buttons
	URL     string
	At      time.Time
	Updates int
	Again   int // how often it was sent again and shown to nobody
}

// Button is one of a card.
type Button struct {
	Text string `json:"text"`
	Key  string `json:"key"`
	Kind int    `json:"type"`
	URL  string `json:"url"`
}

type written struct {
	Type string `json:"card_type"`
	Main struct {
		Title string `json:"title"`
		Desc  string `json:"desc"`
	} `json:"main_title"`
	Rows []struct {
		Name  string `json:"keyname"`
		Value string `json:"value"`
	} `json:"horizontal_content_list"`
	Task    string   `json:"task_id"`
	Buttons []Button `json:"button_list"`
	Action  struct {
		Kind int    `json:"type"`
		URL  string `json:"url"`
	} `json:"card_action"`
	Replace string `json:"replace_text"`
}

var taskID = regexp.MustCompile(`^[0-9A-Za-z_\-@]{1,128}$`)

const (
	rowsMax    = 6
	buttonsMax = 6
)

// wrong says what is wrong with a card; "" for nothing.
func (t written) wrong() string {
	switch {
	case t.Type != "button_interaction":
		return "card_type"
	case t.Main.Title == "":
		return "main_title"
	case len(t.Rows) > rowsMax:
		return "horizontal_content_list"
	case len(t.Buttons) > buttonsMax:
		return "button_list"
	case t.Action.Kind != 1 || t.Action.URL == "":
		return "card_action"
	}
	for _, b := range t.Buttons {
		if b.Text == "" || b.Kind == 0 && b.Key == "" || b.Kind == 1 && b.URL == "" {
			return "button_list"
		}
	}
	return ""
}

func (t written) on(c *Card) {
	c.Title, c.Desc, c.URL, c.Buttons, c.Replace = t.Main.Title, t.Main.Desc, t.Action.URL, t.Buttons, t.Replace
	c.Rows = nil
	for _, r := range t.Rows {
		c.Rows = append(c.Rows, [2]string{r.Name, r.Value})
	}
}

// send shows a card to each receiver.
func (s *Server) send(_ *http.Request, body []byte) said {
	var in struct {
		To    string  `json:"touser"`
		Type  string  `json:"msgtype"`
		Agent int     `json:"agentid"`
		Card  written `json:"template_card"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return refused(47001, "data format error")
	}
	if in.Agent != s.options.Agent {
		return refused(40056, "invalid agentid")
	}
	if in.Type != "template_card" {
		return refused(40008, "invalid message type")
	}
	if !taskID.MatchString(in.Card.Task) || len(in.Card.Buttons) == 0 {
		return refused(40058, "invalid template_card: task_id or button_list")
	}
	if what := in.Card.wrong(); what != "" {
		return refused(40058, "invalid template_card: "+what)
	}
	var good, bad []string
	for _, id := range strings.Split(in.To, "|") {
		if m, known := s.member(id); known && !m.Disabled {
			good = append(good, id)
		} else {
			bad = append(bad, id)
		}
	}
	if len(good) == 0 {
		return refused(81013, "user & party & tag all invalid")
	}
	if s.repeated(in.Card.Task) {
		return granted(said{"msgid": "again", "invaliduser": ""})
	}
	s.serial++
	response := "rc-" + strconv.Itoa(s.serial)
	for _, id := range good {
		card := &Card{To: id, Task: in.Card.Task, At: s.options.Now()}
		in.Card.on(card)
		s.cards = append(s.cards, card)
		s.codes[response] = code{card: card, until: s.options.Now().Add(s.options.CodeLife)}
	}
	return granted(said{"msgid": "m-" + strconv.Itoa(s.serial), "invaliduser": strings.Join(bad, "|"),
		"response_code": response})
}

// repeated says whether a card with this task_id was sent before: it is shown once.
func (s *Server) repeated(task string) bool {
	found := false
	for _, c := range s.cards {
		if c.Task == task {
			c.Again++
			found = true
		}
	}
	return found
}

// update changes a card, once for each response_code.
func (s *Server) update(_ *http.Request, body []byte) said {
	var in struct {
		People []string `json:"userids"`
		Agent  int      `json:"agentid"`
		Code   string   `json:"response_code"`
		Card   written  `json:"template_card"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return refused(47001, "data format error")
	}
	held, known := s.codes[in.Code]
	switch {
	case in.Agent != s.options.Agent:
		return refused(40056, "invalid agentid")
	case !known || !s.options.Now().Before(held.until):
		return refused(42042, "invalid response_code")
	case held.used:
		return refused(42043, "response_code used")
	case in.Card.wrong() != "":
		return refused(40058, "invalid template_card: "+in.Card.wrong())
	case !slices.Contains(in.People, held.card.To):
		return refused(81013, "user & party & tag all invalid")
	}
	held.used = true
	s.codes[in.Code] = held
	in.Card.on(held.card)
	held.card.Updates++
	return granted(said{"invaliduser": []string{}})
}

// Cards are the cards in somebody's hand, the newest last.
func (s *Server) Cards(to string) []Card {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var list []Card
	for _, c := range s.cards {
		if c.To == to {
			copied := *c
			copied.Buttons, copied.Rows = slices.Clone(c.Buttons), slices.Clone(c.Rows)
			list = append(list, copied)
		}
	}
	return list
}
