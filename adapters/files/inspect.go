package files

import (
	"archive/zip"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"github.com/countersign/countersign/domain/fault"
)

const (
	nameMax       = 200     // characters of a file's name
	headMax       = 1 << 20 // bytes looked at to find the type
	zipEntriesMax = 10_000  // entries looked at inside an office file
)

// form is what we know of a kind of file that may be attached.
type form struct {
	media  string   // what we call it from here on
	detect []string // what its content may look like
	inline bool     // a browser may show it by itself
	inside string   // an entry that must be inside, for the kinds that are zip archives
}

// forms are what may be attached, by extension. Archives are not among them: an
// approver cannot see what is in one. Neither are macros, HTML and SVG.
var forms = map[string]form{
	".pdf":  {media: "application/pdf", detect: []string{"application/pdf"}, inline: true},
	".png":  {media: "image/png", detect: []string{"image/png"}, inline: true},
	".jpg":  {media: "image/jpeg", detect: []string{"image/jpeg"}, inline: true},
	".jpeg": {media: "image/jpeg", detect: []string{"image/jpeg"}, inline: true},
	".webp": {media: "image/webp", detect: []string{"image/webp"}, inline: true},
	".heic": {media: "image/heic", detect: []string{"image/heic", "image/heic-sequence", "image/heif"}},
	".xml":  {media: "application/xml", detect: []string{"text/xml", "application/xml"}},
	".txt":  {media: "text/plain", detect: []string{"text/plain", "text/csv", "text/tab-separated-values"}},
	".csv":  {media: "text/csv", detect: []string{"text/csv", "text/plain"}},
	".ofd":  {media: "application/ofd", detect: []string{"application/zip"}, inside: "OFD.xml"},
	".xlsx": {media: office + "spreadsheetml.sheet", inside: "xl/workbook.xml",
		detect: []string{office + "spreadsheetml.sheet", "application/zip"}},
	".docx": {media: office + "wordprocessingml.document", inside: "word/document.xml",
		detect: []string{office + "wordprocessingml.document", "application/zip"}},
}

const office = "application/vnd.openxmlformats-officedocument."

// macroEntry is inside an office file that carries a program.
const macroEntry = "vbaProject.bin"

// Allowed lists the extensions that may be attached, for people.
func Allowed() []string {
	var list []string
	for ext := range forms {
		list = append(list, strings.TrimPrefix(ext, "."))
	}
	slices.Sort(list)
	return list
}

// Inline says whether a browser may show a kind of file by itself.
func Inline(media string) bool {
	for _, f := range forms {
		if f.media == media {
			return f.inline
		}
	}
	return false
}

// Inspect finds the type of a file from its content and holds it against its
// name.
//
// Errors: Invalid attachment.empty, bad_name, not_allowed (of a kind that may
// not be attached), disguised (the content is not what the name says) and broken (an
// archive that cannot be opened, such as one that was copied by halves).
func Inspect(name string, content io.ReaderAt, size int64) (media string, err error) {
	if size == 0 {
		return "", fault.New(fault.Invalid, "attachment.empty", fault.Arg("name", name))
	}
	f, known := forms[strings.ToLower(path.Ext(name))]
	if !known {
		return "", fault.New(fault.Invalid, "attachment.not_allowed",
			fault.Arg("name", name), fault.Arg("allowed", strings.Join(Allowed(), ", ")))
	}
	found, err := mimetype.DetectReader(io.NewSectionReader(content, 0, min(size, headMax)))
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(f.detect, found.Is) {
		return "", disguised(name, found.String())
	}
	if f.inside == "" {
		return f.media, nil
	}
	opened, err := zip.NewReader(content, size)
	if err != nil {
		return "", fault.New(fault.Invalid, "attachment.broken", fault.Arg("name", name))
	}
	if !holds(opened, f.inside) {
		return "", disguised(name, "application/zip")
	}
	return f.media, nil
}

func disguised(name, found string) error {
	found, _, _ = strings.Cut(found, ";")
	return fault.New(fault.Invalid, "attachment.disguised", fault.Arg("name", name), fault.Arg("found", found))
}

// holds says whether a zip archive has the entry that makes it what it says, and
// no program. Only the directory of the archive is read, nothing is unpacked.
func holds(archive *zip.Reader, entry string) bool {
	if len(archive.File) > zipEntriesMax {
		return false
	}
	has := false
	for _, f := range archive.File {
		if strings.EqualFold(path.Base(f.Name), macroEntry) {
			return false
		}
		has = has || f.Name == entry
	}
	return has
}

// CleanName makes a file's name fit to be shown and sent back: its last part,
// without control characters.
//
// Errors: Invalid attachment.bad_name.
func CleanName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", fault.New(fault.Invalid, "attachment.bad_name")
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return -1 // control characters, and those that turn text around to hide an extension
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if name == "" || name == "." || name == ".." || name == "/" || utf8.RuneCountInString(name) > nameMax {
		return "", fault.New(fault.Invalid, "attachment.bad_name")
	}
	return name, nil
}
