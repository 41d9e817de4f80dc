package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// Where copies are named, as copyWords know it.
const (
	copiesOfStep   = "step:"
	copiesOfPolicy = "policy:"
)

// copyWords say when people are copied in, and over whom the search for them went.
var copyWords = map[string]map[string]string{
	"en": {
		copiesOfStep + approval.CopyOpened:   "copied in when it is asked: %s",
		copiesOfStep + approval.CopyPassed:   "copied in when it has agreed: %s",
		copiesOfPolicy + approval.CopyOpened: "Copied in when the route is known: %s",
		copiesOfPolicy + approval.CopyPassed: "Copied in when the document is approved: %s",
		copiesOfPolicy + approval.CopyClosed: "Copied in when it is rejected, or closed: %s",
		"passed":                             "not copied in (%s): %s", "also": "; ",
	},
	"zh-CN": {
		copiesOfStep + approval.CopyOpened:   "节点开始时抄送：%s",
		copiesOfStep + approval.CopyPassed:   "节点通过后抄送：%s",
		copiesOfPolicy + approval.CopyOpened: "流程确定时抄送：%s",
		copiesOfPolicy + approval.CopyPassed: "单据审批通过时抄送：%s",
		copiesOfPolicy + approval.CopyClosed: "单据被拒绝或办结时抄送：%s",
		"passed":                             "未抄送（%s）：%s", "also": "；",
	},
}

// copied says whom a step, or the plan, copies in, and when; "" where it copies nobody.
func (w wording) copied(c *approval.Copies, of, locale string) string {
	if c == nil {
		return ""
	}
	names := make([]string, 0, len(c.People))
	for _, a := range c.People {
		names = append(names, w.approver(a))
	}
	if len(names) == 0 {
		names = []string{w.nobody}
	}
	return fmt.Sprintf(copyWords[locale][of+c.On], strings.Join(names, w.list))
}

// also is copied after other words; "" where nobody is copied in.
func (w wording) also(c *approval.Copies, of, locale string) string {
	if c == nil {
		return ""
	}
	return copyWords[locale]["also"] + w.copied(c, of, locale)
}

// copies prints whom a step, or the plan, copies in, and over whom the search went.
func (w wording) copies(b *strings.Builder, in, step string, c *approval.Copies, remarks []Remark, locale string) {
	of := copiesOfStep
	if step == "" {
		of = copiesOfPolicy
	}
	if text := w.copied(c, of, locale); text != "" {
		b.WriteString(in + text + "\n")
	}
	for _, r := range remarks {
		if r.Copy && r.Step == step {
			fmt.Fprintf(b, in+copyWords[locale]["passed"]+"\n", say(w.ways, r.Way), w.over(r.Passed))
		}
	}
}
