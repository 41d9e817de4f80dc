package document

import "github.com/countersign/countersign/domain/evidence"

// Hash is the SHA-256 of the content's canonical form: what was decided on.
//
// Errors: Invalid evidence.not_canonical, for text that is not UTF-8.
func (c Content) Hash() (string, error) { return evidence.HashOf(c) }
