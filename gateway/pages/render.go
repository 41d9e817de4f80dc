package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/i18n"
)

//go:embed templates assets
var embedded embed.FS

const assetsPath = "/assets/"

// csp allows our own style sheet and script, and frames of our own files, which may do
// nothing; nothing else.
const csp = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; "

// FrameAncestors is the directive that says who may show our pages in a frame: the
// origins of the configuration, else nobody.
func FrameAncestors(origins []string) string {
	if len(origins) == 0 {
		return "frame-ancestors 'none'"
	}
	return "frame-ancestors 'self' " + strings.Join(origins, " ")
}

// postForm is the head of a form that acts.
var postForm = regexp.MustCompile(`<form\b[^>]*\bmethod="post"[^>]*>`)

// withTokens gives every form that acts the token of the session and whose page it is on,
// so that none can forget them.
func (v *visit) withTokens(page []byte) []byte {
	token := v.who.FormToken()
	if token == "" {
		return page
	}
	hidden := func(name, value string) string {
		return `<input type="hidden" name="` + name + `" value="` + template.HTMLEscapeString(value) + `">`
	}
	fields := hidden(formToken, token) + hidden(formPerson, v.who.Person.ID)
	return postForm.ReplaceAllFunc(page, func(head []byte) []byte { return append(bytes.Clone(head), fields...) })
}

// shelf is the templates by language, and the assets by address. The pages share one
// set: with a set for each, the parts that all have would be kept for each.
type shelf struct {
	templates map[string]*template.Template
	assets    map[string]asset  // by the name that carries the hash
	address   map[string]string // of an asset's plain name
	manual    map[string][]chapter
}

type asset struct {
	media   string
	content []byte
}

var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func load() (*shelf, error) {
	s := &shelf{
		templates: map[string]*template.Template{}, assets: map[string]asset{}, address: map[string]string{},
		manual: map[string][]chapter{},
	}
	if err := s.loadAssets(); err != nil {
		return nil, err
	}
	for _, locale := range i18n.Locales {
		if err := s.loadTemplates(locale); err != nil {
			return nil, err
		}
		var err error
		if s.manual[locale], err = readManual(locale); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *shelf) loadAssets() error {
	names, err := fs.Glob(embedded, "assets/*")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		base, extension := path.Base(name), path.Ext(name)
		sum := sha256.Sum256(content)
		hashed := strings.TrimSuffix(base, extension) + "-" + hex.EncodeToString(sum[:6]) + extension
		s.assets[hashed] = asset{mediaTypes[extension], content}
		s.address[base] = assetsPath + hashed
	}
	return nil
}

// loadTemplates parses every page once a language, so that a template says only
// the key of a text.
func (s *shelf) loadTemplates(locale string) error {
	all, err := template.New("layout").Funcs(s.functions(locale)).ParseFS(embedded, "templates/parts/*.html")
	if err != nil {
		return err
	}
	names, err := fs.Glob(embedded, "templates/*.html")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(embedded, name)
		if err != nil {
			return err
		}
		content := contentOf(strings.TrimSuffix(path.Base(name), ".html"))
		own := strings.Replace(string(text), `{{define "content"}}`, `{{define "`+content+`"}}`, 1)
		if _, err := all.New(name).Parse(own); err != nil {
			return err
		}
	}
	s.templates[locale] = all
	return nil
}

// contentOf is the template that a page's own content becomes in the set of all.
func contentOf(page string) string { return "content:" + page }

func (s *shelf) functions(locale string) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string, args ...string) string { return text(locale, key, args...) },
		"pick":  func(titles map[string]string) string { return i18n.Pick(titles, locale) },
		"asset": func(name string) string { return s.address[name] },
		"money": shownMoney,
		"short": shortHash,
		"size":  shownSize,
		"date":  func(day string) string { return shownDate(locale, day) },
		"dict":  dict,
		"list":  func(items ...any) []any { return items },
		"lines": func(text string) []string { return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") },
	}
}

// text is a text of the catalogs; its arguments come in pairs.
func text(locale, key string, args ...string) string {
	named := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		named[args[i]] = args[i+1]
	}
	return i18n.Shipped().Text(locale, key, named)
}

func (v *visit) t(key string, args ...string) string { return text(v.locale, key, args...) }

// dict makes the dot of a part from pairs.
func dict(pairs ...any) (map[string]any, error) {
	made := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("pages: %v is no name", pairs[i])
		}
		made[name] = pairs[i+1]
	}
	return made, nil
}

// frame is what every page is set in.
type frame struct {
	Locale, Title, Page string
	Here                string // address to come back to after a change of language
	Help                string // where this page is explained
	Person              string // who is signed in, by name
	Nav                 []navItem
	Badge               string // how many tasks wait, "" for none
	Live                string // where the page hears of changes, "" where nobody is signed in
	Flash               string
	Tour                *stopView // the page is a stop of a tour
	Invited             bool      // to take one
	Refresh             *refresh
	Onward              string // where the browser goes by itself
	Data                any
	Content             template.HTML // the page itself
}

type navItem struct {
	Path, Key string
	Current   bool
}

// refresh has the browser look again by itself, while something is being applied.
type refresh struct {
	Seconds int
	Address string // answers with Seen until something changed
	Seen    string
	Back    string // the page to show then
}

// show answers with the page of the route.
func (v *visit) show(status int, title string, data any) error {
	v.showAs(v.route.template, status, title, data)
	return nil
}

func (v *visit) showAs(name string, status int, title string, data any) {
	f := frame{
		Locale: v.locale, Title: title, Page: name, Help: helpPath(name), Here: v.here(),
		Flash: v.flashed(), Nav: v.nav(), Data: data,
	}
	if v.known {
		f.Person = v.who.Person.Name
		f.Badge, f.Live = v.badge(), livePath
		f.Tour, f.Invited = v.tourStop(), name != "error" && v.invited()
	}
	if waits, ok := data.(interface{ refresh() *refresh }); ok {
		f.Refresh = waits.refresh()
	}
	if out, ok := data.(signedOutView); ok {
		f.Onward = out.There
	}
	all := v.pages.shelf.templates[v.locale]
	var content, page bytes.Buffer
	err := all.ExecuteTemplate(&content, contentOf(name), f)
	if err == nil {
		f.Content = template.HTML(content.String()) //nolint:gosec // a template of ours has just escaped it
		err = all.ExecuteTemplate(&page, "layout", f)
	}
	if err != nil {
		slog.ErrorContext(v.r.Context(), "page not rendered", "page", name, "error", err)
		http.Error(v.w, v.t("page.error.internal"), http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", csp+FrameAncestors(v.pages.deps.Framers))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(v.withTokens(page.Bytes())) // the reader went away
}

// nav is the navigation as far as the reader may use it.
func (v *visit) nav() []navItem {
	if !v.known {
		return nil
	}
	var items []navItem
	for _, r := range v.pages.routes {
		if r.nav == "" || r.needs != "" && !access.Has(v.who.Subject, r.needs) {
			continue
		}
		here := v.r.URL.Path
		current := here == r.path || r.path != "/" && strings.HasPrefix(here, r.path+"/") ||
			r.path == "/" && strings.HasPrefix(here, "/tasks/") || slices.ContainsFunc(r.also, func(other string) bool {
			return here == other || strings.HasPrefix(here, other+"/")
		})
		items = append(items, navItem{r.path, r.nav, current})
	}
	return items
}

// here is the address of this page for a GET: acts lie under their document.
func (v *visit) here() string {
	if v.r.Method == http.MethodGet {
		u := *v.r.URL
		query := u.Query()
		query.Del(i18n.Parameter)
		u.RawQuery = query.Encode()
		return u.RequestURI()
	}
	if id := v.param("id"); id != "" && v.route.template == "document" {
		return documentAt(id)
	}
	switch v.route.template {
	case "delegations":
		return delegationsAt
	case "home", "bulk":
		return homeAt(queryOf(v.asked("back")))
	}
	if v.route.template == "settings" {
		return settingsAt
	}
	return v.r.URL.Path
}

// asset handles GET /assets/:name. The name carries the hash of the content, so
// it may be kept for ever.
func (p *Pages) asset(c *gin.Context) {
	found, ok := p.shelf.assets[c.Param("name")]
	if !ok {
		c.Status(http.StatusNotFound)
		return
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, found.media, found.content)
}

// favicon is our mark for whatever page names none: that of the development issuer, the
// API's. Its address carries no hash, so it is kept for a day only.
func (p *Pages) favicon(c *gin.Context) {
	icon := p.shelf.assets[path.Base(p.shelf.address["icon.svg"])]
	c.Header("Cache-Control", "public, max-age=86400")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Data(http.StatusOK, icon.media, icon.content)
}
