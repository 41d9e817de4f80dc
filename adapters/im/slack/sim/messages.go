package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im/simphone"
)

type metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// openRoom gives the conversation with one person.
func (s *Sim) openRoom(_ []byte, form url.Values) simphone.Answer {
	who := form.Get("users")
	p, known := s.person(who)
	switch {
	case !known:
		return refuse("user_not_found")
	case p.Bot:
		return refuse("cannot_dm_bot")
	case p.Deleted:
		return refuse("user_disabled")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.rooms["D"+who] = who
	return ok(map[string]any{"channel": map[string]string{"id": "D" + who}})
}

// send posts a message; Slack folds no repeats.
func (s *Sim) send(_ []byte, form url.Values) simphone.Answer {
	room := form.Get("channel")
	s.mutex.Lock()
	who, known := s.rooms[room]
	s.mutex.Unlock()
	if !known {
		return refuse("channel_not_found")
	}
	blocks, bad := readBlocks(form.Get("blocks"))
	if bad != "" {
		return refuse("invalid_blocks")
	}
	var m metadata
	if text := form.Get("metadata"); text != "" && (json.Unmarshal([]byte(text), &m) != nil || m.EventType == "") {
		return refuse("invalid_metadata_format")
	}
	if !s.Allow("post "+room, 5, 5*time.Second) {
		return s.TooMany()
	}
	s.mutex.Lock()
	ts := s.timestamp()
	s.posts[ts] = &post{room, ts, m, blocks}
	s.mutex.Unlock()
	s.Phone.Show(simphone.Message{ID: ts, To: who, Chat: room, Ref: ts, Card: shown(blocks, form.Get("text"))})
	a := ok(map[string]any{"channel": room, "ts": ts})
	a.Ref, a.Effect = ts, true
	return a
}

// update changes a message of the app.
func (s *Sim) update(_ []byte, form url.Values) simphone.Answer {
	blocks, bad := readBlocks(form.Get("blocks"))
	if bad != "" {
		return refuse("invalid_blocks")
	}
	ts := form.Get("ts")
	s.mutex.Lock()
	p, known := s.posts[ts]
	good := known && p.room == form.Get("channel")
	if good {
		p.blocks = blocks
	}
	s.mutex.Unlock()
	if !good {
		return refuse("message_not_found")
	}
	s.Phone.Change(ts, func(m *simphone.Message) { m.Card = shown(blocks, form.Get("text")); m.Edits++ })
	a := ok(map[string]any{"channel": p.room, "ts": ts, "text": form.Get("text")})
	a.Ref, a.Effect = ts, true
	return a
}

// history lists the last messages of a conversation, newest first, with metadata
// where it is asked for.
func (s *Sim) history(_ []byte, form url.Values) simphone.Answer {
	room := form.Get("channel")
	limit, _ := strconv.Atoi(form.Get("limit"))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, known := s.rooms[room]; !known {
		return refuse("channel_not_found")
	}
	var all []*post
	for _, p := range s.posts {
		if p.room == room {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *post) int { return strings.Compare(b.ts, a.ts) })
	messages := []map[string]any{}
	for _, p := range all[:min(len(all), max(limit, 1))] {
		m := map[string]any{"type": "message", "ts": p.ts}
		if form.Get("include_all_metadata") == "1" || form.Get("include_all_metadata") == "true" {
			m["metadata"] = p.metadata
		}
		messages = append(messages, m)
	}
	return ok(map[string]any{"messages": messages, "has_more": len(all) > len(messages)})
}

// respond takes what is said by a response_url: five times in half an hour.
func (s *Sim) respond(r *http.Request, body []byte) simphone.Answer {
	var in struct {
		ResponseType    string  `json:"response_type"`
		ReplaceOriginal bool    `json:"replace_original"`
		Text            string  `json:"text"`
		Blocks          []block `json:"blocks"`
	}
	s.mutex.Lock()
	u, known := s.urls[r.PathValue("id")]
	good := known && u.left > 0 && s.Clock().Sub(u.at) <= urlServes
	if good {
		u.left--
	}
	s.mutex.Unlock()
	if !good || json.Unmarshal(body, &in) != nil {
		a := refuse("used_url")
		a.Status = http.StatusNotFound
		return a
	}
	s.Phone.Change(u.ts, func(m *simphone.Message) {
		if in.ReplaceOriginal {
			m.Card, m.Edits = shown(in.Blocks, in.Text), m.Edits+1
			return
		}
		m.Notes = append(m.Notes, in.Text)
	})
	a := ok(map[string]any{})
	a.Ref, a.Effect = u.ts, true
	return a
}
