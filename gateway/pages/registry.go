package pages

import (
	"net/http"
	"slices"

	"github.com/countersign/countersign/domain/access"
)

// route is one page or one act of a page: the only place that knows where it
// lies, who may, where the navigation shows it, and which template it has.
type route struct {
	method, path string
	open         bool     // nobody need be signed in
	needs        string   // permission for anything at all; the desk judges the object
	nav          string   // key of the navigation entry; "" for none
	also         []string // other places that the entry stands for
	template     string
	handle       func(v *visit) error
}

// registry lists every route, in the order of the navigation.
func registry() []route {
	get, post := http.MethodGet, http.MethodPost
	return append([]route{
		{method: get, path: "/", needs: access.TaskDecide, nav: "page.nav.tasks", template: "home", handle: home},
		{method: get, path: "/documents", needs: access.DocumentRead, nav: "page.nav.documents", template: "documents",
			handle: documents},
		{method: get, path: "/new", needs: access.DocumentCreate, nav: "page.nav.new", template: "choose", handle: choose},
		{method: get, path: financeAt, needs: access.EffectRead, nav: "page.nav.finance",
			also:     []string{"/vouchers", "/parked", reconcileAt, masterAt, reversalsAt, inboundAt, erpAt, webhooksAt},
			template: "finance", handle: finance},
		{method: get, path: delegationsAt, needs: access.DelegationRead, nav: "page.nav.delegations",
			template: "delegations", handle: delegations},
		{method: get, path: policiesAt, needs: access.PolicyRead, nav: "page.nav.policies", template: "policies",
			handle: policies},
		{method: get, path: handoverAt, needs: access.OrganisationInspect, nav: "page.nav.handover", also: []string{directoryAt}, template: "handover",
			handle: showHandover},
		{method: get, path: "/notices", nav: "page.nav.notices", also: []string{deliveriesAt}, template: "notices",
			handle: notices},

		{method: get, path: "/new/:type", needs: access.DocumentCreate, template: "edit", handle: newForm},
		{method: post, path: "/new/:type", needs: access.DocumentCreate, template: "edit", handle: newSent},
		{method: post, path: "/templates/:id/rename", needs: access.DocumentCreate, template: "choose", handle: renameTemplate},
		{method: post, path: "/templates/:id/delete", needs: access.DocumentCreate, template: "choose",
			handle: deleteTemplate},
		{method: post, path: "/attachments", needs: access.DocumentCreate, handle: upload},
		{method: get, path: "/attachments/:id/thumbnail", needs: access.DocumentRead, handle: thumbnail},
		{method: get, path: "/documents/:id/edit", needs: access.DocumentCreate, template: "edit", handle: editForm},
		{method: post, path: "/documents/:id/edit", needs: access.DocumentCreate, template: "edit", handle: editSent},
		{method: post, path: "/documents/:id/delete", needs: access.DocumentCreate, template: "document",
			handle: deleteDraft},
		{method: post, path: "/documents/:id/decide", needs: access.TaskDecide, template: "document", handle: decide},
		{method: post, path: "/documents/:id/withdraw", needs: access.DocumentWithdraw, template: "document",
			handle: withdraw},
		{method: post, path: "/documents/:id/release", needs: access.DocumentRead, template: "document", handle: release},
		{method: post, path: "/documents/:id/urge", needs: access.DocumentUrge, template: "document", handle: urge},
		{method: post, path: "/documents/:id/comment", needs: access.DocumentComment, template: "document", handle: comment},
		{method: get, path: "/documents/:id/replan", needs: access.DocumentIntervene, template: "replan", handle: showReplan},
		{method: post, path: "/documents/:id/intervene", needs: access.DocumentIntervene, template: "document",
			handle: intervene},
		{method: post, path: "/documents/:id/interventions/:proposal", needs: access.DocumentIntervene,
			template: "document", handle: decideIntervention},
		{method: post, path: "/documents/:id/comments/:comment/withdraw", needs: access.DocumentComment,
			template: "document", handle: withdrawComment},
		{method: post, path: "/documents/:id/copy", needs: access.DocumentCopy, template: "document", handle: copyIn},
		{method: post, path: "/documents/:id/copy/:person/remove", needs: access.CopyRemove, template: "document",
			handle: removeCopy},
		{method: post, path: "/documents/:id/resolve", needs: access.DocumentRead, template: "document", handle: resolve},
		{method: post, path: delegationsAt, needs: access.DelegationManage, template: "delegations", handle: delegate},
		{method: post, path: delegationsAt + "/:id/revoke", needs: access.DelegationManage, template: "delegations",
			handle: revokeDelegation},
		{method: post, path: handoverAt, needs: access.OrganisationWrite, template: "handover", handle: handOver},

		{method: get, path: policiesAt + "/new", needs: access.PolicyPropose, handle: newText},
		{method: get, path: policiesAt + "/:kind/:id", needs: access.PolicyRead, template: "text", handle: showText},
		{method: get, path: policiesAt + "/:kind/:id/propose", needs: access.PolicyPropose, template: "propose",
			handle: proposeForm},
		{method: post, path: policiesAt + "/:kind/:id/propose", needs: access.PolicyPropose, template: "propose",
			handle: proposeSent},
		{method: get, path: policiesAt + "/:kind/:id/replan", needs: access.PolicyReview, template: "replans",
			handle: replans},
		{method: post, path: policiesAt + "/:kind/:id/replan", needs: access.DocumentIntervene, template: "replans",
			handle: replanThese},
		{method: get, path: proposalsAt, needs: access.PolicyReview, template: "proposals", handle: proposals},
		{method: get, path: proposalsAt + "/:id", needs: access.PolicyReview, template: "proposal", handle: showProposal},
		{method: get, path: proposalsAt + "/:id/simulation", needs: access.PolicyReview, template: "simulation",
			handle: simulateProposal},
		{method: post, path: proposalsAt + "/:id/decide", needs: access.PolicyPublish, template: "proposal",
			handle: decideProposal},
	}, slices.Concat(inboxRoutes(), auditorRoutes(), financeRoutes(), recordRoutes(), settingsRoutes(), guideRoutes(), door(),
		rightsRoutes(), organiseRoutes(), powerRoutes(), reversalRoutes(), inboundRoutes(), directoryRoutes(), calendarRoutes(),
		certificationRoutes(), webhookRoutes(), letterRoutes(), deliveryRoutes())...)
}

// guideRoutes lists what shows people around.
func guideRoutes() []route {
	return []route{
		{method: http.MethodGet, path: rehearsalAt, needs: access.PolicyRead, template: "rehearsal", handle: rehearse},
		{method: http.MethodGet, path: tourAt, template: "tour", handle: showTours},
		{method: http.MethodPost, path: tourAt + "/done", template: "tour", handle: endTour},
	}
}

// inboxRoutes lists the parts of the inbox beside what waits, and what is done in it.
func inboxRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: post, path: "/tasks/decide", needs: access.TaskDecide, template: "bulk", handle: decideMany},
		{method: get, path: livePath, needs: access.TaskDecide, handle: live},
		{method: get, path: doneAt, needs: access.TaskDecide, template: "tasks", handle: doneTasks},
		{method: get, path: delegatedAt, needs: access.TaskDecide, template: "tasks", handle: delegatedTasks},
		{method: get, path: sentAt, needs: access.TaskDecide, template: "documents", handle: sentDocuments},
		{method: get, path: copiedAt, needs: access.TaskDecide, template: "documents", handle: copiedDocuments},
	}
}

// door lists the ways in and out, and what one sees of them.
func door() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: sessionsAt, needs: access.TokenManage, template: "sessions", handle: sessions},
		{method: post, path: sessionsAt + "/:id/end", needs: access.TokenManage, template: "sessions", handle: endSession},

		{method: post, path: "/logout", open: true, template: "signedout", handle: signOut},
		{method: get, path: helpAt, open: true, template: "help", handle: help},
		{method: get, path: helpAt + "/:chapter", open: true, template: "help", handle: helpChapter},
		{method: get, path: "/login", open: true, template: "signin", handle: signIn},
		{method: get, path: "/leave/:sealed", open: true, template: "leave", handle: leaveAsked},
		{method: post, path: "/leave/:sealed", open: true, template: "leave", handle: leaveSent},
		{method: post, path: "/language", open: true, handle: language},
	}
}
