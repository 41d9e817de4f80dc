package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
)

// TestAnExplanationSaysWhatTheJudgeSays, for every role, permission and object.
func TestAnExplanationSaysWhatTheJudgeSays(t *testing.T) {
	for _, role := range access.Roles() {
		me := access.Subject{Person: "me", Departments: []string{"mine"}, Roles: []org.Grant{{Person: "me", Role: role, Entity: "e1"}}}
		for _, permission := range access.Permissions() {
			for _, column := range objects {
				can, why := access.Can(me, permission, column.o)
				e := access.Explain(me, permission, column.o)
				require.Equal(t, can, e.Allowed, "%s %s %s", role, permission, column.name)
				require.Equal(t, why, e.Reason)
				require.Equal(t, can, e.By.Reaches, "%s %s %s", role, permission, column.name)
				require.NotEmpty(t, e.Roles, permission)
				if can {
					require.Contains(t, e.Has, e.By)
					require.Contains(t, e.Roles, e.By.Role)
				}
			}
		}
	}
}

func TestWhyNotNamesTheRolesThatWould(t *testing.T) {
	me := access.Subject{Person: "me", Roles: []org.Grant{{Person: "me", Role: access.FinanceClerk, Entity: "e1"}}}
	e := access.Explain(me, access.EffectResolve, objects[6].o)
	require.Equal(t, access.OutOfReach, e.Reason)
	require.Equal(t, []string{access.FinanceClerk, access.FinanceHead}, e.Roles)
	require.Len(t, e.Has, 1)
	require.Equal(t, access.NoRole, access.Explain(me, access.PolicyPublish, objects[5].o).Reason)
}
