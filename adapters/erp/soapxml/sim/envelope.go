package sim

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // WS-Security's digest is SHA-1 by its specification
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// The namespaces of the specifications.
const (
	wss  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	wsse = wss + "wssecurity-secext-1.0.xsd"
	wsu  = wss + "wssecurity-utility-1.0.xsd"
)

var spaces = map[string]string{V11: "http://schemas.xmlsoap.org/soap/envelope/",
	V12: "http://www.w3.org/2003/05/soap-envelope"}

// freshness is how old a UsernameToken may be, as the profile recommends.
const freshness = 5 * time.Minute

// element is any element.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []*element `xml:",any"`
}

func (e *element) attr(space, local string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == local && a.Name.Space == space {
			return a.Value
		}
	}
	return ""
}

// child is the first of a name, an empty one for none.
func (e *element) child(space, local string) *element {
	for _, c := range e.Children {
		if c.XMLName.Local == local && c.XMLName.Space == space {
			return c
		}
	}
	return &element{}
}

// value is the text of a child in the ledger's namespace.
func (e *element) value(local string) string { return strings.TrimSpace(e.child(Space, local).Text) }

// open reads a message: what is asked, by whom it has to be.
func (s *Server) open(text []byte) (*element, *fault) {
	if err := plain(text); err != nil {
		return nil, client("not a message: " + err.Error())
	}
	var envelope element
	if err := xml.Unmarshal(text, &envelope); err != nil {
		return nil, client("not a message: " + err.Error())
	}
	space := spaces[s.Version]
	if envelope.XMLName != (xml.Name{Space: space, Local: "Envelope"}) {
		return nil, &fault{code: "VersionMismatch", words: "this is SOAP " + s.Version}
	}
	children := envelope.Children
	if len(children) == 2 && children[0].XMLName == (xml.Name{Space: space, Local: "Header"}) {
		if no := s.header(children[0]); no != nil {
			return nil, no
		}
		children = children[1:]
	} else if s.Auth == Text || s.Auth == Digest {
		return nil, &fault{code: "wsse:InvalidSecurity", words: "there is no security header"}
	}
	if len(children) != 1 || children[0].XMLName != (xml.Name{Space: space, Local: "Body"}) ||
		len(children[0].Children) != 1 {
		return nil, client("an envelope has one body, with one element")
	}
	asked := children[0].Children[0]
	if no := inOrder(asked); no != "" {
		return nil, client(no)
	}
	return asked, nil
}

// plain refuses what a message of SOAP never has.
func plain(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for first := true; ; first = false {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.Directive:
			return errors.New("a document type")
		case xml.ProcInst:
			if !first {
				return errors.New("a processing instruction")
			}
		}
	}
}

// header looks at who asks, and refuses headers that must be understood and are not.
func (s *Server) header(h *element) *fault {
	wanted := s.Auth == Text || s.Auth == Digest
	for _, e := range h.Children {
		must := e.attr(spaces[s.Version], "mustUnderstand")
		if e.XMLName == (xml.Name{Space: wsse, Local: "Security"}) && wanted {
			if s.Version == V11 && must != "1" || s.Version == V12 && must != "true" && must != "1" {
				return &fault{code: "wsse:InvalidSecurity", words: "the security header need not be understood"}
			}
			return s.token(e.child(wsse, "UsernameToken"))
		}
		if must == "1" || must == "true" {
			return &fault{code: "MustUnderstand", words: e.XMLName.Local + " is not understood"}
		}
	}
	if wanted {
		return &fault{code: "wsse:InvalidSecurity", words: "there is no security header"}
	}
	return nil
}

// token checks a UsernameToken.
func (s *Server) token(t *element) *fault {
	no := &fault{code: "wsse:FailedAuthentication", words: "the security token could not be authenticated"}
	password, created := t.child(wsse, "Password"), t.child(wsu, "Created").Text
	kind, ok := strings.CutPrefix(password.attr("", "Type"), wss+"username-token-profile-1.0#")
	if !ok || t.child(wsse, "Username").Text != User {
		return no
	}
	nonce, err := base64.StdEncoding.DecodeString(t.child(wsse, "Nonce").Text)
	at, errTime := time.Parse(time.RFC3339, created)
	if err != nil || errTime != nil || len(nonce) < 8 || !strings.HasSuffix(created, "Z") ||
		time.Since(at).Abs() > freshness {
		return &fault{code: "wsse:InvalidSecurity", words: "nonce or creation time is missing, or too old"}
	}
	sum := sha1.Sum(slices.Concat(nonce, []byte(created), []byte(Password))) //nolint:gosec // see above
	digest := base64.StdEncoding.EncodeToString(sum[:])
	if s.Auth == Digest && (kind != "PasswordDigest" || password.Text != digest) ||
		s.Auth == Text && (kind != "PasswordText" || password.Text != Password) {
		return no
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.nonces[string(nonce)] {
		return &fault{code: "wsse:InvalidSecurity", words: "the nonce was used before"}
	}
	s.nonces[string(nonce)] = true
	return nil
}

// order is the schema of what is asked; a name with ? may be left out, one with * repeats.
var order = map[string]string{
	"FindVouchers":   "reference",
	"ListVouchers":   "from until prefix cursor? limit",
	"ReadVoucher":    "id",
	"PostVoucher":    "id",
	"DiscardVoucher": "id",
	"ReverseVoucher": "id reference date",
	"CreateVoucher":  "reference currency date text? line*",
	"line":           "account text? party? costCenter? project? order? debit? credit? foreign?",
	"ListMaster":     "list",
}

// inOrder holds a message against the schema, and says what is wrong.
func inOrder(e *element) string {
	wanted, known := order[e.XMLName.Local]
	if e.XMLName.Space != Space || !known {
		return "element " + e.XMLName.Local + " is not known"
	}
	at := 0
	for _, name := range strings.Fields(wanted) {
		bare := strings.TrimRight(name, "?*")
		n := 0
		for at < len(e.Children) && e.Children[at].XMLName == (xml.Name{Space: Space, Local: bare}) {
			child := e.Children[at]
			if order[bare] != "" {
				if no := inOrder(child); no != "" {
					return no
				}
			} else if len(child.Children) > 0 || strings.TrimSpace(child.Text) == "" {
				return "element " + bare + " has no value"
			}
			at, n = at+1, n+1
		}
		if n == 0 && bare == name || n > 1 && !strings.HasSuffix(name, "*") {
			return "element " + bare + " is expected once in " + e.XMLName.Local
		}
	}
	if at < len(e.Children) {
		return "element " + e.Children[at].XMLName.Local + " is not expected here"
	}
	return ""
}

func escaped(text string) string {
	var to bytes.Buffer
	_ = xml.EscapeText(&to, []byte(text)) // a buffer
	return to.String()
}
