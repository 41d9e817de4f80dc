package pages

import (
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/pages/diagram"
)

// diagramWidth is how wide a route is drawn, in pixels: a phone's, less the margins.
const diagramWidth = 328

// drawn is a route as a diagram, nil for none. Beside it the page says the same in
// words, for who cannot see it.
func (v *visit) drawn(stops []stop) *diagram.Drawing {
	if len(stops) == 0 {
		return nil
	}
	drawing := diagram.Draw(v.boxes(stops), diagramWidth)
	return &drawing
}

func (v *visit) boxes(stops []stop) []diagram.Stop {
	boxes := make([]diagram.Stop, 0, len(stops))
	for _, s := range stops {
		box := diagram.Stop{Title: s.Title, Stands: s.Stands, Word: v.standing(s)}
		for _, p := range s.People {
			box.Notes = append(box.Notes, v.partOf(p)...)
		}
		for _, said := range []string{s.Note, s.Copied} {
			if said != "" {
				box.Notes = append(box.Notes, diagram.Note{Text: said, Tone: "soft"})
			}
		}
		if s.Reason != "" {
			box.Notes = append(box.Notes, diagram.Note{Text: v.t("page.route.because") + " " + s.Reason, Tone: "why"})
		}
		for _, b := range s.Branches {
			box.Forks = append(box.Forks, diagram.Branch{
				Title: b.Title, Stands: b.Stands, Word: v.t("page.stands." + b.Stands), Stops: v.boxes(b.Stops),
			})
		}
		boxes = append(boxes, box)
	}
	return boxes
}

// standing is how a stop stands, how its people decide together, and within what time.
func (v *visit) standing(s stop) string {
	words := []string{v.t("page.stands." + s.Stands)}
	if s.Mode != "" {
		words = append(words, s.Mode)
	}
	if s.Within != "" && (s.Stands == standsNext || s.Stands == standsNow) {
		words = append(words, s.Within)
	}
	return strings.Join(words, " · ")
}

// partOf says what became of one person's part of a stop.
func (v *visit) partOf(p stopPerson) []diagram.Note {
	name := p.Name
	if p.State != "" {
		name += " · " + v.t("task."+string(p.State))
	}
	notes := []diagram.Note{{Text: name, Tone: "who " + string(p.State)}}
	if p.By != "" {
		notes = append(notes, diagram.Note{Text: v.t("page.decided_by", "who", p.By), Tone: "soft"})
	}
	switch {
	case p.State == approval.TaskOpen:
		notes = append(notes, diagram.Note{Text: v.t("page.waiting.since", "since", p.Since.Text), Tone: "soft"})
		if p.Due.Text != "" {
			tone := "soft"
			if p.Due.Overdue {
				tone = "late"
			}
			notes = append(notes, diagram.Note{Text: v.t("page.waiting.until", "until", p.Due.Text, "left", p.Left), Tone: tone})
		}
	case p.At.Text != "":
		notes = append(notes, diagram.Note{Text: p.At.Text, Tone: "soft"})
	}
	return notes
}
