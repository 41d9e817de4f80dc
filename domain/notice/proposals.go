package notice

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/proposal"
)

// The kinds that a proposal owes. 提案
const (
	ProposalMade     = "proposal.made"     // told to who may decide on it
	ProposalApproved = "proposal.approved" // told to its maker
	ProposalRefused  = "proposal.refused"
	ProposalOutdated = "proposal.outdated" // another version was published: nobody can approve it any more
	ProposalExpiring = "proposal.expiring" // told to who may decide on it, while there is time
	ProposalExpired  = "proposal.expired"  // told to its maker

	// Of an intervention, which is a proposal about one document.
	InterventionProposed = "intervention.proposed" // told to the administrators who may approve it
	InterventionApproved = "intervention.approved" // told to who proposed it
	InterventionRefused  = "intervention.refused"
	InterventionExpiring = "intervention.expiring" // told to who may approve it, while there is time
	InterventionExpired  = "intervention.expired"  // told to who proposed it
)

// OfProposal is the notices of one kind about a proposal, one for each person.
// Nobody is told of what they did themselves; that it expired nobody did.
//
// Safe to repeat: it depends on its arguments alone.
func OfProposal(kind string, p proposal.Proposal, people ...string) []Notice {
	own := map[string]string{"proposal": p.ID, "what": string(p.Kind), "subject": p.Subject, "base": strconv.Itoa(p.Base)}
	by := p.Maker
	switch kind {
	case ProposalMade:
		own["reason"] = p.Note
	case ProposalApproved:
		by, own["version"] = p.Checker, strconv.Itoa(p.Version)
	case ProposalRefused:
		by, own["reason"] = p.Checker, p.Reason
	case ProposalOutdated:
		by, own["version"] = p.Checker, strconv.Itoa(p.Version)
	}
	own["by"] = by
	if kind == ProposalExpiring || kind == ProposalExpired {
		own["until_at"] = p.Expires.UTC().Format(time.RFC3339)
	}
	var owed []Notice
	for _, person := range people {
		if person != "" && (person != by || kind == ProposalExpired) {
			owed = append(owed, Notice{Kind: kind, Person: person, Data: maps.Clone(own)})
		}
	}
	return owed
}

// Path is where the reader finds what a notice speaks of, on the pages.
func (n Notice) Path() string {
	if slices.Contains(rightKinds, n.Kind) {
		return n.rightPath()
	}
	if slices.Contains(reviewKinds, n.Kind) {
		return "/organisation/reviews/" + n.Data["review"]
	}
	if strings.HasPrefix(n.Kind, "reversal.") {
		return "/vouchers/" + n.Data["reference"] + "/reversal"
	}
	if strings.HasPrefix(n.Kind, "passkey.") {
		return n.passkeyPath()
	}
	if id := n.Data["proposal"]; id != "" {
		return "/policies/proposals/" + id
	}
	switch n.Kind {
	case DirectoryStopped:
		return "/notices"
	case OrganisationEdited:
		return "/organisation"
	case DirectoryHeld:
		return "/directory"
	case MailDead:
		return "/deliveries"
	case MailDeadOwn:
		return "/settings"
	case WebhookDisabled:
		return "/webhooks/" + n.Data["endpoint"]
	case BooksSilent, BooksFailing, BooksWell:
		return "/erp"
	}
	if n.Document == "" {
		return "/delegations"
	}
	return "/documents/" + n.Document
}
