package server

import (
	"context"
	"fmt"
)

// Move is an account move as Tryton's own database holds it.
type Move struct {
	ID        int64
	Number    string // posting number, "" for a draft
	State     string // draft or posted
	Date      string // YYYY-MM-DD
	Reference string
	Debit     string // decimal text
	Credit    string
}

// PostedMoves reads the posted moves with a reference straight from Tryton's
// tables, past our connector; "" reads those of every reference.
func (s *Server) PostedMoves(ctx context.Context, reference string) ([]Move, error) {
	return s.moves(ctx, reference, "posted")
}

// DraftMoves reads the drafts the same way.
func (s *Server) DraftMoves(ctx context.Context, reference string) ([]Move, error) {
	return s.moves(ctx, reference, "draft")
}

func (s *Server) moves(ctx context.Context, reference, state string) ([]Move, error) {
	const query = `
		SELECT m.id, coalesce(m.post_number, ''), m.state, m.date::text, substr(m.description, 5),
		       coalesce(sum(l.debit), 0)::text, coalesce(sum(l.credit), 0)::text
		FROM account_move m LEFT JOIN account_move_line l ON l.move = m.id
		WHERE m.description LIKE 'ref:%' AND ($1 = '' OR m.description = 'ref:' || $1) AND m.state = $2
		GROUP BY m.id ORDER BY m.id`
	rows, err := s.db.QueryContext(ctx, query, reference, state)
	if err != nil {
		return nil, fmt.Errorf("tryton server: moves: %w", err)
	}
	defer rows.Close()
	var moves []Move
	for rows.Next() {
		var m Move
		if err := rows.Scan(&m.ID, &m.Number, &m.State, &m.Date, &m.Reference, &m.Debit, &m.Credit); err != nil {
			return nil, fmt.Errorf("tryton server: moves: %w", err)
		}
		moves = append(moves, m)
	}
	return moves, rows.Err()
}

// RefuseTwins gives Tryton the one rule it lacks: a second move with the same
// reference is refused by its database.
func (s *Server) RefuseTwins(ctx context.Context) error {
	const index = `
		CREATE UNIQUE INDEX account_move_ref ON account_move (company, description)
		WHERE description LIKE 'ref:%'`
	if _, err := s.db.ExecContext(ctx, index); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	return nil
}

// Tamper changes the books in Tryton's own database, as somebody with the database open
// would; Tryton is not asked.
func (s *Server) Tamper(ctx context.Context, statement string, values ...any) error {
	if _, err := s.db.ExecContext(ctx, statement, values...); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	return nil
}
