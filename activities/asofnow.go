package activities

import "github.com/countersign/countersign/domain/fault"

// asOfNow asks a book that believes for a moment what it read. Where that says no, it is
// asked again as of now: who was imported, or what was published, right before a document
// came must not stop it until somebody looks.
func asOfNow[T any](book interface{ Forget() }, ask func() (T, error)) (T, error) {
	answered, err := ask()
	if kind := fault.KindOf(err); err == nil || kind == fault.Busy || kind == fault.Unknown {
		return answered, err
	}
	book.Forget()
	return ask()
}
