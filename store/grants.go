package store

// What the roles may do, table by table. Triggers narrow it further: the gateway
// changes drafts only, records submissions and delegations only, and publishes what
// a second person approved; it and the relay store refusals only. Nobody who serves
// requests may say which keys are believed or who works here: that is for who
// migrates.
const (
	read     = "SELECT"
	appends  = "SELECT, INSERT"
	projects = `SELECT, UPDATE (status, round, revision, content_hash, seq, head_hash, step, step_titles, deciders,
		parked_ref, parked_attempt, parked_code, parked_detail, parked_at, voucher_ref, voucher_number, closed_at,
		intervened, updated_at, title, reason, department, requester, payee_kind, payee_id, payee_name, payee_account, urgency,
		total_minor, currency, base_minor, base_currency, claimed_minor, claimed_base_minor)`
)

var grants = map[string]map[string]string{
	RoleGateway: {
		"documents":       "SELECT, INSERT, UPDATE, DELETE",
		"revisions":       "SELECT, INSERT, UPDATE (hash, content, actor, created_at)",
		"counters":        "SELECT, INSERT, UPDATE (value)",
		"requests":        appends,
		"events":          appends,
		"causes":          appends,
		"streams":         "SELECT, INSERT, UPDATE (seq, head_hash, updated_at)",
		"delegations":     "SELECT, INSERT, UPDATE (revoked_by, revoked_at, revoke_reason)",
		"tasks":           read,
		"inbox":           "SELECT, INSERT, UPDATE (outcome, outcome_at)",
		"verify_keys":     read,
		"starts":          "SELECT, INSERT",
		"notices":         "SELECT, INSERT, UPDATE (read_at)",
		"org_versions":    read,
		"org_rows":        read,
		"role_holders":    read,
		"policies":        appends,
		"proposals":       "SELECT, INSERT, UPDATE (state, checker, reason, version, decided_at)",
		"rates":           read,
		"calendars":       read,
		"effects":         read,
		"effect_attempts": read,
		"vouchers":        read,
		"comments":        appends,
		"attachments":     appends,
		"attached":        appends,
		"imports":         appends,
		"import_rows":     "SELECT, INSERT, UPDATE (state, document, fault, next_try, tries, finished_at)",
		"sessions":        "SELECT, INSERT, UPDATE, DELETE",
		"tokens":          "SELECT, INSERT, UPDATE (revoked_at, last_used_at)",
		"checkpoints":     read, "goose_db_version": read,
	},
	RoleWorker: {
		"documents": projects,
		"revisions": "SELECT, UPDATE (submitted_at)",
		"events":    appends,
		"causes":    appends,
		"streams":   read,
		"tasks": "SELECT, INSERT, UPDATE (state, decided_by, decided_at, opinion, reminded, overdue, " +
			"due_at, remind_at, provisional)",
		"inbox":           "SELECT, UPDATE (outcome, outcome_at)",
		"verify_keys":     read,
		"starts":          "SELECT, UPDATE (done_at)",
		"notices":         appends,
		"org_versions":    read,
		"org_rows":        read,
		"role_holders":    read,
		"policies":        read,
		"rates":           read,
		"calendars":       read,
		"effects":         appends,
		"effect_attempts": "SELECT, INSERT, UPDATE (class, detail, finished_at)",
		"vouchers":        "SELECT, INSERT, UPDATE (state, erp_id, erp_number, date, hash, voucher, code, detail, posted_at)",
		"attachments":     read, "attached": read, "import_rows": read, "delegations": read, "goose_db_version": read,
	},
	RoleRelay: {
		"documents":    read,
		"tasks":        read,
		"events":       read,
		"streams":      read,
		"inbox":        "SELECT, UPDATE (deliveries, next_delivery, outcome, outcome_at)",
		"starts":       "SELECT, UPDATE (tries, next_try, done_at)",
		"notices":      "SELECT, UPDATE (tries, next_try, sent_at, failure)",
		"import_rows":  "SELECT, UPDATE (state, document, fault, next_try, tries, finished_at)",
		"imports":      read,
		"org_versions": read, "org_rows": read, "role_holders": read, "calendars": read,
		"effect_attempts": read, "verify_keys": read, "checkpoints": appends, "goose_db_version": read,
	},
	RoleAuditor: {
		"documents": read, "revisions": read, "counters": read, "requests": read, "events": read, "causes": read,
		"streams": read, "tasks": read, "inbox": read, "verify_keys": read, "starts": read, "notices": read,
		"org_versions": read, "org_rows": read, "role_holders": read, "policies": read, "proposals": read,
		"rates":     read,
		"calendars": read, "effects": read, "effect_attempts": read, "vouchers": read, "comments": read,
		"attachments": read, "attached": read, "imports": read, "import_rows": read, "checkpoints": read,
		"delegations": read, "goose_db_version": read,
	},
}
