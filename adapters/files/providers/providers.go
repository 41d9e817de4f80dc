// Package providers is the only list of file stores.
package providers

import (
	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/files/disk"
	"github.com/countersign/countersign/adapters/files/s3"
)

// Open makes the store that the configuration names.
func Open(c files.Config) (files.Store, error) {
	return files.Open(c, map[string]files.Opener{"disk": disk.Open, "s3": s3.Open})
}
