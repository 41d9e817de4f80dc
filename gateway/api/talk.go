package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
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
		"withdraw-comment", http.MethodPost, "/documents/{id}/comments/{comment}/withdraw", tag,
		"Take a remark of one's own from sight; it stays on record", 0,
	},
		a.withdrawComment)
	add(a, operation{
		"urge", http.MethodPost, "/documents/{id}/urge", tag,
		"Remind whom it waits for; once an hour", 204,
	},
		a.urge)
}

// Comment is a remark.
type Comment struct {
	ID          string       `json:"id"`
	Author      string       `json:"author"`
	Text        string       `json:"text" doc:"Empty where it was taken back"`
	ReplyTo     string       `json:"reply_to,omitempty" doc:"The remark it answers"`
	Mentions    []string     `json:"mentions,omitempty" doc:"Whom it names"`
	Attachments []Attachment `json:"attachments,omitempty"`
	At          *time.Time   `json:"at,omitempty"`
	WithdrawnAt *time.Time   `json:"withdrawn_at,omitempty" doc:"When its author took it back"`
}

func commentOf(c store.Comment) Comment {
	return Comment{
		ID: c.ID, Author: c.Author, Text: c.Text, ReplyTo: c.ReplyTo, Mentions: c.Mentions,
		Attachments: attachmentsOf(c.Attachments), At: instant(c.At), WithdrawnAt: instant(c.WithdrawnAt),
	}
}

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
	Text        string   `json:"text" minLength:"1" maxLength:"2000"`
	Mentions    []string `json:"mentions,omitempty" maxItems:"20" nullable:"false" doc:"Account, e-mail or whole name"`
	CopyIn      bool     `json:"copy_in,omitempty" doc:"Copy in whom it mentions and who cannot read the document yet"`
	Attachments []string `json:"attachments,omitempty" maxItems:"10" nullable:"false" doc:"Ids of one's own uploads"`
	ReplyTo     string   `json:"reply_to,omitempty" maxLength:"64" doc:"A remark that is no answer itself"`
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
	said := desk.Remark{
		Text: in.Body.Text, Mentions: in.Body.Mentions, CopyIn: in.Body.CopyIn, Attachments: in.Body.Attachments,
		ReplyTo: in.Body.ReplyTo,
	}
	saved, err := a.desk.Comment(ctx, who, in.ID, said, keyOf("add-comment", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	return &CommentOutput{Body: commentOf(saved)}, nil
}

// NamedCommentInput names a remark.
type NamedCommentInput struct {
	Keyed
	ID      string `path:"id" maxLength:"64"`
	Comment string `path:"comment" maxLength:"64"`
}

// withdrawComment handles POST /documents/{id}/comments/{comment}/withdraw.
func (a *API) withdrawComment(ctx context.Context, in *NamedCommentInput) (*CommentOutput, error) {
	who, _ := auth.Of(ctx)
	withdrawn, err := a.desk.WithdrawComment(ctx, who, in.ID, in.Comment)
	if err != nil {
		return nil, err
	}
	return &CommentOutput{Body: commentOf(withdrawn)}, nil
}

// urge handles POST /documents/{id}/urge.
func (a *API) urge(ctx context.Context, in *KeyedDocumentInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.Urge(ctx, who, in.ID, keyOf("urge", in.IdempotencyKey, in.ID))
}
