package i18n_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/workflows"

	// Every room that registers faults, so that their codes are here.
	_ "github.com/countersign/countersign/activities"
	_ "github.com/countersign/countersign/adapters/erp"
	_ "github.com/countersign/countersign/adapters/im/port"
	_ "github.com/countersign/countersign/adapters/mail"
	_ "github.com/countersign/countersign/adapters/table"
	_ "github.com/countersign/countersign/gateway/hooks"
	_ "github.com/countersign/countersign/gateway/server"
	_ "github.com/countersign/countersign/policy"
	_ "github.com/countersign/countersign/policy/booking"
	_ "github.com/countersign/countersign/relay"
	_ "github.com/countersign/countersign/workflows"
)

// TestEveryFaultHasItsText proves that no code ever reaches a person: each has a
// text in both languages, with no other arguments than the registry names.
func TestEveryFaultHasItsText(t *testing.T) {
	texts := i18n.Shipped()
	for _, code := range fault.Codes() {
		entry, _ := fault.Lookup(code)
		for _, locale := range i18n.Locales {
			key := "fault." + code
			if !texts.Has(locale, key) {
				t.Errorf("%s: %s has no text (arguments %v)", locale, key, entry.Args)
			}
			for _, arg := range texts.ArgsOf(locale, key) {
				if arg != "field" && !slices.Contains(entry.Args, arg) {
					t.Errorf("%s: %s uses {%s}, registered are %v", locale, key, arg, entry.Args)
				}
			}
		}
	}
}

// TestCatalogsAgree proves that both languages say the same things.
func TestCatalogsAgree(t *testing.T) {
	texts := i18n.Shipped()
	require.Equal(t, texts.Keys(i18n.English), texts.Keys(i18n.Chinese))
	for _, key := range texts.Keys(i18n.English) {
		english, chinese := texts.ArgsOf(i18n.English, key), texts.ArgsOf(i18n.Chinese, key)
		slices.Sort(english)
		slices.Sort(chinese)
		require.Equal(t, slices.Compact(english), slices.Compact(chinese), key)
	}
}

// TestNoTextIsForNobody proves that no fault keeps a text after its code is gone.
func TestNoTextIsForNobody(t *testing.T) {
	faults := regexp.MustCompile(`^fault\.(.+)$`)
	for _, key := range i18n.Shipped().Keys(i18n.English) {
		if m := faults.FindStringSubmatch(key); m != nil {
			_, known := fault.Lookup(m[1])
			require.True(t, known, "%s names a code that nobody registers", key)
		}
	}
}

// TestEveryNameHasItsText holds the names of the domain that people read.
func TestEveryNameHasItsText(t *testing.T) {
	var keys []string
	for _, role := range access.Roles() {
		keys = append(keys, "role."+role, "what.role."+role)
	}
	for _, permission := range access.Permissions() {
		keys = append(keys, "permission."+strings.ReplaceAll(permission, ":", "."))
	}
	for _, status := range []string{
		"draft", "submitted", "pending", "returned", "approved", "parked", "posted", "closed", "rejected", "withdrawn",
		"voided",
	} {
		keys = append(keys, "status."+status)
	}
	for _, act := range workflows.Updates() {
		keys = append(keys, "act."+string(act), "page.flash."+string(act))
	}
	for _, mode := range []approval.Mode{
		approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio, approval.PerGroup,
	} {
		keys = append(keys, "mode."+string(mode))
	}
	for _, kind := range []fault.Kind{
		fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Busy, fault.Unknown, fault.Internal,
	} {
		keys = append(keys, "problem."+string(kind))
	}
	for _, key := range keys {
		for _, locale := range i18n.Locales {
			require.True(t, i18n.Shipped().Has(locale, key), "%s: %s", locale, key)
		}
	}
}

// alwaysGiven are the arguments that every notice's text may use: those of its
// data that all notices have, and what relay.Mail adds of the reader.
var alwaysGiven = []string{"name", "number", "title", "amount"}

// ownGiven are the further arguments of each kind, by domain/notice's table, in
// the words that relay.Mail puts for them.
var ownGiven = map[string][]string{
	approval.TaskOpened:        {"step", "due", "via"},
	approval.TaskReminded:      {"step", "n"},
	approval.TaskOverdue:       {"step"},
	approval.TaskWasSuperseded: {"step", "by", "act"},
	approval.TaskWasEscalated:  {"step", "to"},
	approval.TaskWasConsulted:  {"step", "by", "reason"},
	approval.TaskWasAdvised:    {"step", "by", "reason"},
	approval.ClockStopped:      {"step", "by", "reason"},
	approval.DocumentReturned:  {"step", "by", "reason"},
	approval.DocumentRejected:  {"step", "by", "reason"},
	approval.DocumentApproved:  {"by"},
	approval.DocumentClosed:    {"by", "reason"},
	approval.DocumentWithdrawn: {"by", "reason"},
	approval.VoucherParked:     {"code", "detail", "reference"},
	approval.PlanFailed:        {"code"},
	approval.TaskWasReassigned: {"step", "by", "to", "reason"},
	approval.StepJumped:        {"step", "by", "reason"},
	approval.ClockReleased:     {"step", "by", "reason"},
	approval.PlanDiscarded:     {"by", "reason"},
	approval.DocumentVoided:    {"by", "reason"},

	approval.TaskWasRescheduled: {"step", "due", "was"},
	approval.TaskWasHandedOver:  {"step", "to", "for"},
	approval.ClockResumed:       {"step", "for"},
	notice.DelegationMade:       {"by", "person", "delegate", "from", "until", "reason"},
	notice.DelegationTaken:      {"by", "person", "delegate", "from", "until", "reason"},

	notice.Commented:        {"by", "reason"},
	notice.Mentioned:        {"by", "reason"},
	notice.Copied:           {"by", "reason"},
	notice.EnteredFor:       {"by"},
	notice.Urged:            {"by"},
	notice.OpenedFor:        {"step", "due", "for"},
	notice.RemindedFor:      {"step", "n", "for"},
	notice.OverdueFor:       {"step", "for"},
	notice.DecidedFor:       {"step", "by", "act"},
	notice.ProposalMade:     {"by", "reason", "what", "subject", "base"},
	notice.ProposalApproved: {"by", "version", "what", "subject", "base"},
	notice.ProposalRefused:  {"by", "reason", "what", "subject", "base"},
	notice.ProposalOutdated: {"by", "version", "what", "subject", "base"},

	notice.ProposalExpiring: {"by", "until", "what", "subject", "base"},
	notice.ProposalExpired:  {"by", "until", "what", "subject", "base"},

	notice.InterventionProposed: {"by", "reason"},
	notice.InterventionApproved: {"by", "reason"},
	notice.InterventionRefused:  {"by", "reason"},
	notice.DirectoryStopped:     {"by", "n", "active"},
	notice.DirectoryHeld:        {"source", "n", "active"},
	notice.OrganisationEdited:   {"by", "n", "names"},
	notice.WebhookDisabled:      {"endpoint", "reason", "n"},
	notice.MailDead:             {"person", "detail", "reason"},
	notice.MailDeadOwn:          {"person", "detail", "reason"},
	notice.ReplyTaken:           {},
	notice.ReplyRefused:         {"code"},
	notice.PasskeyAdded:         {"passkey"},
	notice.PasskeyRemoved:       {"passkey"},
	notice.PasskeyTaken:         {"passkey", "person", "by", "reason"},
	notice.PasskeyBehind:        {"passkey"},
	notice.InterventionExpiring: {"by", "reason", "until"},
	notice.InterventionExpired:  {"by", "reason", "until"},

	notice.ReversalRequested: {"by", "reason", "date", "voucher", "reference"},
	notice.ReversalRefused:   {"by", "reason", "date", "voucher", "reference"},
	notice.ReversalPosted:    {"by", "reason", "date", "voucher", "reference", "reversal"},
	notice.ReversalParked:    {"by", "reason", "date", "voucher", "reference", "code", "detail"},
	notice.ReversalExpiring:  {"by", "reason", "date", "voucher", "reference", "until"},
	notice.ReversalExpired:   {"by", "reason", "date", "voucher", "reference", "until"},

	notice.GrantRequested:      {"by", "person", "what", "reason"},
	notice.GrantApproved:       {"by", "person", "what", "reason"},
	notice.GrantRefused:        {"by", "person", "what", "reason"},
	notice.GrantRevoked:        {"by", "person", "what", "reason"},
	notice.GrantRevokedAlone:   {"by", "person", "what", "reason"},
	notice.RevocationRequested: {"by", "person", "what", "reason"},
	notice.RevocationRefused:   {"by", "person", "what", "reason"},
	notice.ShorteningRequested: {"by", "person", "what", "reason", "until"},
	notice.GrantShortened:      {"by", "person", "what", "reason", "until"},
	notice.RightExpiring:       {"by", "person", "what", "reason", "until"},
	notice.RightExpired:        {"person", "what", "reason", "until"},
	notice.GrantEnding:         {"person", "what", "reason", "until"},
	notice.RoleEnded:           {"step", "for", "what"},
	notice.BooksSilent:         {"connection", "from"},
	notice.BooksFailing:        {"connection", "from"},
	notice.BooksWell:           {"connection", "from"},

	notice.ReviewAsked:    {"n", "until"},
	notice.ReviewReminded: {"n", "until"},
	notice.ReviewOverdue:  {"n", "until"},
	notice.ReviewClosed:   {"n", "until"},

	approval.DocumentSanctioned: {"step", "by", "reason", "claimed", "was", "now"},
	approval.DocumentAmended:    {"step", "by", "reason", "n"},
}

// TestEveryNoticeHasItsTexts proves that nobody gets a letter of keys or gaps:
// each kind has a subject and a body in both languages, which use no argument
// that the notice lacks, and no text is kept for a kind that is gone.
func TestEveryNoticeHasItsTexts(t *testing.T) {
	texts := i18n.Shipped()
	known := []string{"notice.open"}
	for _, kind := range notice.Kinds() {
		given := slices.Concat(alwaysGiven, ownGiven[kind])
		for _, part := range []string{".subject", ".body"} {
			key := "notice." + kind + part
			known = append(known, key)
			for _, locale := range i18n.Locales {
				require.True(t, texts.Has(locale, key), "%s: %s", locale, key)
				require.Subset(t, given, texts.ArgsOf(locale, key), "%s: %s", locale, key)
			}
		}
	}
	for _, key := range texts.Keys(i18n.English) {
		if strings.HasPrefix(key, "notice.") {
			require.Contains(t, known, key, "a text for no notice")
		}
	}
}
