package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/auth"
)

func (a *API) wishes() {
	const tag = "Settings"
	add(a, operation{"read-settings", http.MethodGet, "/settings", tag, "How one wants to be told, when one is away", 0},
		a.readWishes)
	add(a, operation{"save-settings", http.MethodPut, "/settings", tag, "Change it; what is left out is taken back", 0},
		a.saveWishes)
}

// Wishes is how somebody wants to be told, and when they are away.
type Wishes struct {
	Locale     string   `json:"locale,omitempty" enum:"en,zh-CN" doc:"Of e-mails; the directory's where left out"`
	Muted      []string `json:"muted" maxItems:"10" nullable:"false" doc:"requests, stand_in, talk, rules: not told"`
	QuietFrom  int      `json:"quiet_from,omitempty" minimum:"0" maximum:"1439" doc:"Minute of the day; equal: none"`
	QuietUntil int      `json:"quiet_until,omitempty" minimum:"0" maximum:"1439"`
	Zone       string   `json:"zone,omitempty" maxLength:"60" doc:"IANA name; the legal entity's where left out"`
	DigestHour int      `json:"digest_hour,omitempty" minimum:"0" maximum:"23" doc:"The house's where left out"`
	AnyTime    bool     `json:"any_time,omitempty" doc:"Ordinary notices outside working time too"`

	Ways map[string]string `json:"ways,omitempty" doc:"By urgency (urgent, ordinary, news): app, mail or digest"`

	AwayFrom  *time.Time `json:"away_from,omitempty"`
	AwayUntil *time.Time `json:"away_until,omitempty"`
}

// WishesOutput is how somebody wants to be told.
type WishesOutput struct{ Body Wishes }

func wishesOf(w notice.Wishes) *WishesOutput {
	muted := make([]string, 0, len(w.Muted))
	for _, topic := range w.Muted {
		muted = append(muted, string(topic))
	}
	ways := map[string]string{}
	for urgency, way := range w.Ways {
		ways[string(urgency)] = string(way)
	}
	return &WishesOutput{Wishes{
		Locale: w.Locale, Muted: muted, QuietFrom: w.QuietFrom, QuietUntil: w.QuietUntil, Zone: w.Zone, Ways: ways,
		DigestHour: w.DigestHour, AnyTime: w.AnyTime, AwayFrom: instant(w.AwayFrom), AwayUntil: instant(w.AwayUntil),
	}}
}

// readWishes handles GET /settings.
func (a *API) readWishes(ctx context.Context, _ *MeInput) (*WishesOutput, error) {
	who, _ := auth.Of(ctx)
	w, err := a.desk.Wishes(ctx, who)
	if err != nil {
		return nil, err
	}
	return wishesOf(w), nil
}

// WishesInput is how somebody wants to be told from now on.
type WishesInput struct {
	Keyed
	Body Wishes
}

// saveWishes handles PUT /settings.
func (a *API) saveWishes(ctx context.Context, in *WishesInput) (*WishesOutput, error) {
	who, _ := auth.Of(ctx)
	b := in.Body
	w := notice.Wishes{Locale: b.Locale, QuietFrom: b.QuietFrom, QuietUntil: b.QuietUntil, Zone: b.Zone,
		DigestHour: b.DigestHour, AnyTime: b.AnyTime, Ways: map[notice.Urgency]notice.Way{}}
	for urgency, way := range b.Ways {
		w.Ways[notice.Urgency(urgency)] = notice.Way(way)
	}
	for _, topic := range b.Muted {
		w.Muted = append(w.Muted, notice.Topic(topic))
	}
	if b.AwayFrom != nil && b.AwayUntil != nil {
		w.AwayFrom, w.AwayUntil = b.AwayFrom.UTC(), b.AwayUntil.UTC()
	}
	if err := a.desk.SaveWishes(ctx, who, w); err != nil {
		return nil, err
	}
	return wishesOf(w), nil
}
