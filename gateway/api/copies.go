package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) copies() {
	const tag = "Documents"
	add(a, operation{"list-copies", http.MethodGet, "/documents/{id}/copies", tag, "Who was copied in on a document", 0},
		a.listCopies)
	add(a, operation{
		"copy-document", http.MethodPost, "/documents/{id}/copies", tag,
		"Copy colleagues in, or pass on what one was copied in on: they may read, and decide nothing", 201,
	},
		a.copyDocument)
	add(a, operation{
		"remove-copy", http.MethodPost, "/documents/{id}/copies/{person}/remove", tag,
		"Take a copy back: one's own, or as an administrator any", 0,
	},
		a.removeCopy)
}

// Copy is one person's copy of a document.
type Copy struct {
	Person       string     `json:"person" doc:"Who may read it"`
	By           string     `json:"by" doc:"Who let them: a person, or system:policy"`
	How          string     `json:"how" enum:"cc,passed_on,mention,policy"`
	Remark       string     `json:"remark,omitempty"`
	At           *time.Time `json:"at,omitempty"`
	ReadAt       *time.Time `json:"read_at,omitempty" doc:"First opened; not told to everybody"`
	RemovedBy    string     `json:"removed_by,omitempty"`
	RemovedAt    *time.Time `json:"removed_at,omitempty"`
	RemoveReason string     `json:"remove_reason,omitempty"`
}

func copyOf(c cc.Copy) Copy {
	return Copy{
		Person: c.Person, By: c.By, How: string(c.How), Remark: c.Remark, At: instant(c.At), ReadAt: instant(c.ReadAt),
		RemovedBy: c.RemovedBy, RemovedAt: instant(c.RemovedAt), RemoveReason: c.RemoveReason,
	}
}

// CopiesOutput is the copies of a document.
type CopiesOutput struct{ Body List[Copy] }

// listCopies handles GET /documents/{id}/copies.
func (a *API) listCopies(ctx context.Context, in *DocumentInput) (*CopiesOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.Copies(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &CopiesOutput{Body: listOf(list, "", nil, copyOf)}, nil
}

// CopyBody is whom somebody copies in.
type CopyBody struct {
	People []string `json:"people" minItems:"1" maxItems:"20" nullable:"false" doc:"Account, e-mail or whole name"`
	Remark string   `json:"remark,omitempty" maxLength:"500"`
}

// CopyInput copies people in on a document.
type CopyInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body CopyBody
}

// copyDocument handles POST /documents/{id}/copies.
func (a *API) copyDocument(ctx context.Context, in *CopyInput) (*CopiesOutput, error) {
	who, _ := auth.Of(ctx)
	asked := desk.CC{People: in.Body.People, Remark: in.Body.Remark}
	list, err := a.desk.Copy(ctx, who, in.ID, asked, keyOf("copy-document", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	return &CopiesOutput{Body: listOf(list, "", nil, copyOf)}, nil
}

// RemoveCopyBody says why a copy is taken back.
type RemoveCopyBody struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

// RemoveCopyInput takes a copy back.
type RemoveCopyInput struct {
	Keyed
	ID     string `path:"id" maxLength:"64"`
	Person string `path:"person" maxLength:"64"`
	Body   RemoveCopyBody
}

// CopyOutput is one copy.
type CopyOutput struct{ Body Copy }

// removeCopy handles POST /documents/{id}/copies/{person}/remove.
func (a *API) removeCopy(ctx context.Context, in *RemoveCopyInput) (*CopyOutput, error) {
	who, _ := auth.Of(ctx)
	removed, err := a.desk.RemoveCopy(ctx, who, desk.Uncopy{Document: in.ID, Person: in.Person, Reason: in.Body.Reason},
		keyOf("remove-copy", in.IdempotencyKey, in.ID, in.Person, in.Body))
	if err != nil {
		return nil, err
	}
	return &CopyOutput{Body: copyOf(removed)}, nil
}
