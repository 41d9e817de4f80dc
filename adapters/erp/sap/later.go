package sap

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// How long Post waits for SAP to work a message off, and how often it looks. What takes
// longer is Unknown, and looked up later.
const (
	awaitFor   = 20 * time.Second
	awaitFirst = 200 * time.Millisecond
	awaitMost  = 3 * time.Second
)

// later says whether SAP posts in its own time: the asynchronous interface takes a message
// with HTTP 202, and tells a refusal in its monitor (AIF) only.
func (p *Port) later() bool { return p.options["posting"] == postingAsync }

// hand gives a journal entry to the asynchronous interface.
func (p *Port) hand(ctx context.Context, j journalEntry) error {
	answer, status, err := p.send(ctx, j)
	if err != nil {
		return err
	}
	if status != http.StatusAccepted || len(bytes.TrimSpace(answer)) > 0 {
		return port.Fault(port.CodeUnknown, "SAP did not say that it took the message")
	}
	return nil
}

// await looks until a message that was handed over is posted.
//
// Errors: Unknown where it is not there yet. If SAP refused it, its monitor says why:
// mended and restarted there it is found, else a person rules that it is gone.
func (p *Port) await(ctx context.Context, f port.Found) (port.Found, error) {
	bounded, cancel := context.WithTimeout(ctx, awaitFor)
	defer cancel()
	for wait := awaitFirst; ; wait = min(2*wait, awaitMost) {
		found, err := p.Find(bounded, f.Reference)
		if err == nil {
			now, there, err := port.Only(f.Reference, found)
			if err != nil || there {
				return now, err
			}
		}
		select {
		case <-time.After(wait):
		case <-bounded.Done():
			err = errors.Join(err, bounded.Err())
			return port.Found{}, port.Fault(port.CodeUnknown,
				"SAP took the message and has not posted it yet; its monitor (AIF) says why: "+err.Error())
		}
	}
}
