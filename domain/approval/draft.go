package approval

import (
	"encoding/json"
	"fmt"

	"github.com/countersign/countersign/domain/evidence"
)

// SubmittedDraft is the first event of a stream, for the gateway's submit
// transaction. Its cause is SubmitCause.
func SubmittedDraft(actor, contentHash string, d SubmittedData) evidence.Draft {
	return evidence.Draft{
		Kind: DocumentSubmitted, Actor: actor, Round: 1, Revision: 1, ContentHash: contentHash, Data: encode(d),
	}
}

// SubmitCause is the cause of document.submitted.
const SubmitCause = "submit:1"

// Decode reads the data of an event as T, one of the …Data types of this package.
//
// Errors: an event that does not hold a T, which is a mistake of ours.
func Decode[T any](e evidence.Event) (T, error) {
	var data T
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return data, fmt.Errorf("approval: data of %s, event %d of %s: %w", e.Kind, e.Seq, e.Stream, err)
	}
	return data, nil
}

// encode cannot fail: the data types hold text, integers and zero times only.
func encode(data any) json.RawMessage {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("approval: encode %T: %v", data, err))
	}
	return raw
}

// DraftData reads the data of a draft as T, one of the …Data types of this package.
//
// Errors: as Decode.
func DraftData[T any](d evidence.Draft) (T, error) {
	return Decode[T](evidence.Event{Kind: d.Kind, Data: d.Data})
}
