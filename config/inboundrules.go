package config

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// What is written into SQL or into an address as it is.
var (
	inboundID  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	viewName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$`)
)

// standardSecret says whether a secret is as Standard Webhooks writes them.
func standardSecret(text string) bool {
	_, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	return err == nil
}
