package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestAQueueIsListedOnlyWhereItIsHeld: the admin queue has one name in every
// entity, and an admin of one entity learns nothing of another's.
func TestAQueueIsListedOnlyWhereItIsHeld(t *testing.T) {
	w := newWorld(t)
	d := w.submit("nobody to ask") // of the entity cn
	w.record(d.ID, approval.Planned{Plan: plan(1, approval.AllOf, "ann", approval.AdminQueue)})
	for _, tt := range []struct {
		name   string
		queues access.Scope
		want   int
	}{
		{"admin of this entity", access.ScopeFor(adminOf("cn"), access.TaskDecide), 1},
		{"admin of every entity", access.ScopeFor(adminOf(""), access.TaskDecide), 1},
		{"admin of another entity", access.ScopeFor(adminOf("de"), access.TaskDecide), 0},
		{"nobody said", access.Scope{}, 0},
	} {
		for _, states := range [][]approval.TaskState{nil, {approval.TaskOpen, approval.TaskApproved}} {
			f := store.TaskFilter{
				Assignees: []string{"adm", approval.AdminQueue}, Queues: tt.queues, States: states, WithTotal: true,
			}
			page, err := w.s.Tasks(w.ctx, f)
			require.NoError(t, err)
			require.Len(t, page.Items, tt.want, tt.name)
			require.Equal(t, int64(tt.want), *page.Total, tt.name)
		}
	}
	own, err := w.s.Tasks(w.ctx, store.TaskFilter{Assignees: []string{"ann"}})
	require.NoError(t, err)
	require.Len(t, own.Items, 1, "one's own tasks need no queue")
}

func adminOf(entity string) access.Subject {
	s := access.Subject{Person: "adm"}
	s.Roles = append(s.Roles, company().Grants[1])
	s.Roles[0].Entity = entity
	return s
}
