package yonbip

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// The lists of the digital model 数字化建模 that an app needs a right of its own for.
const (
	pathStaff    = "/yonbip/digitalModel/staff/listForApi"
	pathProjects = "/yonbip/digitalModel/basedoc/project/batchQueryDetail"
	pathRates    = "/yonbip/digitalModel/basedoc/exchangerate/batchQueryDetail"
)

// recordPage is how many records are asked for at once: the most that listForApi gives.
const recordPage = 500

// inUse is the enable 启用状态 of what is in use; 0 is not yet, 2 no more.
const inUse = "1"

// records reads one list to its end, page by page; more is asked beside the page.
//
// How many a page may have is documented for employees alone: the end is where as many
// came as the answer says there are, not the first page that is shorter than asked.
func records[T any](ctx context.Context, p *Port, path string, more object, each func(T)) error {
	body := maps.Clone(more)
	for page, came := 1, 0; page <= pagesMax; page++ {
		body["pageIndex"], body["pageSize"] = page, recordPage
		var got struct {
			RecordCount text `json:"recordCount"`
			RecordList  []T  `json:"recordList"`
		}
		if err := p.client.call(ctx, request{path: path, body: body}, &got); err != nil {
			return err
		}
		for _, r := range got.RecordList {
			each(r)
		}
		came += len(got.RecordList)
		count, _ := strconv.Atoi(got.RecordCount.String())
		if count > 0 && came >= count || count == 0 && len(got.RecordList) < recordPage {
			return nil
		}
		if len(got.RecordList) == 0 {
			return port.Fault(port.CodeUnavailable, fmt.Sprintf("%s tells of %d records and gave %d", path, count, came))
		}
	}
	return port.Fault(port.CodeUnsupported, "", fault.Arg("what", path+": too many rows"))
}

// record is an employee or a project.
type record struct {
	ID     text  `json:"id"`
	Code   text  `json:"code"`
	Name   title `json:"name"`
	Enable text  `json:"enable"`
}

func (r record) entry() port.Entry {
	return port.Entry{ID: r.ID.String(), Code: r.Code.String(), Name: string(r.Name), Active: r.Enable == inUse}
}

// title is a text, or the Chinese of one that is told in several languages.
type title string

// UnmarshalJSON reads either form; null is "".
func (t *title) UnmarshalJSON(raw []byte) error {
	var all struct {
		Simplified  string `json:"zh_CN"`
		English     string `json:"en_US"`
		Traditional string `json:"zh_TW"`
	}
	if json.Unmarshal(raw, &all) == nil {
		*t = title(cmp.Or(all.Simplified, all.Traditional, all.English))
		return nil
	}
	var one text
	err := one.UnmarshalJSON(raw)
	*t = title(one)
	return err
}

// employees reads those of the base data 员工, whom a tenant with the core HR product keeps
// elsewhere: so only where options.employees says so. An entry names one by the code, in
// the dimension that the options give its account, so they are parties too.
func (p *Port) employees(ctx context.Context, m *port.Master) error {
	if p.options["employees"] != yes {
		return nil
	}
	return records(ctx, p, pathStaff, object{"enable": []int{0, 1, 2}}, func(r record) {
		one := r.entry()
		m.Employees = append(m.Employees, one)
		m.Parties = append(m.Parties, port.Party(one))
	})
}

// projects reads them where options.projects says so.
func (p *Port) projects(ctx context.Context, m *port.Master) error {
	if p.options["projects"] != yes {
		return nil
	}
	return records(ctx, p, pathProjects, object{}, func(r record) {
		m.Projects = append(m.Projects, r.entry())
	})
}
