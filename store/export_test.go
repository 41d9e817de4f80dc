package store

import "database/sql/driver"

// OpenConnector opens a store on any connector.
func OpenConnector(c driver.Connector) *Store { return openConnector(c, Options{}) }

// WithSettings is the URL as Open uses it.
func WithSettings(o Options) (string, error) { return withSettings(o) }

// BesideStatement is what Beside asks.
var BesideStatement = besideStatement

// Session runs a question in one of the store's own sessions.
func (s *Store) Session(into any, query string, args ...any) error {
	return s.db.Get(into, query, args...)
}
