package server

import (
	"context"
	"fmt"
)

// Employ makes a party an employee of the company, past our connector, whose user may not:
// until the day until (YYYY-MM-DD), "" for good.
func (s *Server) Employ(ctx context.Context, party, until string) error {
	const insert = `
		INSERT INTO company_employee (company, party, end_date, create_date, create_uid)
		SELECT 1, id, nullif($2, '')::date, clock_timestamp() AT TIME ZONE 'UTC', 1 FROM party_party WHERE code = $1`
	if _, err := s.db.ExecContext(ctx, insert, party, until); err != nil {
		return fmt.Errorf("tryton server: employ %s: %w", party, err)
	}
	return nil
}
