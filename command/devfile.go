package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// devFile is what `dev` leaves for `try`, for tests and for people: where
// everything is, and tokens of the demo people that end with the day. It lies in
// the data directory, readable by its owner only.
type devFile struct {
	Gateway    string            `json:"gateway"`
	Temporal   string            `json:"temporal"`
	Namespace  string            `json:"namespace"`
	TemporalUI string            `json:"temporal_ui"`
	ERP        string            `json:"erp"` // the sandbox's page, or Tryton's address
	Mailbox    string            `json:"mailbox"`
	Config     string            `json:"config"` // configuration file of the product
	Database   string            `json:"database"`
	Tokens     map[string]string `json:"tokens"` // by person
}

const devFileName = "dev.json"

func (f devFile) write(dir string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", devFileName, err)
	}
	return os.WriteFile(filepath.Join(dir, devFileName), append(text, '\n'), 0o600)
}

func readDevFile(dir string) (devFile, error) {
	text, err := os.ReadFile(filepath.Join(dir, devFileName))
	if err != nil {
		return devFile{}, fmt.Errorf(
			"no running `countersign dev` was found in %s (--data): start it with `make run`: %w", dir, err)
	}
	var f devFile
	if err := json.Unmarshal(text, &f); err != nil {
		return devFile{}, fmt.Errorf("reading %s: %w", devFileName, err)
	}
	return f, nil
}
