package sim

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// send shows a card to one person.
func (s *Sim) send(r *http.Request, body []byte) simphone.Answer {
	var in struct {
		ReceiveID string `json:"receive_id"`
		MsgType   string `json:"msg_type"`
		Content   string `json:"content"`
		UUID      string `json:"uuid"`
	}
	if json.Unmarshal(body, &in) != nil || r.URL.Query().Get("receive_id_type") != "open_id" ||
		in.MsgType != "interactive" || len(in.UUID) > uuidMax {
		return refuse(http.StatusBadRequest, 230001, "Your request contains an invalid request parameter.")
	}
	who, known := s.person(in.ReceiveID)
	switch {
	case !known:
		return refuse(http.StatusBadRequest, 99992351, "open_id not exist")
	case who.Hidden:
		return refuse(http.StatusBadRequest, 230013, "Bot has NO availability to this user.")
	}
	c, bad := readCard(in.Content)
	if bad != "" {
		return refuse(http.StatusBadRequest, 230099, "Failed to create card content: "+bad)
	}
	s.mutex.Lock()
	had, repeated := s.sent[in.UUID]
	s.mutex.Unlock()
	if in.UUID != "" && repeated && s.Clock().Sub(had.at) < uuidServes {
		a := ok(map[string]any{"message_id": had.message, "chat_id": "oc_" + in.ReceiveID})
		a.Ref = in.UUID
		return a
	}
	if !s.Allow("to "+in.ReceiveID, 5, time.Second) {
		return refuse(http.StatusBadRequest, 230020, "This operation triggers the frequency limit.")
	}
	id := random("om_")
	s.mutex.Lock()
	s.sent[in.UUID] = sending{id, s.Clock()}
	s.cards[id] = &held{c, s.Clock()}
	s.mutex.Unlock()
	s.Phone.Show(simphone.Message{ID: id, To: in.ReceiveID, Chat: "oc_" + in.ReceiveID, Ref: in.UUID, Card: c.shown()})
	a := ok(map[string]any{"message_id": id, "chat_id": "oc_" + in.ReceiveID, "msg_type": "interactive"})
	a.Ref, a.Effect = in.UUID, true
	return a
}

// patch changes a card: a shared one, for 14 days, five times a second.
func (s *Sim) patch(r *http.Request, body []byte) simphone.Answer {
	var in struct {
		Content string `json:"content"`
	}
	id := r.PathValue("id")
	s.mutex.Lock()
	h, known := s.cards[id]
	s.mutex.Unlock()
	if json.Unmarshal(body, &in) != nil || !known {
		return refuse(http.StatusBadRequest, 230001, "Your request contains an invalid request parameter.")
	}
	if s.Clock().Sub(h.at) > patchFor {
		return refuse(http.StatusBadRequest, 230031, "The message is too old to be updated.")
	}
	if !s.Allow("patch "+id, 5, time.Second) {
		return refuse(http.StatusBadRequest, 230020, "This operation triggers the frequency limit.")
	}
	if bad := s.change(id, in.Content); bad != "" {
		return refuse(http.StatusBadRequest, 230099, "Failed to create card content: "+bad)
	}
	a := ok(map[string]any{})
	a.Ref, a.Effect = id, true
	return a
}

// updateOnce changes a card by the token of a press, after that press was answered.
func (s *Sim) updateOnce(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		Token string          `json:"token"`
		Card  json.RawMessage `json:"card"`
	}
	if json.Unmarshal(body, &in) != nil {
		return refuse(http.StatusBadRequest, 300000, "bad request")
	}
	s.mutex.Lock()
	u, known := s.uses[in.Token]
	good := known && u.answered && u.left > 0 && s.Clock().Sub(u.at) <= useFor
	if good {
		u.left--
	}
	s.mutex.Unlock()
	if !good {
		return refuse(http.StatusBadRequest, 300010, "invalid token")
	}
	if bad := s.change(u.message, string(in.Card)); bad != "" {
		return refuse(http.StatusBadRequest, 300020, bad)
	}
	a := ok(map[string]any{})
	a.Ref, a.Effect = u.message, true
	return a
}

// change puts another content into a message.
func (s *Sim) change(id, content string) string {
	c, bad := readCard(content)
	if bad != "" {
		return bad
	}
	s.mutex.Lock()
	h := s.cards[id]
	shared := h.body.Config.UpdateMulti
	if shared {
		h.body = c
	}
	s.mutex.Unlock()
	if !shared {
		return "not a shared card: config.update_multi"
	}
	s.Phone.Change(id, func(m *simphone.Message) { m.Card = c.shown(); m.Edits++ })
	return ""
}
