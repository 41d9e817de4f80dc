package invariants

import (
	"encoding/json"
	"slices"
	"time"
)

// world is everything that was read, as it stands in the database.
type world struct {
	now          time.Time
	documents    map[string]*document // submitted ones, by id
	order        []string             // of documents, by id
	drafts       map[string]bool      // ids of drafts
	streams      map[string][]event   // events of what is no submitted document
	heads        map[string]head      // heads of the streams that are no documents
	keys         map[string]string    // public keys in base64, by id
	org          organisation
	rules        []rule // rows of delegations
	identities   []identity
	passkeys     []passkey
	nonces       map[string][]string // the acts that answer a question of a passkey
	loose        []note              // notices of no submitted document
	copies       []copied            // rows of copies
	reversals    []reversalRow
	reviews      []reviewRow
	actsAt       map[string]string // the document of every inbox row, by act
	booked       []booking
	bookedBefore []booking // what was booked when the database was read
	runs         map[string]run
	aggregating  map[string]bool // versions of policies that add amounts up, by id/version
}

type head struct {
	seq  int64
	hash string
}

// document is one submitted document's row with everything that hangs on it.
type document struct {
	ID, Number, Type, Title, Reason, Entity, Department, Submitter, Requester string
	PayeeKind, PayeeID, PayeeName, PayeeAccount, Urgency                      string

	Status, ContentHash, HeadHash, Step string
	Round, Revision                     int
	Seq                                 int64
	Total, Base, Claimed                amount
	Deciders                            []string
	Parked                              parking
	VoucherRef, VoucherNumber           string
	ClosedAt                            time.Time
	Intervened                          bool

	proposed  []proposed // interventions
	events    []event
	tasks     map[string]task // rows, by id
	revisions map[int]revision
	inbox     []act
	acts      map[string]act // inbox, by id
	causes    map[string]cause
	notices   []note
	effects   []effect
	vouchers  map[string]voucherRow // by reference
	start     *start
	fold      *folded
}

type amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// parking is what a document waits for that only a ruling can end.
type parking struct {
	Ref     string
	Attempt int
	Code    string
	Detail  string
	At      time.Time
}

type event struct {
	Stream                                   string
	Seq                                      int64
	At                                       time.Time
	Kind, Actor, OnBehalfOf, Cause           string
	Round, Revision                          int
	ContentHash, Text /* data */, Prev, Hash string
	V                                        int
	facts                                    facts
}

// facts are the fields of every kind of event's data.
type facts struct {
	Number      string      `json:"number"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Entity      string      `json:"entity"`
	Department  string      `json:"department"`
	Submitter   string      `json:"submitter"`
	Requester   string      `json:"requester"`
	Payee       string      `json:"payee"`
	Total       amount      `json:"total"`
	BaseTotal   amount      `json:"base_total"`
	Plan        *plan       `json:"plan"`
	Code        string      `json:"code"`
	Attempt     int         `json:"attempt"`
	Step        string      `json:"step"`
	Reason      string      `json:"reason"`
	Task        string      `json:"task"`
	Assignee    string      `json:"assignee"`
	Via         string      `json:"via"`
	Slot        int         `json:"slot"`
	DueAt       time.Time   `json:"due_at"`
	RemindAt    []time.Time `json:"remind_at"`
	Provisional bool        `json:"provisional"`
	For         string      `json:"for"`
	To          []string    `json:"to"`
	Past        []string    `json:"past"`
	Steps       []string    `json:"steps"`
	Approvers   []approver  `json:"approvers"`
	Opinion     string      `json:"opinion"`
	N           int         `json:"n"`
	Reference   string      `json:"reference"`
	Detail      string      `json:"detail"`
	Over        []string    `json:"over"`
	Maker       string      `json:"maker"`
	Ruling      string      `json:"ruling"`
	Next        string      `json:"next"`
	Lost        string      `json:"lost"`
	GivenBy     string      `json:"given_by"`
	Moved       *moved      `json:"moved"`
	Version     int         `json:"calendar_version"`
	Back        string      `json:"back"`
	Tasks       []kept      `json:"tasks"`
	Agreed      []spared    `json:"agreed"`
	Fresh       bool        `json:"fresh"`
}

// moved is how a deadline moved.
type moved struct {
	Recounted bool      `json:"recounted"`
	Was       time.Time `json:"was"`
}

type plan struct {
	Round      int      `json:"round"`
	OrgVersion int64    `json:"org_version"`
	Interested []string `json:"interested"`
	Steps      []step   `json:"steps"`
	Then       []string `json:"then"`
	Humans     int      `json:"humans"`

	Same    [][]string `json:"same"` // accounts of one human
	SignIn  *limit     `json:"sign_in"`
	Passkey bool       `json:"passkey"`
	CC      *copying   `json:"cc"`

	Policy        string      `json:"policy"`
	PolicyVersion int         `json:"policy_version"`
	Counted       *countFacts `json:"counted"`
}

type step struct {
	ID    string   `json:"id"`
	Need  string   `json:"need"`
	Mode  string   `json:"mode"`
	Allow []string `json:"allow"`
	Amend []string `json:"amend"`
	Votes struct {
		Count int   `json:"count"`
		Num   int64 `json:"num"`
		Den   int64 `json:"den"`
	} `json:"votes"`
	Approvers []approver `json:"approvers"`

	DistinctFrom []string `json:"distinct_from"`
	Once         bool     `json:"once"`
	CC           *copying `json:"cc"`

	Late *struct {
		Chooser string   `json:"chooser"`
		Among   []string `json:"among"`
	} `json:"late"`
}

type approver struct {
	Person string `json:"person"`
	Group  string `json:"group"`
	Weight int64  `json:"weight"`
}

// enough says whether the places that agreed are what the step's mode asks for.
func (s step) enough(yes map[int]bool) bool {
	var weight, all int64
	planned := 0
	groups := map[string]bool{}
	for i, a := range s.Approvers {
		w := max(a.Weight, 1)
		all += w
		groups[a.Group] = groups[a.Group] || yes[i]
		if yes[i] {
			weight += w
			planned++
		}
	}
	switch s.Mode {
	case "any_of":
		return planned > 0
	case "quorum":
		return planned >= s.Votes.Count && planned > 0
	case "ratio":
		return weight*s.Votes.Den >= s.Votes.Num*all && weight > 0
	case "per_group":
		for _, agreed := range groups {
			if !agreed {
				return false
			}
		}
		return len(groups) > 0
	}
	return planned >= s.places() && planned > 0
}

// places is how many yeses the step asks for when all must agree: one for each
// person, and one for each time the admin queue is named.
func (s step) places() int {
	var people []string
	queues := 0
	for _, a := range s.Approvers {
		switch {
		case a.Person == adminQueue:
			queues++
		case !slices.Contains(people, a.Person):
			people = append(people, a.Person)
		}
	}
	return len(people) + queues
}

type task struct {
	ID, Document, Step   string
	Round                int
	Assignee, Via        string
	GivenBy              string
	Slot                 int
	State                string
	DecidedBy            string
	DecidedAt            time.Time
	Opinion              string
	OpenedAt             time.Time
	OpenedSeq            int64
	DueAt                time.Time
	RemindAt             []time.Time
	Reminded             int
	Overdue, Provisional bool
	For                  string // the task whose assignee asks for advice
	endReason            string // of the event that ended it
	past                 bool   // it counts no more: the step was opened again
}

type revision struct {
	N           int
	Hash, Text  string
	SubmittedAt time.Time
	content     content
}

type content struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Reason     string `json:"reason"`
	Entity     string `json:"entity"`
	Department string `json:"department"`
	Submitter  string `json:"submitter"`
	Requester  string `json:"requester"`
	Payee      struct {
		Kind    string `json:"kind"`
		ID      string `json:"id"`
		Name    string `json:"name"`
		Account string `json:"account"`
	} `json:"payee"`
	Urgency   string  `json:"urgency"`
	Total     amount  `json:"total"`
	BaseTotal amount  `json:"base_total"`
	Offset    *offset `json:"offset"`
	Claimed   *struct {
		Total     amount `json:"total"`
		BaseTotal amount `json:"base_total"`
	} `json:"claimed"`
}

// offset is what a content settles of an advance.
type offset struct {
	Document string `json:"document"`
	Amount   amount `json:"amount"`
}

// act is a row of the inbox; said is what its signed text says.
type act struct {
	ID, Document, Name, Task, Actor string
	Canonical, KeyID, Signature     string
	ReceivedAt                      time.Time
	Outcome                         *outcome
	OutcomeAt                       time.Time
	said                            saidAct
}

type saidAct struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Document    string `json:"document"`
	Task        string `json:"task"`
	Round       int    `json:"round"`
	ContentHash string `json:"content_hash"`
	Actor       string `json:"actor"`
	OnBehalfOf  string `json:"on_behalf_of"`
	Revision    int    `json:"revision"`
	NewHash     string `json:"new_hash"`
	Maker       string `json:"maker"`
	Ruling      string `json:"ruling"`

	SignIn  *signIn    `json:"sign_in"`
	Passkey *assertion `json:"passkey"`
}

type outcome struct {
	Code   string `json:"code"`
	Status string `json:"status"`
	Seq    int64  `json:"seq"`
}

type cause struct {
	Name        string
	First, Last int64
	Outcome     outcome
}

type note struct {
	ID, Kind, Person, Role, Task string
	Quiet, Sent                  bool
	Failure                      string
}

type effect struct {
	Reference  string
	Attempt    int
	Kind       string
	Text, Hash string
}

type voucherRow struct{ Reference, Kind, State, Number, Text, Hash string }

type start struct{ done bool }

// read decodes stored JSON; what cannot be read leaves the zero value, which
// does not agree with anything.
func read[T any](text string) T {
	var value T
	_ = json.Unmarshal([]byte(text), &value)
	return value
}
