package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters in GBK and the like
	gomessage "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
)

// The limits of an answer.
const (
	replyMax      = 1 << 20 // bytes that are read
	replyHeadMax  = 256 << 10
	replyTextMax  = 64 << 10
	replyPartsMax = 50
)

// replyPrefix begins the address that a letter is answered to: r+<token>@domain.
const replyPrefix = "r+"

// Replies takes answers to letters, by LMTP from the mail server of the house. It hears
// those that the server proved to come from whom they say; what else arrives is taken and
// dropped, so that nobody is answered who may not have written.
type Replies struct {
	Domain   string // of the addresses that letters are answered to
	AuthServ string // how the mail server of the house calls itself in Authentication-Results
	// Heard is told an answer. Where it fails the mail server keeps it and comes again.
	Heard func(ctx context.Context, r Reply) error
	Told  func(outcome string) // counts what is dropped; nil counts nothing
}

// Reply is an answer to a letter, from whom it says.
type Reply struct {
	ID    string // its Message-ID
	Token string // in the address it was sent to
	From  string // address, in lower case
	Text  string // the plain text
}

// Why an answer is dropped.
var (
	errAutomatic = errors.New("automatic") // a program wrote it: RFC 3834
	errMalformed = errors.New("malformed")
	errUnproved  = errors.New("unproved") // nobody vouches for who wrote it, or to whom
)

// Address is where a letter is answered to that has this token.
func (r Replies) Address(token string) string { return replyPrefix + token + "@" + r.Domain }

// Serve speaks LMTP on a listener that only the mail server of the house reaches, until
// ctx ends.
func (r Replies) Serve(ctx context.Context, l net.Listener) error {
	return serveLMTP(ctx, l, r.Domain, func() smtp.Session { return &replySession{ctx: ctx, replies: r} })
}

// replySession is one dialogue.
type replySession struct {
	ctx     context.Context //nolint:containedctx // go-smtp hands none to a session
	replies Replies
	from    string
	tokens  []string
}

func (s *replySession) Reset()        { s.from, s.tokens = "", nil }
func (s *replySession) Logout() error { return nil }

func (s *replySession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *replySession) Rcpt(to string, _ *smtp.RcptOptions) error {
	token, err := tokenOf(to, replyPrefix, s.replies.Domain)
	if err == nil {
		s.tokens = append(s.tokens, token)
	}
	return err
}

// Data hears an answer. Whatever is no answer of somebody's is taken, and dropped.
func (s *replySession) Data(r io.Reader) error {
	raw, err := readMost(r, replyMax)
	if err != nil {
		return err
	}
	err = errMalformed
	var reply Reply
	switch {
	case s.from == "":
		err = errAutomatic // a report of what could not be delivered
	case len(s.tokens) == 1:
		reply, err = s.replies.read(raw, s.tokens[0])
	}
	if err != nil {
		slog.InfoContext(s.ctx, "a letter decided nothing", "why", err.Error())
		if s.replies.Told != nil {
			s.replies.Told(err.Error())
		}
		return nil
	}
	if err := s.replies.Heard(s.ctx, reply); err != nil {
		slog.ErrorContext(s.ctx, "an answer to a letter was not taken", "error", err.Error())
		return errLater
	}
	return nil
}

// read reads an answer that came to a token, and judges whether it is proved whose it is.
//
// Errors: errAutomatic, errMalformed, errUnproved.
func (r Replies) read(raw []byte, token string) (Reply, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: replyHeadMax})
	if e == nil || err != nil && !message.IsUnknownCharset(err) {
		return Reply{}, errMalformed
	}
	if automatic(e.Header) {
		return Reply{}, errAutomatic
	}
	head := gomessage.Header{Header: e.Header}
	from, to := oneAddress(head, "From"), addresses(head, "To")
	id := strings.TrimSpace(head.Get("Message-Id"))
	if from == "" || len(to) == 0 || id == "" || len(head.Values("Message-Id")) != 1 || len(head.Values("Sender")) > 1 {
		return Reply{}, errMalformed
	}
	if sender := oneAddress(head, "Sender"); head.Has("Sender") && sender != from {
		return Reply{}, errUnproved // somebody else wrote it in their name
	}
	if !slices.Contains(to, strings.ToLower(r.Address(token))) || !r.proved(head, from) {
		return Reply{}, errUnproved
	}
	// What is no UTF-8 cannot be kept; a word so broken is no decision.
	return Reply{ID: strings.ToValidUTF8(id, "�"), Token: strings.ToLower(token), From: from,
		Text: strings.ToValidUTF8(plain(e), "�")}, nil
}

// automatic says whether no person wrote a letter: answering machines and lists say so.
func automatic(h message.Header) bool {
	submitted, _, _ := strings.Cut(h.Get("Auto-Submitted"), ";")
	submitted = strings.ToLower(strings.TrimSpace(submitted))
	kind, _, _ := h.ContentType()
	precedence := strings.ToLower(strings.TrimSpace(h.Get("Precedence")))
	return submitted != "" && submitted != "no" || h.Has("List-Id") || h.Has("X-Autoreply") || h.Has("X-Autorespond") ||
		slices.Contains([]string{"bulk", "junk", "list", "auto_reply"}, precedence) ||
		strings.TrimSpace(h.Get("Return-Path")) == "<>" || kind == "multipart/report"
}

// oneAddress is the address of a field that is there once and names one; "" otherwise.
func oneAddress(h gomessage.Header, field string) string {
	all := addresses(h, field)
	if len(all) != 1 {
		return ""
	}
	return all[0]
}

// addresses are those of a field that is there once. A second one may have been put in
// where no signature looks.
func addresses(h gomessage.Header, field string) []string {
	if len(h.Values(field)) != 1 {
		return nil
	}
	list, err := h.AddressList(field)
	if err != nil {
		return nil
	}
	var all []string
	for _, a := range list {
		all = append(all, strings.ToLower(a.Address))
	}
	return all
}

// proved says whether the mail server of the house found a DKIM signature of the very
// domain that a letter is from, over whom it is from and to.
//
// Fields that servers add are put on top, so the first that bears the name of ours is its
// own: one below may be anybody's. What cannot be read above it is not passed over.
func (r Replies) proved(h gomessage.Header, from string) bool {
	domain := from[strings.LastIndexByte(from, '@')+1:]
	for _, value := range h.Values("Authentication-Results") {
		a, ok := readAuthenticated(value)
		if !ok {
			return false
		}
		if strings.EqualFold(a.server, r.AuthServ) {
			return slices.ContainsFunc(a.results, func(one authResult) bool {
				return one.method == "dkim" && one.value == "pass" && strings.EqualFold(signer(one), domain)
			}) && !slices.ContainsFunc(a.results, func(one authResult) bool {
				return one.method == "dmarc" && one.value == "fail"
			}) && covered(h, domain)
		}
	}
	return false
}

// signer is the domain that signed: header.d, or where that is not told, that of header.i.
func signer(r authResult) string {
	if d := r.properties["header.d"]; d != "" {
		return d
	}
	i := r.properties["header.i"]
	return i[strings.LastIndexByte(i, '@')+1:]
}

// covered says whether every signature of a domain is over From and To, and over the whole
// text: a letter that was signed to somebody else, or to which was added, proves nothing.
func covered(h gomessage.Header, domain string) bool {
	found := false
	for _, value := range h.Values("DKIM-Signature") {
		tags := map[string]string{}
		for tag := range strings.SplitSeq(value, ";") {
			name, said, _ := strings.Cut(tag, "=")
			tags[strings.TrimSpace(name)] = strings.ToLower(strings.Join(strings.Fields(said), ""))
		}
		if tags["d"] != domain {
			continue
		}
		found = true
		signed := strings.Split(tags["h"], ":")
		if _, part := tags["l"]; part || !slices.Contains(signed, "from") || !slices.Contains(signed, "to") {
			return false
		}
	}
	return found
}

// plain is the first plain text of a letter that is no attachment; "" for none.
func plain(e *message.Entity) string {
	found, parts := "", 0
	errEnough := errors.New("enough")
	err := e.Walk(func(_ []int, part *message.Entity, err error) error {
		if parts++; parts > replyPartsMax || err != nil && !message.IsUnknownCharset(err) {
			return errEnough
		}
		kind, _, _ := part.Header.ContentType()
		disposition, _, _ := part.Header.ContentDisposition()
		if kind != "text/plain" && kind != "" || disposition == "attachment" {
			return nil
		}
		text, _ := io.ReadAll(io.LimitReader(part.Body, replyTextMax)) // as much as there is
		found = string(text)
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return ""
	}
	return found
}
