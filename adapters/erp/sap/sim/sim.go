// Package sim is one company code of an SAP S/4HANA for tests: the synchronous and the
// asynchronous journal entry interface and the OData lists a connector needs, written from the
// facts, with nothing of the connector.
//
// Verified (SAP's documents and samples): path, namespace and SOAP 1.1 of the
// interface, basic authentication, the elements of a request and that their order
// matters, BKPFF and RFBU, credits with a minus and H, field lengths 16 and 25, that
// a refusal is HTTP 200 with severity 3, an empty or zero document and year 0000,
// 609(RW) beside the reason, real SOAP faults as 500, OData V2 and its dates. Read in answers of
// real systems that others published: a refusal's blank document and company code, 605(RW), and
// 104(F5) and 507(F5) with their sentences. Of the released views of rates (I_ExchangeRateRawData,
// I_ExchangeRateFactorsRawData): their fields and keys, that a rate refers to the factors of TCURF
// while those beside it in TCURR have no meaning (SAP Note 783877), that one with a minus is quoted
// the other way round. Seen in public code only: the name of the cube and of most of its properties;
// that an indirect rate's factors are those of the opposite pair, and that an alternative rate type
// in the factors is not to be converted with.
//
// Not verified (our guess): every other message's sentence, DocumentItemText and
// AmountInCompanyCodeCurrency and where they stand in the order, whether DocumentReferenceID is kept
// in capitals, how soon the cube shows what was posted, the master data services, names and form of
// what a key user publishes by the app Custom CDS Views (text for decimals, /Date()/ for days),
// faultcode Client for a message of the wrong form. A repeated message id is booked
// again, for SAP promises nothing about it. Of the asynchronous interface HTTP 202 alone is
// verified; its path is the synchronous one's rule applied to its name.
package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

const bodyMax = 8 << 20

// Who may log in, and where.
const (
	User     = "CSN_USER"
	Password = "sap-secret-1"
	Company  = "1310"
	Creator  = "CC0000000002"
	Chart    = "YCOA"
	Posting  = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
	Bulk     = "/sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques" // asynchronous
	Services = "/sap/opu/odata/sap/"
)

// The faults that can be injected, beside those of a proxy.
const (
	Locked   = "locked"     // somebody else works on it
	NoRight  = "no right"   // refused in the log
	Dump     = "dump"       // 500 with a SOAP fault, before anything
	DoneLate = "done, late" // posted, and then a SOAP fault
	Evil     = "evil"       // posted, and an answer with a document type
	Strange  = "strange"    // posted, and a confirmation of another message
	NotThere = "not there"  // the OData service is not in the arrangement
	Silent   = "no reason"  // posted, and a confirmation with neither document nor reason
)

// Server is one company code. It is an http.Handler.
type Server struct {
	Books  *simbooks.Books
	Faults *simbooks.Faults
	Today  time.Time // from which the days of its rates are counted back

	Slow      int                // questions before messages are worked off; 0 = at the next one
	OnRefusal func(words string) // is told what SAP's monitor (AIF) says of a message; nil = nobody

	mutex sync.Mutex
	taken []message // by the asynchronous interface, not worked on yet
	reads int       // since the last message was taken
}

// New makes a company code with fresh books.
func New() *Server {
	return &Server{Books: simbooks.New(), Faults: &simbooks.Faults{}, Today: time.Now()}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	switch set, odata := strings.CutPrefix(r.URL.Path, Services); {
	case !ok || user != User || password != Password:
		w.Header().Set("WWW-Authenticate", `Basic realm="SAP NetWeaver"`)
		http.Error(w, "Logon failed for "+user, http.StatusUnauthorized)
	case r.URL.Path == Posting && r.Method == http.MethodPost:
		s.posting(w, r)
	case r.URL.Path == Bulk && r.Method == http.MethodPost:
		s.take(w, r)
	case odata && r.Method == http.MethodGet:
		s.workOff()
		s.list(w, r, set)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) posting(w http.ResponseWriter, r *http.Request) {
	injected := s.Faults.Take("post")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
		http.Error(w, "text/xml", http.StatusUnsupportedMediaType)
		return
	}
	if injected == Dump {
		fault(w, "soap-env:Server", "Web service processing error; more details in the web service error log")
		return
	}
	message, no := parse(body)
	if no != "" {
		fault(w, "soap-env:Client", no)
		return
	}
	v, notes := s.book(message, injected)
	switch injected {
	case DoneLate:
		fault(w, "soap-env:Server", "Web service processing error")
	case Evil:
		_, _ = io.WriteString(w, `<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><e>&x;</e>`)
	case Strange:
		confirm(w, "ANOTHER", v, notes)
	case Silent:
		confirm(w, message.ID, simbooks.Voucher{}, nil)
	default:
		confirm(w, message.ID, v, notes)
	}
}

// take takes a message of the asynchronous interface: only its form is looked at.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") {
		http.Error(w, "text/xml", http.StatusUnsupportedMediaType)
		return
	}
	m, no := parse(body)
	if no != "" {
		fault(w, "soap-env:Client", no)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.taken, s.reads = append(s.taken, m), 0
	w.WriteHeader(http.StatusAccepted)
}

// workOff posts what was taken, once enough questions came.
func (s *Server) workOff() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.reads++; s.reads <= s.Slow {
		return
	}
	for _, m := range s.taken {
		if v, notes := s.book(m, ""); v.ID == 0 && s.OnRefusal != nil {
			s.OnRefusal(m.Reference + ": " + notes[len(notes)-1].Text)
		}
	}
	s.taken = nil
}

// Counted says how many messages under a reference wait, and how many entries are posted.
func (s *Server) Counted(reference string) (waiting, posted int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, m := range s.taken {
		if m.Reference == reference {
			waiting++
		}
	}
	others, posted := s.Books.Count(reference, "posted")
	return waiting + others, posted
}

// note is one item of a log.
type note struct{ Type, Severity, Text string }

func refused(kind, text string) []note {
	return []note{{"609(RW)", "3", "Error in document: BKPFF $ 0LQ1KD2"}, {kind, "3", text}}
}

// book posts what it can, and says what became of it.
func (s *Server) book(m message, injected string) (simbooks.Voucher, []note) {
	switch {
	case injected == Locked:
		return simbooks.Voucher{}, refused("042(F5)", "Account 6602 in company code 1310 is currently locked by user BAUER")
	case injected == NoRight:
		return simbooks.Voucher{}, refused("083(F5)", "You are not authorized to post in company code 1310")
	case m.Company != Company:
		return simbooks.Voucher{}, refused("165(F5)", "Company code "+m.Company+" does not exist")
	case len([]rune(m.Reference)) > 16 || len([]rune(m.HeaderText)) > 25:
		return simbooks.Voucher{}, refused("000(RW)", "A field is longer than its type allows")
	}
	v := simbooks.Voucher{Ref: m.Reference, Date: m.PostingDate, State: "posted", Lines: m.Lines}
	v, no := s.Books.Add(v, false)
	if no == nil {
		return v, []note{{"605(RW)", "1", "Document posted successfully: BKPFF " + document(v)}}
	}
	switch no.Why {
	case simbooks.ClosedPeriod:
		return v, refused("201(F5)", "Posting period "+m.PostingDate[5:7]+" "+m.PostingDate[:4]+" is not open")
	case simbooks.UnknownAccount:
		return v, refused("507(F5)", "G/L account "+no.Value+" is not defined in chart of accounts YCOA")
	case simbooks.UnknownPerson:
		if m.Lines[no.Line-1].Dimensions["supplier"] == no.Value {
			return v, refused("104(F5)", "Vendor "+no.Value+" is not defined in company code 1310")
		}
		return v, refused(unknown(m.Lines[no.Line-1].Dimensions, no.Value))
	case simbooks.NotKept:
		return v, refused("235(KI)", "Account "+m.Lines[no.Line-1].Account+" takes no account assignment ("+no.Value+")")
	case simbooks.MissingPerson:
		return v, refused("020(F5)", "Supplier is missing for the reconciliation account")
	case simbooks.Unbalanced:
		return v, refused("022(RW)", "Balance in transaction currency "+no.Value)
	}
	return v, refused("014(RW)", "The document has too few items")
}

// unknown is what is said of an account assignment that nobody knows.
func unknown(of map[string]string, value string) (kind, text string) {
	switch value {
	case of["profit"]:
		return "111(KM)", "Profit center 1000/" + value + " does not exist"
	case of["project"]:
		return "004(CJ)", "WBS element " + value + " does not exist"
	case of["order"]:
		return "001(KO)", "Order " + value + " does not exist"
	}
	return "265(KI)", "Cost center 1000/" + value + " does not exist"
}

func document(v simbooks.Voucher) string { return fmt.Sprintf("%010d", v.ID) }

func confirm(w http.ResponseWriter, id string, v simbooks.Voucher, notes []note) {
	number, company, year, worst := " ", " ", "0000", "1"
	if v.ID != 0 {
		number, company, year = document(v), Company, v.Date[:4]
	}
	items := ""
	for _, n := range notes {
		worst = max(worst, n.Severity)
		items += "<Item><TypeID>" + n.Type + "</TypeID><SeverityCode>" + n.Severity + "</SeverityCode><Note>" + n.Text +
			"</Note><WebURI>http://www.sap.com</WebURI></Item>"
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = io.WriteString(w,
		`<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Header/>`+
			`<soap-env:Body><n0:JournalEntryBulkCreateConfirmation xmlns:n0="http://sap.com/xi/SAPSCORE/SFIN"><MessageHeader/>`+
			`<ConfirmationInterfaceOrignName/><JournalEntryCreateConfirmation><MessageHeader><ReferenceID>`+id+
			`</ReferenceID></MessageHeader><JournalEntryCreateConfirmation><AccountingDocument>`+number+
			`</AccountingDocument><CompanyCode>`+company+`</CompanyCode><FiscalYear>`+year+
			`</FiscalYear></JournalEntryCreateConfirmation><Log><MaximumLogItemSeverityCode>`+worst+
			`</MaximumLogItemSeverityCode>`+items+`</Log></JournalEntryCreateConfirmation><Log/>`+
			`</n0:JournalEntryBulkCreateConfirmation></soap-env:Body></soap-env:Envelope>`)
}

func fault(w http.ResponseWriter, code, text string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w,
		`<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>`+
			`<soap-env:Fault><faultcode>`+code+`</faultcode><faultstring xml:lang="en">`+text+`</faultstring></soap-env:Fault>`+
			`</soap-env:Body></soap-env:Envelope>`)
}

// condition is the only kind of filter that is understood here.
var condition = regexp.MustCompile(`^\(?(\w+) (eq|gt|ge|le) (datetime)?'((?:[^']|'')*)'\)?$`)

// matches holds a row against one condition: a day is compared as one.
func matches(row map[string]any, c []string) bool {
	have, want := fmt.Sprint(row[c[1]]), strings.ReplaceAll(c[4], "''", "'")
	if c[3] == "datetime" {
		milliseconds, _ := strconv.ParseInt(strings.Trim(have, "/Date()"), 10, 64)
		have = time.UnixMilli(milliseconds).UTC().Format("2006-01-02T15:04:05")
	}
	switch c[2] {
	case "gt":
		return have > want
	case "ge":
		return have >= want
	case "le":
		return have <= want
	}
	return have == want
}

// list answers one OData query.
func (s *Server) list(w http.ResponseWriter, r *http.Request, set string) {
	injected := s.Faults.Take("read")
	rows, known := s.rows(set)
	if !known || injected == NotThere {
		odataError(w, http.StatusNotFound, "No service found for namespace '', name '"+set+"', version '0001'")
		return
	}
	q := r.URL.Query()
	if q.Get("$format") != "json" {
		w.Header().Set("Content-Type", "application/atom+xml")
		_, _ = io.WriteString(w, "<feed/>")
		return
	}
	found := []map[string]any{}
	for _, row := range rows {
		fits := true
		for _, part := range strings.Split(q.Get("$filter"), " and ") {
			if q.Get("$filter") == "" {
				break
			}
			c := condition.FindStringSubmatch(part)
			if c == nil || row[c[1]] == nil || strings.HasSuffix(c[1], "Date") != (c[3] == "datetime") {
				odataError(w, http.StatusBadRequest, "Invalid token detected in the filter: "+part)
				return
			}
			fits = fits && matches(row, c)
		}
		if fits {
			found = append(found, row)
		}
	}
	top, err := strconv.Atoi(q.Get("$top"))
	skip, other := strconv.Atoi(q.Get("$skip"))
	if err != nil || other != nil || top < 1 || skip < 0 {
		odataError(w, http.StatusBadRequest, "Invalid system query options value")
		return
	}
	if found = selected(found, q.Get("$select")); found == nil {
		odataError(w, http.StatusBadRequest, "Resource not found for segment in $select="+q.Get("$select"))
		return
	}
	found = found[min(skip, len(found)):min(skip+top, len(found))]
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"d": map[string]any{"results": found}})
}

func odataError(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": "005056A509B11EE1B9A8FEC11C21D78E",
		"message": map[string]any{"lang": "en", "value": text}}})
}
