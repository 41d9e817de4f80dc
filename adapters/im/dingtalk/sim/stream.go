package sim

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/countersign/countersign/adapters/im/simphone"
)

const cardTopic = "/v1.0/card/instances/callback"

// sendings is how often a message that nobody acknowledges is sent.
const sendings = 3

// stream is the connections that the app opened, and what waits for an answer.
type stream struct {
	mutex   sync.Mutex
	tickets map[string]bool
	conns   map[*websocket.Conn]bool
	changed *sync.Cond // a connection came or went
	waiting map[string]chan ack
	deaf    int // acknowledgements to lose on purpose
	patient time.Duration
}

type ack struct {
	Code    int               `json:"code"`
	Headers map[string]string `json:"headers"`
	Message string            `json:"message"`
	Data    string            `json:"data"`
}

func (t *stream) open(patient time.Duration) {
	t.patient = patient
	t.tickets, t.conns, t.waiting = map[string]bool{}, map[*websocket.Conn]bool{}, map[string]chan ack{}
	t.changed = sync.NewCond(&t.mutex)
}

// openStream gives a ticket, which serves once.
func (s *Sim) openStream(r *http.Request, body []byte) simphone.Answer {
	var in struct {
		ClientID, ClientSecret, UA string
		Subscriptions              []struct{ Type, Topic string }
	}
	if json.Unmarshal(body, &in) != nil || in.ClientID != s.config.AppKey || in.ClientSecret != s.config.AppSecret {
		return refuse(http.StatusUnauthorized, "authFailed", "鉴权失败")
	}
	if len(in.Subscriptions) == 0 {
		return refuse(http.StatusBadRequest, "invalidParameter", "subscriptions")
	}
	ticket := random("")
	s.stream.mutex.Lock()
	s.stream.tickets[ticket] = true
	s.stream.mutex.Unlock()
	return simphone.JSON(http.StatusOK, map[string]string{"endpoint": "ws://" + r.Host + "/stream", "ticket": ticket})
}

// acceptStream takes a connection, and reads what it answers until it ends.
func (s *Sim) acceptStream(w http.ResponseWriter, r *http.Request) {
	t := &s.stream
	ticket := r.URL.Query().Get("ticket")
	t.mutex.Lock()
	good := t.tickets[ticket]
	delete(t.tickets, ticket)
	t.mutex.Unlock()
	if !good {
		http.Error(w, "ticket", http.StatusUnauthorized)
		return
	}
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	t.mutex.Lock()
	t.conns[conn] = true
	t.changed.Broadcast()
	t.mutex.Unlock()
	defer t.drop(conn)
	for {
		var a ack
		if err := conn.ReadJSON(&a); err != nil {
			return
		}
		t.mutex.Lock()
		wait := t.waiting[a.Headers["messageId"]]
		lost := t.deaf > 0
		if lost {
			t.deaf--
		}
		t.mutex.Unlock()
		if lost {
			a = ack{} // as if the time for it had passed
		}
		if wait != nil {
			select {
			case wait <- a:
			default: // answered already
			}
		}
	}
}

func (t *stream) drop(conn *websocket.Conn) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.conns, conn)
	t.changed.Broadcast()
	_ = conn.Close()
}

// LoseAcks loses the next acknowledgements, so that messages come again.
func (s *Sim) LoseAcks(n int) {
	s.stream.mutex.Lock()
	defer s.stream.mutex.Unlock()
	s.stream.deaf = n
}

// Ping asks a connection whether it lives.
func (s *Sim) Ping(ctx context.Context) (echo string, ok bool) {
	return s.stream.deliver(ctx, "SYSTEM", "ping", `{"opaque":"1"}`)
}

// Tell sends a message of any kind over the stream, and gives the data of its answer.
func (s *Sim) Tell(ctx context.Context, kind, topic, data string) (string, bool) {
	return s.stream.deliver(ctx, kind, topic, data)
}

// Disconnect asks every connection to come anew.
func (s *Sim) Disconnect() {
	s.stream.mutex.Lock()
	defer s.stream.mutex.Unlock()
	for conn := range s.stream.conns {
		_ = conn.WriteJSON(message("SYSTEM", "disconnect", random(""), `{"reason":"persist"}`))
	}
}

// Connections waits until so many are open.
func (s *Sim) Connections(n int) {
	s.stream.mutex.Lock()
	defer s.stream.mutex.Unlock()
	for len(s.stream.conns) != n {
		s.stream.changed.Wait()
	}
}

func message(kind, topic, id, data string) map[string]any {
	return map[string]any{"specVersion": "1.0", "type": kind, "data": data, "headers": map[string]string{
		"topic": topic, "messageId": id, "contentType": "application/json", "time": stamp(time.Now())}}
}

// deliver sends one message over one of the connections, again with the same id
// where it is not acknowledged.
func (t *stream) deliver(ctx context.Context, kind, topic, data string) (string, bool) {
	id, wait := random(""), make(chan ack, 1)
	t.mutex.Lock()
	t.waiting[id] = wait
	t.mutex.Unlock()
	defer func() {
		t.mutex.Lock()
		delete(t.waiting, id)
		t.mutex.Unlock()
	}()
	for range sendings {
		t.mutex.Lock()
		for conn := range t.conns { // any one of them
			_ = conn.WriteJSON(message(kind, topic, id, data))
			break
		}
		t.mutex.Unlock()
		select {
		case a := <-wait:
			if a.Code != 0 {
				return a.Data, a.Code == http.StatusOK
			}
		case <-ctx.Done():
			return "", false
		case <-time.After(t.patient):
		}
	}
	return "", false
}
