package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestVisibility shows a document to those who have to do with it, and to nobody else.
func TestVisibility(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann", "bob")
	w.do(d.ID, approval.Approve, "ann")
	for name, tt := range map[string]struct {
		scope access.Scope
		sees  bool
	}{
		"nobody":                   {access.Scope{}, false},
		"the submitter":            {access.Scope{Person: "sue"}, true},
		"who decided":              {access.Scope{Person: "ann"}, true},
		"whose task is superseded": {access.Scope{Person: "bob"}, true},
		"whose task is open":       {access.Scope{Person: "fin"}, true},
		"a colleague":              {access.Scope{Person: "rob"}, false},
		"of the entity":            {access.Scope{Person: "rob", Entities: []string{"cn"}}, true},
		"of another entity":        {access.Scope{Person: "rob", Entities: []string{"hk"}}, false},
		"of the department":        {access.Scope{Person: "rob", Departments: []string{"sales"}}, true},
		"of everything":            {everything, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.s.Document(w.ctx, tt.scope, d.ID)
			assert.Equal(t, tt.sees, err == nil)
			page, err := w.s.Documents(w.ctx, tt.scope, store.DocumentFilter{WithTotal: true})
			require.NoError(t, err)
			assert.Equal(t, tt.sees, len(page.Items) == 1)
			assert.Equal(t, int64(len(page.Items)), *page.Total)
		})
	}
}

// TestPages bring every document once, also when others are submitted meanwhile.
func TestPages(t *testing.T) {
	w := newWorld(t)
	want := map[string]bool{}
	for i := range 25 {
		want[w.submit(fmt.Sprint("trip ", i)).ID] = true
	}
	f := store.DocumentFilter{Limit: 10, WithTotal: true}
	for pages := 1; ; pages++ {
		page, err := w.s.Documents(w.ctx, everything, f)
		require.NoError(t, err)
		for _, d := range page.Items {
			assert.True(t, want[d.ID], "once, and nothing newer")
			delete(want, d.ID)
		}
		w.submit("newer")
		if f.Cursor = page.Next; f.Cursor == "" {
			assert.Equal(t, 3, pages)
			break
		}
	}
	assert.Empty(t, want)
	for _, cursor := range []string{"!", "Zm9v", "Zm9vAGJhcg"} {
		_, err := w.s.Documents(w.ctx, everything, store.DocumentFilter{Cursor: cursor})
		assert.Equal(t, "cursor.bad", fault.CodeOf(err))
	}
}

// TestFilters narrow a list.
func TestFilters(t *testing.T) {
	w := newWorld(t)
	d := w.routed("100% train_ride", approval.AnyOf, "ann")
	w.submit("plane")
	hour := time.Hour
	for name, tt := range map[string]struct {
		f store.DocumentFilter
		n int
	}{
		"none":      {store.DocumentFilter{}, 2},
		"status":    {store.DocumentFilter{Statuses: []approval.Status{approval.Pending}}, 1},
		"type":      {store.DocumentFilter{Types: []string{"advance"}}, 0},
		"submitter": {store.DocumentFilter{Submitter: "sue"}, 2},
		"title":     {store.DocumentFilter{Query: "TRAIN_"}, 1},
		"wild card": {store.DocumentFilter{Query: "1%t"}, 0},
		"number":    {store.DocumentFilter{Query: d.Number}, 1},
		"from":      {store.DocumentFilter{From: time.Now().Add(hour)}, 0},
		"to":        {store.DocumentFilter{From: time.Now().Add(-hour), To: time.Now().Add(hour)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := w.s.Documents(w.ctx, everything, tt.f)
			require.NoError(t, err)
			assert.Len(t, page.Items, tt.n)
		})
	}
}

// TestTaskPages bring open tasks by deadline, those without one last.
func TestTaskPages(t *testing.T) {
	w := newWorld(t)
	for i := range 12 {
		d := w.submit(fmt.Sprint("trip ", i))
		request, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AllOf, "ann", "bob")})
		require.NoError(t, err)
		stamp := stampIn(time.Duration(24-i) * time.Hour)
		if i == 5 {
			stamp = nil
		}
		_, err = w.s.Record(w.ctx, request, stamp)
		require.NoError(t, err)
	}
	f := store.TaskFilter{Assignees: []string{"ann", approval.AdminQueue}, Limit: 5, WithTotal: true}
	var seen []store.Task
	for {
		page, err := w.s.Tasks(w.ctx, f)
		require.NoError(t, err)
		assert.Equal(t, int64(12), *page.Total)
		seen = append(seen, page.Items...)
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	require.Len(t, seen, 12)
	assert.True(t, seen[11].DueAt.IsZero())
	for i := 1; i < 11; i++ {
		assert.True(t, seen[i-1].DueAt.Before(seen[i].DueAt))
	}
	none, err := w.s.Tasks(w.ctx, store.TaskFilter{})
	require.NoError(t, err)
	assert.Empty(t, none.Items)
	all, err := w.s.DocumentTasks(w.ctx, seen[0].Document)
	require.NoError(t, err)
	assert.Len(t, all, 2)
	one, err := w.s.Task(w.ctx, all[0].ID)
	require.NoError(t, err)
	assert.Equal(t, "sales", one.Department, "read of one task, not of lists")
	one.Department = ""
	assert.Equal(t, all[0], one)
	_, err = w.s.Task(w.ctx, "none")
	assert.Equal(t, "task.not_found", fault.CodeOf(err))
}
