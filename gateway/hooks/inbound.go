// Package hooks answers what other systems call without a session or a token: a request
// is believed for its signature alone.
package hooks

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy/inbound"
)

// InboundPath is where sources send documents.
const InboundPath = "/hooks/inbound/:source"

// readMax is how long the body of a hook may take to arrive.
const readMax = 30 * time.Second

var _ = fault.Register(map[string]fault.Entry{
	"inbound.bad_signature": {Kind: fault.Forbidden, Status: http.StatusUnauthorized},
})

// Inbound is the door for systems that send what they want made a document.
type Inbound struct {
	Desk  *desk.Desk
	Seals map[string]Seal // of the sources that may come this way, by id
}

// Register puts the door into the house.
func (h Inbound) Register(router *gin.Engine) { router.POST(InboundPath, h.receive) }

// receive handles POST /hooks/inbound/{source}. What is answered with 2xx is committed;
// a source that nobody knows and a signature that is wrong look alike.
func (h Inbound) receive(c *gin.Context) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(readMax)) // the server's own holds else
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, inbound.BytesMax+1))
	if err != nil || len(body) > inbound.BytesMax {
		if tooLarge := new(http.MaxBytesError); err == nil || errors.As(err, &tooLarge) {
			err = problem.TooLarge(inbound.BytesMax)
		}
		problem.Write(c.Writer, c.Request, err)
		return
	}
	id := c.Param("source")
	seal, known := h.Seals[id]
	source, served := h.Desk.Inbound[id]
	if !known {
		seal = nobodys
	}
	if !seal.Holds(c.Request.Header, body) || !known || !served {
		problem.Write(c.Writer, c.Request, fault.New(fault.Forbidden, "inbound.bad_signature"))
		return
	}
	row, err := h.Desk.ReceiveInbound(c.Request.Context(), source, body, false)
	if err != nil {
		problem.Write(c.Writer, c.Request, err)
		return
	}
	c.Writer.Header().Set("Content-Type", "application/json")
	c.Writer.Header().Set("Cache-Control", "no-store")
	c.Writer.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(c.Writer).Encode(map[string]string{"id": row.Origin.Reference, "state": row.State})
}
