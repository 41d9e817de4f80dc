package sim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/im/simphone"
)

const robotSpace = "dtv1.card//IM_ROBOT."

// send creates a card and hands it out.
func (s *Sim) send(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		CardTemplateID, OutTrackID, CallbackType, CallbackRouteKey, OpenSpaceID string
		UserIDType                                                              int
		CardData                                                                struct{ CardParamMap map[string]string }
		ImRobotOpenSpaceModel                                                   map[string]any
		ImRobotOpenDeliverModel                                                 struct{ SpaceType, RobotCode string }
	}
	if json.Unmarshal(body, &in) != nil { // also where a variable is no text
		return refuse(http.StatusBadRequest, "invalidParameter", "cardData")
	}
	to, robot := strings.CutPrefix(in.OpenSpaceID, robotSpace)
	s.mutex.Lock()
	_, repeated := s.cards[in.OutTrackID]
	_, routed := s.routes[in.CallbackRouteKey]
	s.mutex.Unlock()
	switch {
	case in.CardTemplateID != s.config.Template:
		return refuse(http.StatusBadRequest, "param.templateNotExist", "cardTemplateId")
	case in.OutTrackID == "":
		return refuse(http.StatusBadRequest, "MissingoutTrackId", "outTrackId is mandatory for this action.")
	case repeated:
		return refuse(http.StatusBadRequest, "param.outTrackIdExist", "outTrackId already exists")
	case !robot || in.ImRobotOpenSpaceModel == nil || in.ImRobotOpenDeliverModel.SpaceType != "IM_ROBOT" ||
		in.ImRobotOpenDeliverModel.RobotCode != s.config.Robot || in.UserIDType != 1:
		return refuse(http.StatusBadRequest, "param.error", "openSpaceId, deliver model")
	case in.CallbackType != "STREAM" && (in.CallbackType != "HTTP" || !routed):
		return refuse(http.StatusBadRequest, "param.callbackRouteKey", "callbackType")
	}
	who, known := s.person(func(p Person) bool { return p.UserID == to })
	reached := known && !who.Hidden
	delivered := map[string]any{"spaceId": to, "spaceType": "IM_ROBOT", "success": reached}
	result := map[string]any{"outTrackId": in.OutTrackID, "deliverResults": []any{delivered}}
	if !reached {
		delivered["errorMsg"] = "userid not in robot's scope"
	} else {
		s.mutex.Lock()
		s.cards[in.OutTrackID] = &held{to: to, kind: in.CallbackType, route: in.CallbackRouteKey,
			shared: in.CardData.CardParamMap, private: map[string]string{}}
		s.mutex.Unlock()
		s.Phone.Show(simphone.Message{ID: in.OutTrackID, To: to, Ref: in.OutTrackID, Card: shown(in.CardData.CardParamMap)})
	}
	a := simphone.JSON(http.StatusOK, map[string]any{"success": true, "result": result})
	a.Ref, a.Effect = in.OutTrackID, reached
	return a
}

// update changes some of a card's variables, or all of them.
func (s *Sim) update(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		OutTrackID        string
		CardData          struct{ CardParamMap map[string]string }
		CardUpdateOptions struct{ UpdateCardDataByKey bool }
	}
	if json.Unmarshal(body, &in) != nil {
		return refuse(http.StatusBadRequest, "invalidParameter", "cardData")
	}
	if !s.change(in.OutTrackID, in.CardData.CardParamMap, in.CardUpdateOptions.UpdateCardDataByKey) {
		return refuse(http.StatusBadRequest, "param.cardNotExist", "card not exist")
	}
	a := simphone.JSON(http.StatusOK, map[string]any{"success": true, "result": true})
	a.Ref, a.Effect = in.OutTrackID, true
	return a
}

func (s *Sim) change(track string, values map[string]string, byKey bool) bool {
	s.mutex.Lock()
	h, known := s.cards[track]
	if known && !byKey {
		h.shared = map[string]string{}
	}
	var c simphone.Card
	if known {
		maps.Copy(h.shared, values)
		c = shown(h.shared)
	}
	s.mutex.Unlock()
	return known && s.Phone.Change(track, func(m *simphone.Message) { m.Card = c; m.Edits++ })
}

// shown is what the template of docs/im-dingtalk.md makes of its variables: text
// components, which know no markup, and nothing where a variable is empty.
func shown(v map[string]string) simphone.Card {
	c := simphone.Card{Title: v["title"], Summary: v["summary"]}
	for i := 1; v["name"+strconv.Itoa(i)] != "" || v["value"+strconv.Itoa(i)] != ""; i++ {
		n := strconv.Itoa(i)
		c.Lines = append(c.Lines, simphone.Line{Text: v["name"+n] + ": " + v["value"+n]})
	}
	if v["state"] != "" {
		c.Lines = append(c.Lines, simphone.Line{Text: v["state"]})
	}
	for _, name := range []string{"approve", "reject"} {
		switch {
		case v[name] != "" && v[name+"_link"] != "":
			c.Links = append(c.Links, simphone.Link{Words: v[name], URL: v[name+"_link"]})
		case v[name] != "":
			c.Buttons = append(c.Buttons, simphone.Button{Name: name, Words: v[name]})
		}
	}
	if v["link"] != "" {
		c.Links = append(c.Links, simphone.Link{Words: v["open"], URL: v["link"]})
	}
	return c
}

// register keeps where HTTP presses go; one that is there is kept unless forced.
func (s *Sim) register(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		CallbackRouteKey, CallbackURL, APISecret string
		ForceUpdate                              bool
	}
	if json.Unmarshal(body, &in) != nil || in.CallbackRouteKey == "" || in.CallbackURL == "" {
		return refuse(http.StatusBadRequest, "param.error", "callbackUrl")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, there := s.routes[in.CallbackRouteKey]; there && !in.ForceUpdate {
		return refuse(http.StatusBadRequest, "param.callbackRouteKeyExist", "forceUpdate")
	}
	s.routes[in.CallbackRouteKey] = route{in.CallbackURL, in.APISecret}
	a := simphone.JSON(http.StatusOK, map[string]any{"success": true, "result": map[string]string{
		"callbackUrl": in.CallbackURL, "apiSecret": in.APISecret}})
	a.Effect = true
	return a
}
