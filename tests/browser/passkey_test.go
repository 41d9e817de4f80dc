package browser

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/walk"
)

const sealedSteps = `
passkey: { from: "1000.00" }
steps:
  - id: finance
    title: { en: Finance, zh-CN: 财务 }
    approvers: [{ role: finance_clerk, of: entity }]
    allow: [sanction]
then: [archive]
`

// aPasskeySigns adds a passkey of the browser's own authenticator, signs a decision
// with it, then a sanction and its yes at once, and lets the audit prove that; without
// passkeys, as in the web views of other apps, the pages lead to the system's browser
// and send nothing.
func (r *reader) aPasskeySigns() {
	if r.at.house == nil {
		r.t.Skip("the house that is walked through has no policy that asks for a passkey")
	}
	word := func(key string) string { return i18n.Shipped().Text(r.locale, key, nil) }
	path, reduced, other := "/documents/"+r.sealedDocument(), "/documents/"+r.sealedDocument(), "/documents/"+r.sealedDocument()
	r.protocol("WebAuthn.enable", map[string]any{}, nil)
	r.protocol("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
		"isUserVerified": true, "automaticPresenceSimulation": true,
	}}, nil)
	r.identify("wang")
	r.visit("/settings")
	r.fill("name", "Test key 测试 "+r.name)
	r.click("#add-passkey button")
	require.Contains(r.t, r.text(".note.good"), word("page.flash.passkey_added"))
	require.Contains(r.t, r.text("#passkeys"), "Test key 测试 "+r.name)

	r.visit(path)
	require.Contains(r.t, r.text("#passkey"), word("page.passkey.text"))
	r.fill("opinion", "金额已核对 checked")
	r.click(`#decide button[value="approve"]`)
	r.until(".note.good", word("page.flash.approve"))
	require.Contains(r.t, r.text(".timeline"), "金额已核对")
	require.Contains(r.t, r.text(".timeline"), word("page.event.passkey"))
	r.visit(reduced)
	read[bool](r, `(document.querySelector("#sanction details").open = true)`)
	r.fill("amount:1", "900.00")
	read[string](r, `(document.querySelector("#sanction-opinion").value = "超出标准 too dear")`)
	r.click(`#sanction button[value="approve"]`)
	r.until(".note.good", word("page.flash.approve"))
	r.at.house.VerifyAudit(r.t)

	r.protocol("Page.addScriptToEvaluateOnNewDocument", map[string]any{
		"source": `Object.defineProperty(window, "PublicKeyCredential", { value: undefined })`,
	}, nil)
	r.visit(other)
	require.Contains(r.t, r.text("#passkey"), word("page.passkey.elsewhere"))
	require.True(r.t, r.has(`#passkey a[target="_blank"][href="`+r.at.url+other+`"]`))
	r.press(`#decide button[value="approve"]`)
	require.Equal(r.t, other, read[string](r, `location.pathname`))
	require.True(r.t, r.has("#decide"), "nothing was decided")
	r.visit("/settings")
	require.Contains(r.t, r.text("#passkeys"), word("page.passkeys.elsewhere"))
	require.True(r.t, r.has(`#passkeys a[target="_blank"][href="`+r.at.url+`/settings#passkeys"]`))
	require.False(r.t, read[bool](r, `document.querySelector("#add-passkey").checkVisibility()`), "there is nothing to press")
}

// sealedDocument is a document whose decision is signed.
func (r *reader) sealedDocument() string {
	r.t.Helper()
	doc, err := r.at.house.As("lin").SubmitNew(r.t.Context(), walk.Form{Type: "sealed", Title: "大额付款", Currency: "CNY",
		Lines: []walk.Line{{Category: "travel", Date: time.Now().Format(time.DateOnly),
			Amount: walk.Money{Amount: "1000.00", Currency: "CNY"}}}}, "sealed "+r.String()+time.Now().String())
	require.NoError(r.t, err)
	return doc.ID
}
