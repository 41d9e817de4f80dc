package dingtalk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/im/port"
)

// rowsMax is how many rows the template has; what is beyond goes into the last.
const rowsMax = 8

// object is a piece of JSON.
type object = map[string]any

// Send creates a card and hands it to somebody through the robot.
func (a *App) Send(ctx context.Context, to string, c port.Card) (port.Sent, error) {
	kind := "STREAM"
	if a.callback != "" {
		kind = "HTTP"
		if err := a.register(ctx); err != nil {
			return port.Sent{}, err
		}
	}
	track := trackID(c.ID, to)
	in := object{"cardTemplateId": a.template, "outTrackId": track, "callbackType": kind, "userIdType": 1,
		"cardData": object{"cardParamMap": params(c)}, "openSpaceId": "dtv1.card//IM_ROBOT." + to,
		"imRobotOpenSpaceModel":   object{"supportForward": false, "lastMessageI18n": object{locale(c): c.Title}},
		"imRobotOpenDeliverModel": object{"spaceType": "IM_ROBOT", "robotCode": a.robot}}
	if kind == "HTTP" {
		in["callbackRouteKey"] = a.routeKey()
	}
	var got struct {
		Result struct {
			Delivered []struct {
				Success bool   `json:"success"`
				Words   string `json:"errorMsg"`
			} `json:"deliverResults"`
		} `json:"result"`
	}
	sent := port.Sent{To: to, Card: c.ID, Message: track}
	said, err := a.call(ctx, http.MethodPost, "/v1.0/card/instances/createAndDeliver", true, in, &got)
	if repeated.MatchString(said) {
		return sent, nil // the first one is there
	}
	if err != nil {
		return port.Sent{}, err
	}
	for _, d := range got.Result.Delivered {
		if !d.Success {
			return port.Sent{}, port.Fault(port.CodeNobody, a.config.Name, a.hide(d.Words))
		}
	}
	return sent, nil
}

// trackID is our name of a card in one person's hand.
func trackID(card, to string) string {
	sum := sha256.Sum256([]byte(to))
	return card + "-" + hex.EncodeToString(sum[:6])
}

// cardOf is the card that a name of ours is of.
func cardOf(track string) string {
	at := strings.LastIndexByte(track, '-')
	return track[:max(at, 0)]
}

// Update changes the variables of a card, as often as one likes.
func (a *App) Update(ctx context.Context, s port.Sent, c port.Card) error {
	var got struct{}
	said, err := a.call(ctx, http.MethodPut, "/v1.0/card/instances", true, object{"outTrackId": s.Message,
		"cardData":          object{"cardParamMap": params(c)},
		"cardUpdateOptions": object{"updateCardDataByKey": true}}, &got)
	if err != nil && cardGone.MatchString(said) {
		return port.Fault(port.CodeCardGone, a.config.Name, said)
	}
	return err
}

// params are the template's variables. All are text; the template shows them in
// text components, where nothing is markup, and hides what is empty.
func params(c port.Card) map[string]string {
	p := map[string]string{"title": c.Title, "summary": c.Summary, "state": c.State, "link": c.Link, "open": c.Open}
	for i := range rowsMax {
		n := strconv.Itoa(i + 1)
		p["name"+n], p["value"+n] = "", ""
		if i < len(c.Rows) {
			p["name"+n], p["value"+n] = c.Rows[i].Name, c.Rows[i].Value
		}
	}
	if len(c.Rows) > rowsMax {
		p["value"+strconv.Itoa(rowsMax)] += rest(c.Rows[rowsMax:])
	}
	for _, v := range []port.Verdict{port.Approve, port.Reject} {
		p[string(v)], p[string(v)+"_token"], p[string(v)+"_link"] = "", "", ""
	}
	if c.State != "" {
		return p
	}
	for _, b := range c.Buttons {
		name := string(b.Verdict)
		switch {
		case b.Link != "":
			p[name], p[name+"_link"] = b.Words, b.Link
		case b.Ask == "": // a reason cannot be written here: the page asks for it
			p[name], p[name+"_token"] = b.Words, b.Token
		}
	}
	return p
}

func rest(rows []port.Row) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString("\n" + row.Name + ": " + row.Value)
	}
	return b.String()
}

func locale(c port.Card) string {
	if c.Locale == "en" {
		return "EN_US"
	}
	return "ZH_CN"
}

// register tells DingTalk where HTTP presses go and what they are signed with, once
// a process. **Safe to repeat**: it replaces what was registered before.
func (a *App) register(ctx context.Context) error {
	a.registering.Lock()
	defer a.registering.Unlock()
	if a.callbackRegistered {
		return nil
	}
	var got struct{}
	_, err := a.call(ctx, http.MethodPost, "/v1.0/card/callbacks/register", false, object{
		"callbackRouteKey": a.routeKey(), "callbackUrl": a.callback, "apiSecret": a.apiSecret, "forceUpdate": true}, &got)
	a.callbackRegistered = err == nil
	return err
}

func (a *App) routeKey() string { return "countersign-" + a.config.Name }
