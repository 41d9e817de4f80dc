package pages

import "github.com/countersign/countersign/domain/fault"

// appRow is a messaging app, and who the reader is in it.
type appRow struct {
	ID, Title, How string

	Since          stamp // when they were linked; empty for not at all
	Apart, SignsIn bool
}

func (v *visit) linkedApps() ([]appRow, error) {
	linked, err := v.desk().LinkedApps(v.r.Context(), v.who)
	if err != nil {
		return nil, err
	}
	var rows []appRow
	for _, l := range linked {
		row := appRow{ID: l.ID, Title: l.Title, Apart: l.Apart, SignsIn: l.SignsIn}
		if l.Link != nil {
			row.How, row.Since = l.Link.How, v.stamp(l.Link.LinkedAt, v.who.Person.Entity)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// linkApp handles POST /settings/apps/:app/:wish.
func linkApp(v *visit) error {
	change, flash := v.desk().Unlink, "app_unlinked"
	switch v.param("wish") {
	case "unlink":
	case "link":
		change, flash = v.desk().LinkAgain, "app_link"
	default:
		return fault.New(fault.NotFound, "request.no_such_route")
	}
	if err := change(v.r.Context(), v.who, v.param("app")); err != nil {
		return err
	}
	return v.leave(settingsAt+"#apps", flash)
}
