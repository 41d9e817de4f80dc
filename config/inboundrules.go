package config

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// inboundID is what a source is called: it is part of an address.
var inboundID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// standardSecret says whether a secret is as Standard Webhooks writes them.
func standardSecret(text string) bool {
	_, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	return err == nil
}
