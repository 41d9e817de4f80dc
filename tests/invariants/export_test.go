package invariants

import (
	"context"
	"database/sql"
)

// CheckIn is Check inside a transaction, so that a test can lie to it and take
// everything back.
func CheckIn(ctx context.Context, tx *sql.Tx, in Input) (Report, error) {
	return check(in, func() (*world, error) { return loadFrom(ctx, tx) })
}
