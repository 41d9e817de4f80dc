package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/slack-go/slack"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// cardEvent is the type of the metadata by which a card is found again.
const cardEvent = "countersign_card"

// lookBack is how many messages of a conversation are looked through for a card.
const lookBack = 20

// Of Slack's words, those that say what to do next.
var (
	nobody = []string{"channel_not_found", "user_not_found", "users_not_found", "user_disabled", "user_not_visible",
		"cannot_dm_bot", "is_archived", "not_in_channel"}
	cardGone = []string{"message_not_found", "cant_update_message", "edit_window_closed"}
	unclear  = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)

// Send posts a card to the conversation with somebody. Where the answer is lost, now
// or when this process sent the card before, it looks for the card by its metadata.
func (a *App) Send(ctx context.Context, to string, c port.Card) (port.Sent, error) {
	room, err := a.room(ctx, to)
	if err != nil {
		return port.Sent{}, err
	}
	if _, doubted := a.doubts.Load(c.ID); doubted {
		message, err := a.find(ctx, room, c.ID)
		if err != nil {
			return port.Sent{}, err
		}
		if message != "" {
			a.doubts.Delete(c.ID)
			return port.Sent{To: to, Card: c.ID, Message: message, Where: room}, nil
		}
	}
	options := append(a.content(c), slack.MsgOptionMetadata(slack.SlackMetadata{EventType: cardEvent,
		EventPayload: map[string]any{"card": c.ID}}))
	_, message, err := a.api.PostMessageContext(ctx, room, options...)
	err = a.sorted(err, message == "", true)
	if fault.KindOf(err) == fault.Unknown {
		a.doubts.Store(c.ID, true)
		if found, failed := a.find(ctx, room, c.ID); failed == nil && found != "" {
			message, err = found, nil
		}
	}
	if err != nil {
		return port.Sent{}, err
	}
	a.doubts.Delete(c.ID)
	return port.Sent{To: to, Card: c.ID, Message: message, Where: room}, nil
}

// room is the conversation with somebody.
func (a *App) room(ctx context.Context, to string) (string, error) {
	if known, ok := a.rooms.Load(to); ok {
		return known.(string), nil
	}
	opened, _, _, err := a.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{to}})
	if err := a.sorted(err, opened == nil || opened.ID == "", false); err != nil {
		return "", err
	}
	a.rooms.Store(to, opened.ID)
	return opened.ID, nil
}

// find looks for a card among the last messages of a conversation; "" where it is not there.
func (a *App) find(ctx context.Context, room, card string) (string, error) {
	got, err := a.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: room,
		Limit: lookBack, IncludeAllMetadata: true})
	if err := a.sorted(err, got == nil || got.Messages == nil, false); err != nil {
		return "", err
	}
	for _, m := range got.Messages {
		if m.Metadata.EventType == cardEvent && m.Metadata.EventPayload["card"] == card {
			return m.Timestamp, nil
		}
	}
	return "", nil
}

// Update changes the message, as often as one likes.
func (a *App) Update(ctx context.Context, s port.Sent, c port.Card) error {
	_, message, _, err := a.api.UpdateMessageContext(ctx, s.Where, s.Message, a.content(c)...)
	return a.sorted(err, message == "", true)
}

// sorted makes a fault of what the library says; empty is an answer without what was asked for.
func (a *App) sorted(err error, empty, writes bool) error {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var refused slack.SlackErrorResponse
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case err == nil && !empty:
		return nil
	case err == nil, errors.As(err, &syntax), errors.As(err, &shape), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &status):
		return port.Unclear(a.config.Name, "not an answer of Slack", writes)
	case errors.As(err, &limited):
		return port.RateLimited(a.config.Name, strconv.Itoa(int(limited.RetryAfter.Seconds())))
	case errors.As(err, &status):
		return port.StatusFault(a.config.Name, port.Answer{Status: status.Code}, writes)
	case errors.As(err, &refused):
		return a.refusal(refused, writes)
	}
	return port.Lost(a.config.Name, err, writes)
}

// refusal sorts what Slack refuses.
func (a *App) refusal(no slack.SlackErrorResponse, writes bool) error {
	words := port.Hide(no.Err, string(a.config.Secret), string(a.config.Token), string(a.config.Key))
	switch {
	case slices.Contains(nobody, no.Err):
		return port.Fault(port.CodeNobody, a.config.Name, words)
	case slices.Contains(cardGone, no.Err):
		return port.Fault(port.CodeCardGone, a.config.Name, words)
	case no.Err == "ratelimited":
		return port.RateLimited(a.config.Name, "")
	case slices.Contains(unclear, no.Err):
		return port.Unclear(a.config.Name, words, writes)
	}
	return port.Fault(port.CodeRefused, a.config.Name, words)
}
