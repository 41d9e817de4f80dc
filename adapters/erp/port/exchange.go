package port

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/jsonread"
)

// answerMax bounds one answer of an ERP.
const answerMax = 16 << 20

// Answer is what came back, whatever its status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send makes one exchange. It never repeats a request: net/http does so in
// secret where a body can be read again, hence the body cannot.
// writes says whether the request may change something, see Lost.
func Send(client *http.Client, r *http.Request, writes bool) (Answer, error) {
	if writes {
		r.GetBody = nil
	}
	answer, err := client.Do(r)
	if err != nil {
		return Answer{}, Lost(err, writes)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerMax+1))
	if err != nil {
		return Answer{}, Lost(err, writes)
	}
	if len(body) > answerMax {
		return Answer{}, Unclear(fmt.Sprintf("the answer is longer than %d bytes", answerMax), writes)
	}
	if body, err = Readable(answer.StatusCode, answer.Header, body, writes); err != nil {
		return Answer{}, err
	}
	return Answer{answer.StatusCode, answer.Header, body}, nil
}

// answerDepth bounds how deep an answer in JSON is nested.
const answerDepth = 100

// chinese are the names by which the old encodings of Chinese are declared.
var chinese = []string{"gbk", "gb2312", "gb18030", "x-gbk", "cp936", "ms936"}

// Readable is an answer in UTF-8, which it becomes where it says that it is in an old encoding
// of Chinese. What is JSON and can be read in two ways is refused; what is neither JSON nor XML
// its adapter knows what to do with.
func Readable(status int, header http.Header, body []byte, writes bool) ([]byte, error) {
	media, said, _ := mime.ParseMediaType(header.Get("Content-Type")) // none says nothing
	if bytes.HasPrefix(body, []byte("<?xml")) || strings.HasSuffix(media, "xml") {
		return readableXML(status, said["charset"], body, writes)
	}
	if !jsonread.Begins(body) {
		return body, nil
	}
	if slices.Contains(chinese, strings.ToLower(said["charset"])) {
		if read, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body); err == nil {
			body = read
		}
	}
	err := jsonread.Answer(status, body, jsonread.Limits{Depth: answerDepth})
	switch {
	case errors.Is(err, jsonread.ErrNotUTF8) && writes:
		return nil, Fault(CodeNotUTF8Written, header.Get("Content-Type"))
	case errors.Is(err, jsonread.ErrNotUTF8):
		return nil, Fault(CodeNotUTF8, header.Get("Content-Type"))
	case err != nil:
		return nil, Unclear(err.Error(), writes)
	}
	return body, nil
}

// prolog is how XML declares its encoding, whose name is the second group.
var prolog = regexp.MustCompile(`^(<\?xml[^>]{0,100}?)\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']`)

// readableXML goes by the charset of the answer where that is an old encoding of Chinese, and by the
// XML's own declaration otherwise. What was read declares none any more, for it is UTF-8 then. An
// answer that is no success may be anybody's page: its status is what counts.
func readableXML(status int, charset string, body []byte, writes bool) ([]byte, error) {
	name := strings.ToLower(charset)
	declared := prolog.FindSubmatch(body)
	if !slices.Contains(chinese, name) && declared != nil {
		name = strings.ToLower(string(declared[2]))
	}
	if slices.Contains(chinese, name) {
		if read, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body); err == nil {
			return prolog.ReplaceAll(read, []byte("$1")), nil
		}
	}
	foreign := declared != nil && !strings.EqualFold(string(declared[2]), "utf-8")
	switch {
	case status != http.StatusOK || utf8.Valid(body) && !foreign:
		return body, nil
	case writes:
		return nil, Fault(CodeNotUTF8Written, name)
	}
	return nil, Fault(CodeNotUTF8, name)
}

// Status turns an HTTP status that carries no words of the ERP's own into a
// fault; nil for 200. Behind 5xx and 408 the request may have run to its end.
func Status(status int, writes bool) error {
	words := fmt.Sprintf("HTTP %d %s", status, http.StatusText(status))
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return Fault(CodeNotAllowed, words)
	case status == http.StatusTooManyRequests:
		return Fault(CodeRateLimited, words)
	case status == http.StatusNotFound:
		return Fault(CodeUnavailable, words)
	case status >= 500 || status == http.StatusRequestTimeout:
		return Unclear(words, writes)
	}
	return Fault(CodeRefused, words)
}

// Words is one row of a table that sorts what an ERP says; the first match wins.
type Words struct {
	Text *regexp.Regexp
	Code string
}

// Sort turns an ERP's own words into a fault: erp.refused where no row matches.
func Sort(table []Words, said string) error {
	for _, w := range table {
		if w.Text.MatchString(said) {
			return Fault(w.Code, said)
		}
	}
	return Fault(CodeRefused, said)
}

// Hide takes secrets out of words that an ERP said: some repeat what they were sent.
func Hide(words string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			words = strings.ReplaceAll(words, s, "(secret)")
			words = strings.ReplaceAll(words, url.QueryEscape(s), "(secret)")
		}
	}
	return words
}

// HideIn takes secrets out of the words of a fault, also where the bound of its words
// cut one in two.
func HideIn(err error, secrets ...string) error {
	f, ok := fault.As(err)
	if !ok || f.Args["words"] == "" {
		return err
	}
	words := Hide(f.Args["words"], secrets...)
	if whole, cut := strings.CutSuffix(words, "…"); cut {
		for _, s := range secrets {
			for n := len(s) - 1; n >= hiddenLeast; n-- {
				whole = strings.TrimSuffix(whole, s[:n])
			}
		}
		words = whole + "…"
	}
	hidden := *f
	hidden.Args = maps.Clone(f.Args)
	hidden.Args["words"] = words
	return &hidden
}
