package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/store"
)

const policiesAt = "/policies"

// textKinds are the kinds of published texts, in the order of the page.
var textKinds = []proposal.Kind{proposal.Policy, proposal.Type, proposal.Mapping}

func textAt(kind proposal.Kind, id string) string {
	return policiesAt + "/" + url.PathEscape(string(kind)) + "/" + url.PathEscape(id)
}

type policiesView struct {
	Kinds      []textKindView
	MayPropose bool
	MayReview  bool
	Proposals  []proposalRow // that wait for a second person
}

type textKindView struct {
	Kind proposal.Kind
	Rows []textRow
}

type textRow struct {
	ID, Title, Path, By string

	Version int
	At      stamp
}

// policies handles GET /policies: what is in force.
func policies(v *visit) error {
	view := policiesView{MayPropose: v.may(access.PolicyPropose, access.Object{}),
		MayReview: access.Has(v.who.Subject, access.PolicyReview)}
	for _, kind := range textKinds {
		rows, err := v.desk().Texts(v.r.Context(), v.who, kind)
		if err != nil {
			return err
		}
		shown := textKindView{Kind: kind}
		for _, row := range rows {
			shown.Rows = append(shown.Rows, v.textRow(row))
		}
		view.Kinds = append(view.Kinds, shown)
	}
	if view.MayReview {
		var err error
		if view.Proposals, _, err = v.proposalRows(store.ProposalFilter{Only: store.OnlyOpen}); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, v.t("page.policies.title"), view)
}

// titleOf is what a text calls itself in the reader's language; other where it says nothing.
// A mapping has no title of its own: it is called by the document type that it books.
func (v *visit) titleOf(row store.PolicyRow, other string) string {
	if proposal.Kind(row.Kind) == proposal.Mapping {
		if m, err := booking.Parse(row.ID, []byte(row.YAML)); err == nil {
			return v.typeTitle(m.Type)
		}
	}
	return cmp.Or(i18n.Pick(v.desk().TitleOf(row), v.locale), other)
}

func (v *visit) textRow(row store.PolicyRow) textRow {
	by := ""
	if row.PublishedBy != "" {
		by = v.name(row.PublishedBy)
	}
	return textRow{
		ID: row.ID, Title: v.titleOf(row, ""), Version: row.Version, By: by,
		Path: textAt(proposal.Kind(row.Kind), row.ID), At: v.stamp(row.PublishedAt, v.who.Person.Entity),
	}
}

type textView struct {
	textRow
	Kind       proposal.Kind
	Newest     int // version in force
	MayPropose bool
	MayReplan  bool
	Lines      []diffLine
	Versions   []textRow
	Against    *againstView // the version that it is held against; nil for none
	Sheet      *typeSheet   // of a document type
}

// againstView is one version held against another.
type againstView struct {
	checkView
	Version int
}

// showText handles GET /policies/:kind/:id: one text, with all its versions.
func showText(v *visit) error {
	kind, id := proposal.Kind(v.param("kind")), v.param("id")
	version, _ := strconv.Atoi(v.asked("version")) // no number is the one in force
	row, err := v.desk().Text(v.r.Context(), v.who, kind, id, max(version, 0))
	if err != nil {
		return unknownKindIsNowhere(err)
	}
	versions, err := v.desk().Versions(v.r.Context(), v.who, kind, id)
	if err != nil {
		return err
	}
	view := textView{
		textRow: v.textRow(row), Kind: kind, MayPropose: v.may(access.PolicyPropose, access.Object{}),
		Lines: plainLines(row.YAML), Newest: versions[0].Version,
	}
	view.MayReplan = kind == proposal.Policy && access.Has(v.who.Subject, access.PolicyReview)
	for _, one := range versions {
		view.Versions = append(view.Versions, v.textRow(one))
	}
	if kind == proposal.Type {
		view.Sheet = v.typeSheet(id, row.YAML)
	}
	if against, err := strconv.Atoi(v.asked("against")); err == nil && against > 0 {
		compared, err := v.desk().TextAgainst(v.r.Context(), v.who, row, against)
		if err != nil {
			return err
		}
		view.Against = &againstView{v.checkView(compared, ""), against}
	}
	return v.show(http.StatusOK, v.textTitle(kind, id), view)
}

// textTitle names a text: its kind in words and its id.
func (v *visit) textTitle(kind proposal.Kind, id string) string {
	return v.t("page.policies.of", "what", v.optional("what."+string(kind), string(kind)), "id", id)
}

// unknownKindIsNowhere makes an address of no kind one where nothing is.
func unknownKindIsNowhere(err error) error {
	if fault.CodeOf(err) == "proposal.unknown_kind" {
		return fault.New(fault.NotFound, "request.no_such_route")
	}
	return err
}

// newText handles GET /policies/new: to the form for a text of any name.
func newText(v *visit) error {
	id := v.asked("id")
	if id == "" || strings.ContainsAny(id, "/.") {
		return v.leave(policiesAt, "")
	}
	return v.leave(textAt(proposal.Kind(v.asked("kind")), id)+"/propose", "")
}
