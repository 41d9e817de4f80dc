package slack

import "github.com/countersign/countersign/adapters/im/port"

// Verify compares a signature, for the published vector, which is no callback of ours.
func (a *App) Verify(r port.Request) bool { return a.verify(r) }
