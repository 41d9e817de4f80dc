package pages

import (
	"cmp"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// talkView is what people say about a document, and who was copied in on it.
type talkView struct {
	Copies   []copyRow
	Copy     bool // the reader may copy colleagues in
	PassOn   bool // … because they were copied in themselves
	Comments []commentRow
	Comment  bool
	Named    []choice // whom a remark may name by a tick
	Accept   string   // kinds of file
	FileMax  int64
}

// copyRow is one person's copy.
type copyRow struct {
	Person, ID, By, Remark, RemovedBy, RemoveReason string

	How               cc.How
	At, Read, Removed stamp
	Told              bool // whether it was opened is the reader's to know
	May               bool // take it back
}

type commentRow struct {
	ID, Author, Text, Named string

	Files     []document.Attachment
	At        stamp
	Withdrawn bool
	Mine      bool // and may be taken back
	Replies   []commentRow
}

// talk shows the copies and the remarks of a document.
func (v *visit) talk(detail desk.Detail) (talkView, error) {
	object := detail.Object()
	view := talkView{
		Copy: v.may(access.DocumentCopy, object), Comment: v.may(access.DocumentComment, object),
		FileMax: v.desk().AttachmentLimit(), Accept: editView{}.Accept(),
	}
	_, why := access.Can(v.who.Subject, access.DocumentCopy, object)
	view.PassOn = why == access.ByCopy
	var err error
	if view.Copies, err = v.copyRows(detail); err != nil {
		return talkView{}, err
	}
	view.Named = v.nameable(detail)
	comments, err := v.desk().Comments(v.r.Context(), v.who, detail.ID)
	if err != nil {
		return talkView{}, err
	}
	at := map[string]int{}
	for _, c := range comments {
		row := v.commentRow(c, detail.Entity)
		if i, answered := at[c.ReplyTo]; answered {
			view.Comments[i].Replies = append(view.Comments[i].Replies, row)
			continue
		}
		at[c.ID] = len(view.Comments)
		view.Comments = append(view.Comments, row)
	}
	return view, nil
}

func (v *visit) copyRows(detail desk.Detail) ([]copyRow, error) {
	var rows []copyRow
	for _, c := range detail.CopiesFor(v.who) {
		row := copyRow{
			Person: v.name(c.Person), ID: c.Person, By: v.name(c.By), Remark: c.Remark, How: c.How,
			At: v.stamp(c.At, detail.Entity), Read: v.stamp(c.ReadAt, detail.Entity),
			Removed: v.stamp(c.RemovedAt, detail.Entity), RemoveReason: c.RemoveReason, Told: detail.Tells(v.who, c),
		}
		if c.RemovedBy != "" {
			row.RemovedBy = v.name(c.RemovedBy)
		}
		if c.RemovedBy == "" {
			err := v.desk().Removable(v.r.Context(), v.who, detail, c)
			if _, refused := fault.As(err); err != nil && !refused {
				return nil, err
			}
			row.May = err == nil
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (v *visit) commentRow(c store.Comment, entity string) commentRow {
	return commentRow{
		ID: c.ID, Author: v.name(c.Author), Text: c.Text, Named: v.names(c.Mentions), Files: c.Attachments,
		At: v.stamp(c.At, entity), Withdrawn: !c.WithdrawnAt.IsZero(),
		Mine: c.Author == v.who.Person.ID && c.WithdrawnAt.IsZero(),
	}
}

// nameable are the people who have to do with a document already: a tick names
// them in a remark.
func (v *visit) nameable(detail desk.Detail) []choice {
	object := detail.Object()
	var list []choice
	for _, id := range slices.Concat(object.Owners, object.Assignees, object.Copied) {
		person, known := v.org.People[id]
		if !known || !person.Active || id == v.who.Person.ID ||
			slices.ContainsFunc(list, func(c choice) bool { return c.ID == id }) {
			continue
		}
		list = append(list, choice{id, person.Name})
	}
	slices.SortFunc(list, func(a, b choice) int { return cmp.Compare(a.Title, b.Title) })
	return list
}

// copyIn handles POST /documents/:id/copy.
func copyIn(v *visit) error {
	id, names, remark := v.param("id"), v.asked("people"), v.asked("remark")
	in := desk.CC{People: people(names), Remark: remark}
	if _, err := v.desk().Copy(v.r.Context(), v.who, id, in, v.key("copy", id, in.People, remark)); err != nil {
		return v.refused(err, sent{Form: "copy", Text: remark, To: names})
	}
	return v.leave(documentAt(id)+"#copies", "copy")
}

// removeCopy handles POST /documents/:id/copy/:person/remove.
func removeCopy(v *visit) error {
	id, person, reason := v.param("id"), v.param("person"), v.asked("reason")
	in := desk.Uncopy{Document: id, Person: person, Reason: reason}
	if _, err := v.desk().RemoveCopy(v.r.Context(), v.who, in, v.key("uncopy:"+person, id, reason)); err != nil {
		return v.refused(err, sent{Form: "remove_copy", Text: reason, To: person})
	}
	return v.leave(documentAt(id)+"#copies", "uncopy")
}

// comment handles POST /documents/:id/comment.
func comment(v *visit) error {
	id, text, reply := v.param("id"), v.asked("text"), v.asked("reply_to")
	form := form{Files: readFiles(v.r.PostForm["file"])}
	faults := v.takeFiles(&form, nil)
	s := sent{
		Form: "comment" + reply, Text: text, To: v.asked("mention_others"), Ticked: v.r.PostForm["mention"],
		Files: form.Files, CopyIn: v.asked("copy_in") != "",
	}
	if err := fault.Join(faults); err != nil {
		return v.refused(err, s)
	}
	if text == "" && len(form.Files) == 0 {
		return v.leave(documentAt(id), "")
	}
	in := desk.Remark{
		Text: text, Mentions: slices.Concat(s.Ticked, people(s.To), typedNames(v.org, text)), CopyIn: s.CopyIn,
		ReplyTo: reply,
	}
	for _, f := range form.Files {
		in.Attachments = append(in.Attachments, f.ID)
	}
	if _, err := v.desk().Comment(v.r.Context(), v.who, id, in, v.key("comment", id, text)); err != nil {
		return v.refused(err, s)
	}
	return v.leave(documentAt(id)+"#comments", "comment")
}

// withdrawComment handles POST /documents/:id/comments/:comment/withdraw.
func withdrawComment(v *visit) error {
	id := v.param("id")
	if _, err := v.desk().WithdrawComment(v.r.Context(), v.who, id, v.param("comment")); err != nil {
		return v.refused(err, sent{Form: "withdraw_comment"})
	}
	return v.leave(documentAt(id)+"#comments", "uncomment")
}
