package pages

import (
	"net/http"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

const helpAt = "/help"

// helpOf is the section of the manual that explains a page, by its template; a page
// that is not named has the list of chapters.
var helpOf = map[string]string{
	"home": "approvers#tasks", "tasks": "approvers#tasks", "bulk": "approvers#many",
	"choose": "employees#write", "edit": "employees#write", "files": "employees#write", "document": "employees#follow",
	"documents": "employees#find", "notices": "employees#notices",
	"versions": "auditors#document", "print": "auditors#document",
	"delegations": "employees#delegate", "sessions": "employees#account", "settings": "employees#settings",
	"signin": "employees#account", "finance": "finance#review", "review": "finance#review", "preview": "finance#vouchers",
	"vouchers": "finance#vouchers", "reconciliations": "finance#reconcile", "reconciliation": "finance#reconcile",
	"masterdata": "finance#master", "mastersheet": "finance#master",
	"erp": "finance#erp", "exchanges": "finance#erp", "exchange": "finance#erp",
	"voucher": "finance#vouchers", "parked": "finance#parked",
	"inbound": "finance#inbound", "inboundsources": "finance#inbound",
	"reversals": "finance#reversal", "reversal": "finance#reversal",
	"policies": "administrators#policies", "text": "administrators#policies", "propose": "administrators#policies",
	"simulation": "administrators#policies", "proposals": "administrators#proposals",
	"proposal": "administrators#proposals",
	"replan":   "administrators#intervene", "replans": "administrators#replan", "calendars": "administrators#calendars",
	"calendar": "administrators#calendars", "calendarpropose": "administrators#calendars",
	"handover":   "administrators#handover",
	"rehearsal":  "employees#rehearse",
	"tour":       "employees#tour",
	"editperson": "administrators#organisation", "editdepartment": "administrators#organisation",
	"peopletable":  "administrators#organisation",
	"organisation": "employees#organisation", "person": "administrators#rights", "roles": "administrators#rights",
	"grants": "administrators#rights", "grant": "administrators#rights",
	"audit": "auditors#search", "checkpoints": "auditors#record",
	"directory": "administrators#directory",
	"powers":    "auditors#powers", "certifications": "administrators#reviews", "certification": "administrators#reviews",
	"webhooks": "administrators#webhooks", "webhook": "administrators#webhooks",
	"webhookmessage": "administrators#webhooks", "deliveries": "administrators#deliveries",
	"letter": "approvers#letters", "leave": "employees#notices",
}

// helpPath is where a page is explained.
func helpPath(template string) string {
	if section := helpOf[template]; section != "" {
		return helpAt + "/" + section
	}
	return helpAt
}

type helpView struct {
	Chapters []chapter
	Chapter  *chapter
	Query    string
	Found    []section
}

// help handles GET /help: the chapters, or the sections that have all words asked for.
func help(v *visit) error {
	view := helpView{Chapters: v.pages.shelf.manual[v.locale], Query: v.asked("q")}
	words := strings.Fields(strings.ToLower(view.Query))
	for _, c := range view.Chapters {
		for _, s := range c.Sections {
			if len(words) > 0 && hasAll(s.plain, words) {
				view.Found = append(view.Found, s)
			}
		}
	}
	return v.show(http.StatusOK, v.t("page.help.title"), view)
}

func hasAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// helpChapter handles GET /help/:chapter.
func helpChapter(v *visit) error {
	view := helpView{Chapters: v.pages.shelf.manual[v.locale]}
	for i, c := range view.Chapters {
		if c.ID == v.param("chapter") {
			view.Chapter = &view.Chapters[i]
			return v.show(http.StatusOK, c.Title, view)
		}
	}
	return fault.New(fault.NotFound, "request.no_such_route")
}
