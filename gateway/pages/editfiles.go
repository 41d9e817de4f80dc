package pages

import (
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/gateway/desk"
)

// invoiceRead is what a file says of an invoice, as a form takes it over.
type invoiceRead struct {
	Number, Date, Amount, Tax, Seller string

	Said string // what people are told came of it; "" where there is nothing to tell
}

// takeFiles keeps the files that came with the form; one that is refused is told
// with its field, the others stay. What a line's file says of an invoice fills what is
// still empty in the line.
func (v *visit) takeFiles(f *form, lines []string) []*fault.Fault {
	if v.r.MultipartForm == nil {
		return nil
	}
	var faults []*fault.Fault
	take := func(name, field string, into *[]formFile, kept func(formFile)) {
		for i, header := range v.r.MultipartForm.File[name] {
			if header.Size == 0 && header.Filename == "" {
				continue
			}
			file, err := v.takeFile(name+"."+strconv.Itoa(i), header)
			if err != nil {
				for _, refused := range orInternal(err) {
					refused.Field = field
					faults = append(faults, refused)
				}
				continue
			}
			*into = append(*into, file)
			kept(file)
		}
	}
	take("upload", "attachments", &f.Files, func(formFile) {})
	for i := range min(len(f.Lines), len(lines)) {
		line := &f.Lines[i]
		take("lines."+lines[i]+".upload", "lines["+strconv.Itoa(i)+"].attachments", &line.Files, func(file formFile) {
			read := v.readInvoice(file.ID)
			line.take(read, f.Currency)
			line.Said = strings.TrimSpace(line.Said + " " + read.Said)
		})
	}
	return faults
}

func (v *visit) takeFile(name string, header *multipart.FileHeader) (formFile, error) {
	content, err := header.Open()
	if err != nil {
		return formFile{}, err
	}
	defer content.Close() //nolint:errcheck // only read
	key := v.key("attach")
	if key.Key != "" {
		key.Key += "." + name
	}
	kept, err := v.desk().Attach(v.r.Context(), v.who,
		desk.Upload{Name: header.Filename, Content: content, Size: header.Size}, key)
	return formFile{kept.ID, kept.Name, kept.Size}, err
}

// readInvoice looks for an invoice in a file; a file that cannot be looked into is a
// file like any other.
func (v *visit) readInvoice(id string) invoiceRead {
	found, reading, err := v.desk().ReadInvoice(v.r.Context(), v.who, id)
	switch {
	case err != nil:
		return invoiceRead{}
	case reading == desk.InvoiceNotLooked:
		return invoiceRead{Said: v.t("page.invoice.not_looked")}
	case reading == desk.InvoiceNotFound:
		return invoiceRead{Said: v.t("page.invoice.not_found")}
	case reading != desk.InvoiceRead:
		return invoiceRead{}
	}
	return v.invoiceSaid(found)
}

// invoiceSaid tells an invoice and asks to look it over.
func (v *visit) invoiceSaid(found invoice.Invoice) invoiceRead {
	read := invoiceRead{Number: found.Reference(), Date: found.Date, Seller: found.Seller}
	facts := []string{found.Reference(), shownDate(v.locale, found.Date)}
	if found.Gross.Currency != "" {
		read.Amount = found.Gross.Text()
		facts = append(facts, shownMoney(found.Gross))
	}
	if found.Tax.Currency != "" {
		read.Tax = found.Tax.Text()
	}
	if found.Seller != "" {
		facts = append(facts, found.Seller)
	}
	read.Said = v.t("page.invoice.read", "facts", strings.Join(facts, " · "))
	if found.Gross.Currency == "" && found.Net.Currency != "" {
		read.Said += v.t("page.invoice.net", "net", shownMoney(found.Net))
	}
	return read
}

// take fills what is empty in a line; amounts only where the form is in their currency.
func (l *formLine) take(read invoiceRead, currency string) {
	fill := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	fill(&l.Invoice, read.Number)
	fill(&l.Date, read.Date)
	fill(&l.Description, read.Seller)
	if currency == invoiceCurrency && l.Amount == "" {
		l.Amount = read.Amount
		fill(&l.Tax, read.Tax)
	}
}

// invoiceCurrency is that of every invoice that is read.
const invoiceCurrency = "CNY"

// uploaded is one file that a script sent, for the page to put in its place.
type uploaded struct {
	File    formFile
	Read    invoiceRead
	Refused string
}

// upload handles POST /attachments: files for a form that stays where it is.
func upload(v *visit) error {
	var list []uploaded
	if v.r.MultipartForm == nil {
		return fault.New(fault.Invalid, "request.malformed")
	}
	for i, header := range v.r.MultipartForm.File["upload"] {
		kept, err := v.takeFile("upload."+strconv.Itoa(i), header)
		if err != nil {
			refused := uploaded{File: formFile{Name: header.Filename}, Refused: v.faultText(orInternal(err)[0])}
			if strings.Contains(refused.Refused, header.Filename) {
				refused.File.Name = "" // the text names it
			}
			list = append(list, refused)
			continue
		}
		list = append(list, uploaded{File: kept, Read: v.readInvoice(kept.ID)})
	}
	return v.fragment(http.StatusOK, "uploaded", list)
}

// thumbnail handles GET /attachments/:id/thumbnail: a small picture, drawn anew.
func thumbnail(v *visit) error {
	small, err := v.desk().Thumbnail(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Disposition", `inline; filename="preview.jpg"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=600")
	_, err = v.w.Write(small)
	return err
}

// Pictured says whether a small picture of a file can be shown.
func (f formFile) Pictured() bool {
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return false
}
