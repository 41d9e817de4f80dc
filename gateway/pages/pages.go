// Package pages is the web face for people: server-rendered pages that work
// without a script, in Chinese and English, on a phone and on a desk.
//
//	registry.go   every route with its permission, navigation entry and template
//	visit.go      one request: who, in which language, in which organisation
//	render.go     templates and assets, embedded
//	the others    parse, ask the desk, show
//
// A GET never changes anything; a POST answers with a redirect, or with the same
// page and what is wrong on it. There are no rules here.
package pages

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
)

// Limits of the pages.
const (
	formMax    = 1 << 20 // bytes of a form around its files
	uploadsMax = 5       // files of full size that fit into one form
	memoryMax  = 4 << 20 // bytes of a form kept in memory; the rest goes to disk
	keyMax     = 100     // characters of a form's key

	runningWait = 150 * time.Millisecond
	runningMost = 20 // times to ask again while the first of a double click is running
)

// SignIn is the part of auth that the pages need.
type SignIn interface {
	Choices(locale string) []auth.Choice
	Straight(agent string) (path string, ok bool)
	Leave(ctx context.Context) (there string, err error)
	Hold(ctx context.Context, path string, form url.Values) error
	HeldFor(ctx context.Context, path string) (url.Values, bool)
	Drop(ctx context.Context)
}

// Deps are what the pages ask.
type Deps struct {
	Desk    *desk.Desk
	SignIn  SignIn
	Framers []string         // origins that may show our pages in a frame
	Secure  bool             // the house is reached by https: cookies are held to it
	Now     func() time.Time // nil means time.Now; for «overdue» only
}

// Pages serves every page. It is safe for concurrent use.
type Pages struct {
	deps   Deps
	routes []route
	shelf  *shelf
}

// New reads the embedded templates.
//
// Errors: a template that cannot be parsed, which a test keeps from leaving the house.
func New(deps Deps) (*Pages, error) {
	shelf, err := load()
	if err != nil {
		return nil, err
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	p := &Pages{deps: deps, shelf: shelf}
	p.routes = registry()
	return p, nil
}

// Register mounts every page. The router must run auth's middleware before.
func (p *Pages) Register(router gin.IRoutes) {
	for _, r := range p.routes {
		router.Handle(r.method, r.path, p.serve(r))
	}
	router.GET(assetsPath+":name", p.asset)
	router.GET("/favicon.ico", p.favicon)
}

// Mount registers every page on the gateway's router, and answers browsers with
// pages where others answer with problems. Once a process, before it serves.
func (p *Pages) Mount(router *gin.Engine) {
	p.Register(router)
	problem.Page = p.Problem
}

// Addresses are the patterns of the pages that a browser shows, for the test that
// must not forget one.
func Addresses() []string {
	var patterns []string
	for _, r := range registry() {
		if r.method == http.MethodGet && r.template != "" {
			patterns = append(patterns, r.path)
		}
	}
	return patterns
}

// FormLimit is how many bytes a form with files may have: the server must let
// POSTs to the pages be as long.
func (p *Pages) FormLimit() int64 { return p.deps.Desk.AttachmentLimit()*uploadsMax + formMax }

// serve lets in who may see a page, and shows what went wrong as a page.
func (p *Pages) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		who, known := auth.Of(c.Request.Context())
		if !r.open && !known {
			p.askToSignIn(c)
			return
		}
		v := &visit{pages: p, route: r, who: who, known: known, w: c.Writer, r: c.Request, param: c.Param,
			locale: i18n.Locale(c.Request.Context()), now: p.deps.Now()}
		if err := v.begin(); err != nil {
			v.fail(err)
			return
		}
		defer v.end()
		if r.needs != "" && !access.Has(who.Subject, r.needs) {
			v.fail(fault.New(fault.Forbidden, "access.denied",
				fault.Arg("permission", r.needs), fault.Arg("reason", access.NoRole)))
			return
		}
		if err := r.handle(v); err != nil {
			v.fail(err)
		}
	}
}

// askToSignIn sends a reader to the sign-in page and back; a form is not carried along.
func (p *Pages) askToSignIn(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	if c.Request.URL.Path == livePath {
		c.Status(http.StatusNoContent) // tells a page that listens not to come again
		return
	}
	to := "/"
	if c.Request.Method == http.MethodGet {
		to = c.Request.URL.RequestURI()
	}
	c.Redirect(http.StatusSeeOther, signInAt(to))
}

// Problem shows a problem that others met as a page: a router, the way in.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, about *problem.Problem) {
	who, known := auth.Of(r.Context())
	v := &visit{pages: p, who: who, known: known, w: w, r: r, param: func(string) string { return "" },
		locale: i18n.Locale(r.Context()), now: p.deps.Now()}
	problem.Advise(w.Header(), about)
	v.problem(about)
}

// fail shows an error as a page in the reader's language.
func (v *visit) fail(err error) {
	problem.Log(v.r.Context(), err)
	about := problem.Of(v.r.Context(), err)
	about.Detail = v.faultText(problem.Find(err))
	if about.Status == http.StatusAccepted { // unknown is a state, not a page
		about.Status = http.StatusServiceUnavailable
	}
	problem.Advise(v.w.Header(), about)
	v.problem(about)
}

func (v *visit) problem(about *problem.Problem) {
	v.w.Header().Del("WWW-Authenticate") // for programs; a browser would ask for a password
	v.showAs("error", about.Status, v.t("page.error."+errorName(about.Status)), errorView{
		Status: about.Status, Text: about.Detail, Code: about.Code, Request: about.Instance,
		SignIn: about.Status == http.StatusUnauthorized, OtherWay: about.Code == "auth.not_linked",
	})
}

type errorView struct {
	Status              int
	Text, Code, Request string
	SignIn              bool
	OtherWay            bool // another way to sign in may know them
}

// errorName names the headline of an error page.
func errorName(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "sign_in"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusConflict:
		return "conflict"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "busy"
	case http.StatusInternalServerError:
		return "internal"
	}
	return "invalid"
}
