package sim

import (
	"encoding/json"
	"net/url"
	"unicode/utf8"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// view is a modal.
type view struct {
	Type            string  `json:"type"`
	CallbackID      string  `json:"callback_id"`
	PrivateMetadata string  `json:"private_metadata"`
	Title           *text   `json:"title"`
	Submit          *text   `json:"submit"`
	Blocks          []block `json:"blocks"`

	id, user string
}

// openView opens a modal by the trigger of a press, once and within three seconds.
func (s *Sim) openView(body []byte, _ url.Values) simphone.Answer {
	var in struct {
		TriggerID string `json:"trigger_id"`
		View      view   `json:"view"`
	}
	if json.Unmarshal(body, &in) != nil || in.View.bad() {
		return refuse("invalid_arguments")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	t, known := s.triggers[in.TriggerID]
	switch {
	case !known:
		return refuse("invalid_trigger_id")
	case t.used:
		return refuse("exchanged_trigger_id")
	case s.Clock().Sub(t.at) > triggerServes:
		return refuse("expired_trigger_id")
	}
	t.used = true
	in.View.id, in.View.user = random("V"), t.user
	s.views[in.View.id] = &in.View
	s.Phone.Show(in.View.message())
	a := ok(map[string]any{"view": map[string]string{"id": in.View.id, "type": "modal"}})
	a.Ref, a.Effect = in.View.id, true
	return a
}

func (v view) bad() bool {
	if v.Type != "modal" || v.Title == nil || v.Title.Type != "plain_text" || !fits(v.Title.Text, 24) ||
		len(v.Blocks) == 0 || utf8.RuneCountInString(v.PrivateMetadata) > 3000 {
		return true
	}
	for _, b := range v.Blocks {
		if b.Type == "input" && (v.Submit == nil || !fits(v.Submit.Text, 24) || b.Label == nil || !fits(b.Label.Text, 2000)) {
			return true
		}
	}
	return false
}

// message is the modal as the phone shows it: its one input, and its button.
func (v view) message() simphone.Message {
	m := simphone.Message{ID: v.id, To: v.user, Ref: v.CallbackID, Card: simphone.Card{Title: v.Title.Text}}
	for _, b := range v.Blocks {
		if b.Type == "input" {
			m.Card.Buttons = []simphone.Button{{Name: "submit", Words: v.Submit.Text, Asks: b.Label.Text}}
		}
	}
	return m
}

// input is the one input of a modal.
func (v view) input() (block, bool) {
	for _, b := range v.Blocks {
		if b.Type == "input" {
			return b, true
		}
	}
	return block{}, false
}
