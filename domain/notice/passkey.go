package notice

import (
	"maps"
	"slices"
)

// PasskeyTaken is told where an administrator took a lost passkey away: to whose it was,
// and to every administrator. 他人的通行密钥已移除
const PasskeyTaken = "passkey.taken"

// LostPasskey is what is told of such a passkey.
type LostPasskey struct{ data map[string]string }

// OfLostPasskey tells of a passkey by its id and its name, whose it was, who took it
// away, and why.
func OfLostPasskey(id, name, person, by, reason string) LostPasskey {
	return LostPasskey{map[string]string{"proposal": id, "passkey": name, "person": person, "by": by, "reason": reason}}
}

// For is the notices to these people, each told once; the administrator who did it is
// told too, for it may have been somebody at their browser.
func (l LostPasskey) For(people ...string) []Notice {
	var owed []Notice
	var told []string
	for _, person := range people {
		if person == "" || slices.Contains(told, person) {
			continue
		}
		told = append(told, person)
		owed = append(owed, Notice{Kind: PasskeyTaken, Person: person, Data: maps.Clone(l.data)})
	}
	return owed
}

// passkeyPath is where the reader finds the passkeys that a notice speaks of.
func (n Notice) passkeyPath() string {
	if n.Kind == PasskeyTaken && n.Person != n.Data["person"] {
		return "/organisation/people/" + n.Data["person"]
	}
	return "/settings"
}
