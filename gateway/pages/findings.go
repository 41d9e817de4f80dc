package pages

import (
	"maps"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
)

// stepTitles are the titles of a policy's steps by their ids; none where the text is none.
func (v *visit) stepTitles(yaml string) map[string]string {
	p, err := policy.Parse("text", []byte(yaml))
	if err != nil {
		return nil
	}
	titles := map[string]string{}
	for _, s := range p.Steps {
		titles[s.ID] = i18n.Pick(s.Title, v.locale)
	}
	return titles
}

// inWords is a finding about a text with what it names as people know it: the ids of the
// text stay beside, for who looks for them there.
func (v *visit) inWords(f *fault.Fault, titles map[string]string) *fault.Fault {
	told := *f
	told.Args = maps.Clone(f.Args)
	beside := func(arg, title string) {
		if id := f.Args[arg]; title != "" && title != id {
			told.Args[arg] = v.t("page.rule.called", "title", title, "id", id)
		}
	}
	beside("step", titles[f.Args["step"]])
	beside("other", titles[f.Args["other"]])
	beside("role", v.optional("role."+f.Args["role"], ""))
	if people := f.Args["people"]; people != "" {
		told.Args["people"] = v.names(strings.Split(people, ", "))
	}
	if entity := f.Args["entity"]; entity != "" {
		told.Args["entity"] = v.entity(entity)
	}
	if why := f.Args["why"]; why == "nobody" {
		told.Args["why"] = v.via("fallback:" + why)
	} else if strings.HasPrefix(why, "fallback:") {
		told.Args["why"] = v.via(why)
	}
	return &told
}
