package notice

import (
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/org"
)

// The kinds that rights owe. 授权
const (
	GrantRequested      = "grant.requested"       // told to who may decide on it
	GrantApproved       = "grant.approved"        // told to who asked, and to whose right it is
	GrantRefused        = "grant.refused"         // the same
	GrantRevoked        = "grant.revoked"         // the same
	GrantRevokedAlone   = "grant.revoked_alone"   // told to every administrator, and to whose right it was
	RevocationRequested = "revocation.requested"  // told to who may decide on it
	RevocationRefused   = "revocation.refused"    // told to who asked, and to whose right it is
	ShorteningRequested = "revocation.shortening" // told to who may decide on it: the right shall end earlier
	GrantShortened      = "grant.shortened"       // told to who asked, and to whose right it is
	RightExpiring       = "right.expiring"        // what was asked: told to who may decide, while there is time
	RightExpired        = "right.expired"         // told to who asked
	GrantEnding         = "grant.ending"          // a right soon ends by itself: told to whose it is, and who asked for it
)

var rightKinds = []string{
	GrantRequested, GrantApproved, GrantRefused, GrantRevoked, GrantRevokedAlone, RevocationRequested, RevocationRefused,
	RightExpiring, RightExpired, GrantEnding, ShorteningRequested, GrantShortened,
}

// OfRight is what is told about somebody's right.
type OfRight struct {
	Kind     string
	Proposal string // or whatever makes it this one
	Grant    org.Grant
	By       string
	Reason   string
	Expires  time.Time // of what was asked, or of the right
}

// For is the notices to these people, each told once; nobody is told of what they did
// themselves.
func (r OfRight) For(people ...string) []Notice {
	data := map[string]string{
		"proposal": r.Proposal, "person": r.Grant.Person, "what": "role." + r.Grant.Role, "entity": r.Grant.Entity,
		"by": r.By, "reason": r.Reason,
	}
	if slices.Contains([]string{RightExpiring, RightExpired, GrantEnding, ShorteningRequested, GrantShortened}, r.Kind) {
		data["until_at"] = r.Expires.UTC().Format(time.RFC3339)
	}
	var owed []Notice
	var told []string
	for _, person := range people {
		if person == "" || slices.Contains(told, person) || person == r.By && r.Kind != RightExpired {
			continue
		}
		told = append(told, person)
		owed = append(owed, Notice{Kind: r.Kind, Person: person, Data: maps.Clone(data)})
	}
	return owed
}

// rightPath is where the reader finds what a notice about a right speaks of.
func (n Notice) rightPath() string {
	if slices.Contains([]string{GrantRequested, RevocationRequested, GrantRefused, RevocationRefused, RightExpiring,
		RightExpired, ShorteningRequested}, n.Kind) {
		return "/grants/" + n.Data["proposal"]
	}
	return "/organisation/people/" + n.Data["person"]
}
