package nemesis

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/reconciliation"
)

// planting is one kind of difference and the SQL that makes it in Tryton's own
// database; $1 is a move's id.
type planting struct {
	kind       reconciliation.Kind
	statements []string
}

// copied books a second move like the first: a twin, or with %s its opposite.
const copied = `
	WITH made AS (
	  INSERT INTO account_move (number, post_number, company, period, journal, date, post_date, description, state)
	  SELECT number || 'b', post_number || 'b', company, period, journal, date, post_date, %s, state
	  FROM account_move WHERE id = $1 RETURNING id)
	INSERT INTO account_move_line (move, account, party, description, state, debit, credit)
	SELECT made.id, account, party, description, state, %s FROM account_move_line, made WHERE move = $1`

// plantings is every kind that somebody can make in the ERP alone.
var plantings = []planting{
	{reconciliation.MissingThere, []string{
		`DELETE FROM account_move_line WHERE move = $1`, `DELETE FROM account_move WHERE id = $1`}},
	{reconciliation.StillDraft, []string{`UPDATE account_move SET state = 'draft', post_number = NULL WHERE id = $1`}},
	{reconciliation.Cancelled, []string{fmt.Sprintf(copied, "description", "credit, debit")}},
	{reconciliation.Duplicate, []string{fmt.Sprintf(copied, "description", "debit, credit")}},
	{reconciliation.MissingHere, []string{fmt.Sprintf(copied, "description || '9'", "debit, credit")}},
	{reconciliation.OtherDate, []string{`UPDATE account_move SET date = date - 1 WHERE id = $1`}},
	{reconciliation.OtherAmount, []string{
		`UPDATE account_move_line SET debit = debit + 0.01 WHERE move = $1 AND debit > 0`,
		`UPDATE account_move_line SET credit = credit + 0.01 WHERE move = $1 AND credit > 0`}},
	{reconciliation.OtherAccount, []string{`UPDATE account_move_line SET account =
		(SELECT id FROM account_account WHERE code = '6601') WHERE move = $1 AND debit > 0`}},
	{reconciliation.OtherParty, []string{`UPDATE account_move_line SET party =
		(SELECT id FROM party_party WHERE code = 'emma') WHERE move = $1 AND party IS NOT NULL`}},
}

const planted = 20

// difference is what the API says of one.
type difference struct {
	Kind      reconciliation.Kind `json:"kind"`
	Reference string              `json:"reference"`
}

// reconcile compares both sides, plants differences by hand, and compares again.
func (b *books) reconcile(ctx context.Context) {
	b.Helper()
	require.Empty(b, b.compared(ctx, "before"), "both sides agree")
	posted, err := b.house.Stack.Tryton.PostedMoves(ctx, "")
	require.NoError(b, err)
	want := map[string]reconciliation.Kind{}
	for i := range planted {
		p, m := plantings[i%len(plantings)], posted[i]
		for _, statement := range p.statements {
			require.NoError(b, b.house.Stack.Tryton.Tamper(ctx, statement, m.ID))
		}
		if p.kind == reconciliation.MissingHere {
			m.Reference += "9"
		}
		want[m.Reference] = p.kind
	}
	require.Len(b, want, planted)
	require.Equal(b, want, b.compared(ctx, "after"), "each of them is found, and nothing else")
	b.Logf("reconciliation: no difference among %d; then %d planted in Tryton's database, %d kinds, each found", b.documents,
		planted, len(plantings))
}

// compared has both sides compared as a person would, and answers with what differs.
func (b *books) compared(ctx context.Context, key string) map[string]reconciliation.Kind {
	b.Helper()
	now, client := time.Now().UTC(), b.house.As("wang")
	var run struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Code  string `json:"code"`
		Ours  int    `json:"ours"`
	}
	_, err := client.Call(ctx, http.MethodPost, "/reconciliations", key, map[string]string{"connection": "tryton",
		"from": now.AddDate(0, 0, -3).Format(time.DateOnly), "until": now.AddDate(0, 0, 3).Format(time.DateOnly)}, &run)
	require.NoError(b, err)
	for run.State != "done" {
		require.NotEqual(b, "failed", run.State, run.Code)
		time.Sleep(again)
		_, err := client.Call(ctx, http.MethodGet, "/reconciliations/"+run.ID, "", nil, &run)
		require.NoError(b, err)
	}
	require.Equal(b, b.documents, run.Ours, "every voucher is compared")
	var page struct {
		Items []difference `json:"items"`
	}
	_, err = client.Call(ctx, http.MethodGet, "/reconciliations/"+run.ID+"/differences?limit=200", "", nil, &page)
	require.NoError(b, err)
	found := map[string]reconciliation.Kind{}
	for _, d := range page.Items {
		require.Empty(b, found[d.Reference], "%s is told once", d.Reference)
		found[d.Reference] = d.Kind
	}
	return found
}
