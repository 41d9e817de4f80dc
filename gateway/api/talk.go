package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

func (a *API) talk() {
	const tag = "Documents"
	add(a, operation{"list-comments", http.MethodGet, "/documents/{id}/comments", tag, "Remarks on a document", 0},
		a.listComments)
	add(a, operation{
		"add-comment", http.MethodPost, "/documents/{id}/comments", tag,
		"Add a remark; it changes no state", 201,
	},
		a.addComment)
	add(a, operation{
		"urge", http.MethodPost, "/documents/{id}/urge", tag,
		"Remind whom it waits for; once an hour", 204,
	},
		a.urge)
}

// Comment is a remark.
type Comment struct {
	ID     string     `json:"id"`
	Author string     `json:"author"`
	Text   string     `json:"text"`
	At     *time.Time `json:"at,omitempty"`
}

func commentOf(c store.Comment) Comment { return Comment{c.ID, c.Author, c.Text, instant(c.At)} }

// CommentsOutput is the remarks on a document.
type CommentsOutput struct{ Body List[Comment] }

// listComments handles GET /documents/{id}/comments.
func (a *API) listComments(ctx context.Context, in *DocumentInput) (*CommentsOutput, error) {
	who, _ := auth.Of(ctx)
	comments, err := a.desk.Comments(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &CommentsOutput{Body: listOf(comments, "", nil, commentOf)}, nil
}

// CommentBody is a remark to be added.
type CommentBody struct {
	Text string `json:"text" minLength:"1" maxLength:"2000"`
}

// CommentInput is a remark to be added.
type CommentInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body CommentBody
}

// CommentOutput is a remark.
type CommentOutput struct{ Body Comment }

// addComment handles POST /documents/{id}/comments.
func (a *API) addComment(ctx context.Context, in *CommentInput) (*CommentOutput, error) {
	who, _ := auth.Of(ctx)
	saved, err := a.desk.Comment(ctx, who, in.ID, in.Body.Text, keyOf("add-comment", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	return &CommentOutput{Body: commentOf(saved)}, nil
}

// urge handles POST /documents/{id}/urge.
func (a *API) urge(ctx context.Context, in *KeyedDocumentInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.Urge(ctx, who, in.ID, keyOf("urge", in.IdempotencyKey, in.ID))
}
