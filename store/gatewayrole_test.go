package store_test

import (
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// TestAStolenGatewayAnswersNoCause: who writes a cause first keeps the act or the
// deadline behind it from ever being recorded.
func TestAStolenGatewayAnswersNoCause(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	d := w.submit("report")
	gateway := sqlx.MustOpen("postgres", urls[store.RoleGateway])
	defer gateway.Close() //nolint:errcheck // only a test's
	for _, statement := range []string{
		`INSERT INTO causes VALUES ('` + d.ID + `', 'plan:1:0', 2, 1, '{"code":"ok"}', now())`,
		`INSERT INTO documents (id, number, type, title, reason, entity, department, submitter, requester, payee_kind,
			payee_id, payee_name, payee_account, urgency, status, seq, total_minor, currency, base_minor, base_currency)
			VALUES ('x', 'X-1', '', '', '', '', '', '', '', '', '', '', '', '', 'approved', 9, 1, 'CNY', 1, 'CNY')`,
	} {
		_, err := gateway.Exec(statement)
		require.ErrorContains(t, err, "countersign:")
	}
}
