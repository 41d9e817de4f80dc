package pages

import (
	"net/http"

	"github.com/countersign/countersign/domain/notice"
)

// leaveView is the page of a link by which somebody does without letters of a kind. It
// does not say whose: the link may have been forwarded.
type leaveView struct {
	Sealed string
	Topics []string
	Done   bool
}

// leaveAsked handles GET /leave/:sealed: it shows and asks, and changes nothing.
func leaveAsked(v *visit) error {
	leave, err := v.desk().Leaving(v.r.Context(), v.param("sealed"))
	if err != nil {
		return err
	}
	return v.leaveShown(leave, false)
}

// leaveSent handles POST /leave/:sealed, from our page or from a mail program (RFC 8058).
func leaveSent(v *visit) error {
	leave, err := v.desk().LeaveTopics(v.r.Context(), v.param("sealed"))
	if err != nil {
		return err
	}
	return v.leaveShown(leave, true)
}

func (v *visit) leaveShown(leave notice.Leave, done bool) error {
	view := leaveView{Sealed: v.param("sealed"), Done: done}
	for _, topic := range leave.Topics {
		view.Topics = append(view.Topics, v.t("page.topic."+string(topic)))
	}
	title := "page.leave.title"
	if done {
		title = "page.leave.done"
	}
	return v.show(http.StatusOK, v.t(title), view)
}
