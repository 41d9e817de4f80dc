package sap

import (
	"regexp"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
)

// said sorts what SAP says, in English or Chinese, into our codes; the first match
// wins. The texts are those of the messages F5, RW, KI and F2 as they are known.
var said = []port.Words{
	{Text: regexp.MustCompile(`(?i)posting period .{0,30}not open|period .{0,30}(is )?(closed|not open)|` +
		`记账期间.{0,20}(未|没有)打开`),
		Code: port.CodeClosedPeriod},
	{Text: regexp.MustCompile(`(?i)balance (in|not)|not balanced|余额不为零|借贷不平`), Code: port.CodeUnbalanced},
	{Text: regexp.MustCompile(`(?i)(supplier|vendor|customer|creditor|debtor|business partner).{0,40}` +
		`(not (exist|defined|created|found)|does not exist|blocked|unknown|missing)|(供应商|客户).{0,30}(不存在|未定义|没有)`),
		Code: port.CodeUnknownParty},
	{Text: regexp.MustCompile(`(?i)(cost cent(er|re)|profit cent(er|re)|wbs element|order).{0,40}` +
		`(not (exist|defined|created|found)|does not exist|unknown)|(成本中心|利润中心|WBS 元素|订单).{0,30}(不存在|未定义)`),
		Code: port.CodeUnknownDimension},
	{Text: regexp.MustCompile(`(?i)account .{0,60}(not (exist|defined|created|found)|does not exist|blocked)|` +
		`科目.{0,30}(不存在|未定义|没有|未在)`),
		Code: port.CodeUnknownAccount},
	{Text: regexp.MustCompile(`(?i)no authori[sz]ation|not authori[sz]ed|没有权限`), Code: port.CodeNotAllowed},
	{Text: regexp.MustCompile(`(?i)locked by|currently (being )?(locked|processed)|被.{0,20}锁定`),
		Code: port.CodeUnavailable},
}

// confirmation is the answer to a posting.
type confirmation struct {
	Entries []struct {
		Header struct {
			ReferenceID string `xml:"ReferenceID"`
		} `xml:"MessageHeader"`
		Document struct {
			Number  string `xml:"AccountingDocument"`
			Company string `xml:"CompanyCode"`
			Year    string `xml:"FiscalYear"`
		} `xml:"JournalEntryCreateConfirmation"`
		Log log `xml:"Log"`
	} `xml:"Body>JournalEntryBulkCreateConfirmation>JournalEntryCreateConfirmation"`
	Log log `xml:"Body>JournalEntryBulkCreateConfirmation>Log"`
}

type log struct {
	Items []struct {
		Type     string `xml:"TypeID"`
		Severity string `xml:"SeverityCode"`
		Note     string `xml:"Note"`
	} `xml:"Item"`
}

// severityError and above is a refusal; 2 is a warning, 1 says that it went well.
const severityError = "3"

// generic is the message that only says that there are others.
const generic = "609(RW)"

// notes are what the log says went wrong.
func (l log) notes() string {
	var all []string
	for _, i := range l.Items {
		if i.Severity >= severityError && i.Type != generic {
			all = append(all, strings.TrimSpace(i.Note))
		}
	}
	return strings.Join(all, "; ")
}

// number is the document's, "" for none: SAP writes zeros, or a blank.
func number(text string) string {
	if text = strings.TrimSpace(text); strings.Trim(text, "0") == "" {
		return ""
	}
	return text
}

// soapFault reads a SOAP fault; client says that the message itself was at fault.
func soapFault(body []byte) (words string, client bool) {
	var got struct {
		Fault struct {
			Code string `xml:"faultcode"`
			Text string `xml:"faultstring"`
		} `xml:"Body>Fault"`
	}
	if readXML(body, &got) != nil {
		return "", false
	}
	return strings.TrimSpace(got.Fault.Text), strings.Contains(strings.ToLower(got.Fault.Code), "client")
}
