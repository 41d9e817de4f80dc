package document

// Hash is the SHA-256 of the content's canonical form: what was decided on.
func (c Content) Hash() (string, error) { return "", nil }

// Material lists what changed materially between two revisions, in a fixed
// order; nothing material changed where it is empty.
func Material(a, b Content) []string { return nil }
