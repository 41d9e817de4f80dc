package feishu

import (
	"encoding/json"
	"net/http"

	"github.com/countersign/countersign/adapters/im/port"
)

// toastReply tells whoever pressed, and shows the card's next content in place.
func toastReply(t port.Toast) port.Response {
	said := object{}
	if t.Words != "" {
		kind := "success"
		if !t.OK {
			kind = "error"
		}
		said["toast"] = object{"type": kind, "content": t.Words}
	}
	if t.Card != nil {
		said["card"] = object{"type": "raw", "data": card(*t.Card)}
	}
	return reply(said)
}

func reply(v object) port.Response {
	text, err := json.Marshal(v)
	if err != nil {
		return port.Response{Status: http.StatusInternalServerError}
	}
	return port.Response{Status: http.StatusOK, Type: "application/json; charset=utf-8", Body: text}
}
