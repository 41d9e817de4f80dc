package pages

import "github.com/countersign/countersign/store"

// claimed puts into words a right that the claims of a sign-in gave or ended.
func (v *visit) claimed(row *pastGrantRow, g store.RoleGrant) {
	provider, ended := g.Claimed()
	if provider == "" {
		return
	}
	row.Claims = v.t("page.rights.claims", "provider", provider)
	row.Reason = v.t("page.rights.claim_value", "value", g.Reason)
	if ended {
		row.EndedBy, row.EndReason = "", v.t("page.rights.claim_"+g.EndReason)
	}
}
