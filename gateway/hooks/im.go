// Package hooks is what other systems call without a session or a token: they prove
// each time, over the raw bytes, that they are who they say.
//
//	raw body ─▶ Hear (signature, decryption) ─▶ desk.Press (whose token, who, as of now) ─▶ the inbox ─▶ Reply
package hooks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// bodyMax bounds a callback.
const bodyMax = 1 << 20

// What became of a callback, for metrics.
const (
	taken    = "taken"    // an act is in the inbox
	onPage   = "on_page"  // it is decided on the page
	refused  = "refused"  // by the rules, or it came too late
	stranger = "stranger" // by nobody whom the card was shown to
	forged   = "forged"   // it does not verify
	failed   = "failed"   // of ours; it comes again
	silent   = "silent"   // it told nothing
)

// IM hears the messaging platforms, each app at /hooks/im/<its id>.
type IM struct {
	Desk *desk.Desk
	Apps map[string]App                                          // by id
	Text func(locale, key string, args map[string]string) string // the catalogs
	Told func(app, outcome string)                               // counts; nil counts nothing
	Now  func() time.Time                                        // nil = time.Now
}

// App is one app, and what acts that came by it are marked with.
type App struct {
	Port    im.Port
	Channel string
}

// Mount registers the addresses.
func (h *IM) Mount(router *gin.Engine) {
	router.GET("/hooks/im/:app", h.hear)
	router.POST("/hooks/im/:app", h.hear)
}

// hear answers once everything is committed, and waits for nothing else.
func (h *IM) hear(c *gin.Context) {
	id := c.Param("app")
	app, known := h.Apps[id]
	if !known {
		problem.Write(c.Writer, c.Request, fault.New(fault.NotFound, "request.no_such_route"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, bodyMax))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		problem.Write(c.Writer, c.Request, problem.TooLarge(bodyMax))
		return
	}
	if err != nil {
		return // whoever sent it is gone
	}
	heard, err := app.Port.Hear(c.Request.Context(), im.Request{Method: c.Request.Method, Query: c.Request.URL.Query(),
		Header: c.Request.Header, Body: body, At: h.now()})
	if err != nil {
		slog.WarnContext(c.Request.Context(), "a callback was refused", "app", id, "error", err.Error())
		h.told(id, forged)
		problem.Write(c.Writer, c.Request, fault.New(fault.Forbidden, "im.not_yours"))
		return
	}
	toast := im.Toast{OK: true}
	if len(heard.Clicks) == 0 {
		h.told(id, silent)
	}
	for _, click := range heard.Clicks {
		outcome := ""
		toast, outcome = h.press(c.Request.Context(), id, app, click)
		h.told(id, outcome)
		if outcome == failed {
			problem.Write(c.Writer, c.Request, fault.New(fault.Busy, "store.busy"))
			return
		}
	}
	answer := heard.Reply(toast)
	c.Data(answer.Status, answer.Type, answer.Body)
}

// press carries one press, and says what whoever pressed is told.
func (h *IM) press(ctx context.Context, id string, app App, click im.Click) (im.Toast, string) {
	got, err := h.Desk.Press(ctx, id, app.Channel, click)
	toast := im.Toast{OK: err == nil, Locale: got.Locale}
	if err == nil {
		toast.Words = h.Text(got.Locale, "im.toast.taken", nil)
		return toast, taken
	}
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Unknown {
		slog.ErrorContext(ctx, "a press was not taken", "app", id, "error", err.Error())
		return toast, failed
	}
	toast.Words = h.words(ctx, got.Locale, f)
	slog.InfoContext(ctx, "a press decided nothing", "app", id, "person", got.Person, "code", f.Code)
	switch f.Code {
	case "im.not_yours":
		return toast, stranger
	case "im.on_page":
		return toast, onPage
	}
	return toast, refused
}

// words say why a press decided nothing, as a person reads it: with names and no ids, and
// of what is over what its card will say.
func (h *IM) words(ctx context.Context, locale string, f *fault.Fault) string {
	args := map[string]string{}
	people, err := h.Desk.Snapshot(ctx)
	for name, value := range f.Args {
		if err == nil && people.People[value].Name != "" {
			value = people.People[value].Name
		}
		args[name] = value
	}
	if f.Code != "task.stale" {
		return h.Text(locale, "fault."+f.Code, args)
	}
	act := "im.card.done." + args["act"]
	if h.Text(locale, act, nil) == act {
		act = "im.card.done.other"
	}
	return h.Text(locale, "im.card.state.by", map[string]string{"who": args["by"], "act": h.Text(locale, act, nil)})
}

// Listen hears an app over a connection of ours until ctx ends.
func (h *IM) Listen(ctx context.Context, id string, app App, streamer im.Streamer) {
	port.KeepListening(ctx, streamer, func(ctx context.Context, click im.Click) im.Toast {
		toast, outcome := h.press(ctx, id, app, click)
		h.told(id, outcome)
		return toast
	}, func(err error) {
		if err != nil {
			slog.WarnContext(ctx, "the connection to a messaging platform was lost", "app", id, "error", err.Error())
		}
	})
}

func (h *IM) told(app, outcome string) {
	if h.Told != nil {
		h.Told(app, outcome)
	}
}

func (h *IM) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}
