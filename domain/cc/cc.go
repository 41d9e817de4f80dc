// Package cc is the copying in of colleagues on a document: they may read it,
// and decide nothing. 抄送、传阅
//
// A copy is evidence, for it gives a right: who let whom read what, and when. So
// each is an event in a stream of its document's own, StreamPrefix and the
// document's id, beside the row that reading rights are judged by. The stream
// of the document itself is left to its approval, which no copy changes.
package cc

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// StreamPrefix, with a document's id, names the stream of its copies.
const StreamPrefix = "copies:"

// The kinds of event in such a stream. Their causes are copy:<batch> and
// remove:<batch>:<person>; the batch of a policy is <document>:<seq>, with the event
// of the document that made it due.
const (
	Given   = "copy.made"
	Removed = "copy.removed"
)

// How somebody came to copy another in.
type How string

// The ways.
const (
	ByApproval = How("cc")        // submitter, requester, or who was asked to decide 抄送
	PassedOn   = How("passed_on") // who was copied in themselves 传阅
	ByMention  = How("mention")   // named in a remark, and could not read it before 提及
	ByPolicy   = How("policy")    // the policy names them: nobody did it 流程抄送
)

// The limits.
const (
	CallMax     = 20  // people copied in by one call
	DocumentMax = 200 // copies ever made of one document, the removed among them
	RemarkMax   = 500 // characters of a remark or of a reason
)

// Copy is one person's copy of a document.
type Copy struct {
	Batch    string // of those made by one call
	Document string
	Person   string // who may read
	By       string // who let them
	How      How
	Remark   string
	At       time.Time
	ReadAt   time.Time // when they first opened it; zero while they did not 已阅

	RemovedBy    string
	RemovedAt    time.Time // zero while it stands
	RemoveReason string
}

// MadeData is the data of copy.made.
type MadeData struct {
	Batch  string   `json:"batch"`
	How    How      `json:"how"`
	People []string `json:"people"`
	Remark string   `json:"remark,omitempty"`
}

// RemovedData is the data of copy.removed.
type RemovedData struct {
	Batch  string `json:"batch"`
	Person string `json:"person"`
	Reason string `json:"reason,omitempty"`
}

// Codes are the faults of copies.
var Codes = fault.Register(map[string]fault.Entry{
	"copy.nobody":          {Kind: fault.Invalid},
	"copy.self":            {Kind: fault.Invalid},
	"copy.too_many":        {Kind: fault.Invalid, Args: []string{"max"}},
	"copy.remark_too_long": {Kind: fault.Invalid, Args: []string{"max"}},
	"copy.already":         {Kind: fault.Conflict, Args: []string{"person"}},
	"copy.document_full":   {Kind: fault.Conflict, Args: []string{"max"}},
	"copy.draft":           {Kind: fault.Conflict},
	"copy.not_found":       {Kind: fault.NotFound},
	"copy.by_policy":       {Kind: fault.Forbidden, Args: []string{"person"}},
})

// Check judges one call: the people to be copied in by somebody, each once.
// What stands already is for Admit.
//
// Errors: Invalid copy.nobody, copy.self, copy.too_many, copy.remark_too_long.
func Check(by string, people []string, remark string) error {
	switch {
	case len(people) == 0:
		return fault.New(fault.Invalid, "copy.nobody", fault.Field("people"))
	case slices.Contains(people, by):
		return fault.New(fault.Invalid, "copy.self", fault.Field("people"))
	case len(people) > CallMax:
		return fault.New(fault.Invalid, "copy.too_many", fault.Field("people"), fault.Arg("max", "20"))
	}
	return CheckRemark(remark, "remark")
}

// CheckRemark judges the length of a remark or a reason.
//
// Errors: Invalid copy.remark_too_long.
func CheckRemark(text, field string) error {
	if utf8.RuneCountInString(text) > RemarkMax {
		return fault.New(fault.Invalid, "copy.remark_too_long", fault.Field(field), fault.Arg("max", "500"))
	}
	return nil
}

// Wanting are those of the people named by a plan who are copied in now: not who
// holds a copy, and not whose copy by the policy was taken back, for a person did that
// and knew why. What somebody else made and took back again stands in nobody's way.
func Wanting(before []Copy, people []string) []string {
	var wanting []string
	for _, person := range people {
		if !slices.ContainsFunc(before, func(c Copy) bool {
			return c.Person == person && (c.RemovedAt.IsZero() || c.How == ByPolicy)
		}) {
			wanting = append(wanting, person)
		}
	}
	return wanting
}

// Admit judges a call against the copies that were made of the document before:
// nobody has two, and there is an end to them.
//
// Errors: Conflict copy.already with the first who has one, copy.document_full.
func Admit(before []Copy, people []string) error {
	for _, c := range before {
		if c.RemovedAt.IsZero() && slices.Contains(people, c.Person) {
			return fault.New(fault.Conflict, "copy.already", fault.Field("people"), fault.Arg("person", c.Person))
		}
	}
	if len(before)+len(people) > DocumentMax {
		return fault.New(fault.Conflict, "copy.document_full", fault.Field("people"), fault.Arg("max", "200"))
	}
	return nil
}
