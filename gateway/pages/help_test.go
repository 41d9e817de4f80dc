package pages_test

import (
	"net/http"
	"testing"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestHelpIsFoundFromThePage proves that a page leads to what explains it, and that
// the manual is searched in both languages.
func TestHelpIsFoundFromThePage(t *testing.T) {
	h := newHouse(t)
	h.get("lin", "/delegations").is(http.StatusOK).says(`href="/help/employees#delegate"`)
	h.get("lin", "/help/employees").is(http.StatusOK).says(`id="delegate"`, "Before you go away")
	h.get("", "/login").is(http.StatusOK).says(`href="/help/employees#account"`)
	h.get("lin", "/help?q=Passkey+fingerprint").is(http.StatusOK).says(`href="/help/approvers#large"`).saysNot("#many")
	h.get("lin", "/help?q=%3Cb%3E").is(http.StatusOK).says("Nothing in the manual").saysNot("<b>")
	h.get("lin", "/help/nothing").is(http.StatusNotFound)
	h.locale = i18n.Chinese
	h.get("lin", "/help?q=通行密钥").is(http.StatusOK).says(`href="/help/approvers#large"`)
}
