package pages

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

// visit is one request.
type visit struct {
	pages  *Pages
	route  route
	who    auth.Who
	known  bool // somebody is signed in
	w      http.ResponseWriter
	r      *http.Request
	param  func(string) string
	locale string
	now    time.Time
	org    *org.Snapshot
	types  map[string]*doctype.Type // filled by typesInForce

	inboxNow *desk.Inbox // filled by inbox
}

// begin reads the form, and the organisation whose names every page shows.
func (v *visit) begin() error {
	if v.known {
		snapshot, err := v.pages.deps.Desk.Snapshot(v.r.Context())
		if err != nil {
			return err
		}
		v.org = snapshot
	}
	if v.r.Method != http.MethodPost {
		return nil
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, v.pages.FormLimit())
	var err error
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/form-data") {
		err = v.r.ParseMultipartForm(memoryMax)
	} else {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, formMax)
		err = v.r.ParseForm()
	}
	if err == nil {
		return v.ownForm()
	}
	var malformed error = fault.New(fault.Invalid, "request.malformed")
	if strings.Contains(err.Error(), "too large") {
		malformed = err
	}
	return malformed
}

// The fields of every form that acts.
const (
	formToken  = "form_token"  // says that its page is one of ours
	formPerson = "form_person" // to whom the page was shown
)

// ownForm refuses a form that a browser sent with a session, without telling from
// where, unless it is one of ours: net/http's protection lets such a request pass. It
// refuses as well what somebody else's page sent: where two sign in in one browser, a
// page that the first one left open must not decide in the name of the second.
func (v *visit) ownForm() error {
	shownTo := v.r.PostForm.Get(formPerson)
	if v.who.Session != "" && shownTo != "" && shownTo != v.who.Person.ID {
		return fault.New(fault.Forbidden, "request.other_person",
			fault.Arg("person", v.name(shownTo)), fault.Arg("reader", v.name(v.who.Person.ID)))
	}
	if v.who.Session == "" || auth.ToldOrigin(v.r) || v.who.OwnForm(v.r.PostForm.Get(formToken)) {
		return nil
	}
	return fault.New(fault.Forbidden, "request.cross_origin")
}

// end removes what a form with files left on the disk.
func (v *visit) end() {
	if v.r.MultipartForm != nil {
		_ = v.r.MultipartForm.RemoveAll() // the temporary directory is swept anyway
	}
}

func (v *visit) desk() *desk.Desk { return v.pages.deps.Desk }

// asked is what a form or an address says, without the spaces around it.
func (v *visit) asked(name string) string {
	if v.r.Method == http.MethodPost {
		return strings.TrimSpace(v.r.PostForm.Get(name))
	}
	return strings.TrimSpace(v.r.URL.Query().Get(name))
}

// key is the random key that a form carries, so that sending it twice does it once.
func (v *visit) key(name string, asked ...any) desk.Key {
	key := v.asked("key")
	if len(key) > keyMax {
		key = ""
	}
	return desk.Key{Route: "page:" + name, Key: key, Body: asked}
}

// may says whether the reader may do something to an object.
func (v *visit) may(permission string, o access.Object) bool {
	ok, _ := access.Can(v.who.Subject, permission, o)
	return ok
}

// Names of our cookies.
const flashCookie = "flash"

const (
	flashLife = 60  // seconds
	flashMax  = 200 // characters
)

// flash keeps a message of the catalogs for the next page.
func (v *visit) flash(key string) {
	v.cookie(flashCookie, key, flashLife)
}

// flashed is the message that the page before left; it is shown once.
func (v *visit) flashed() string {
	c, err := v.r.Cookie(flashCookie)
	if err != nil || c.Value == "" || len(c.Value) > flashMax {
		return ""
	}
	v.cookie(flashCookie, "", -1)
	key := "page.flash." + c.Value
	if !i18n.Shipped().Has(i18n.English, key) {
		return ""
	}
	return v.t(key)
}

func (v *visit) cookie(name, value string, life int) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: life, HttpOnly: true, Secure: v.pages.deps.Secure,
		SameSite: http.SameSiteLaxMode,
	})
}

// leave answers a POST: the browser asks for another page.
func (v *visit) leave(to, flash string) error {
	if flash != "" {
		v.flash(flash)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// again does something that a double click may be doing already.
func again[T any](do func() (T, error)) (T, error) {
	got, err := do()
	for range runningMost {
		if fault.CodeOf(err) != "idempotency.running" {
			break
		}
		time.Sleep(runningWait)
		got, err = do()
	}
	return got, err
}

func documentAt(id string) string { return "/documents/" + url.PathEscape(id) }

func signInAt(returnTo string) string {
	return "/login?return_to=" + url.QueryEscape(auth.LocalPath(returnTo))
}

func random() string {
	var b [18]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
