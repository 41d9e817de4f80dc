// Package notice says who must be told what when something happened.
//
// Owed is pure: the same event owes the same notices, so they can be enqueued in
// the transaction that records the event and sent at least once afterwards. Text
// lives in the catalogs, under notice.<kind>.subject and notice.<kind>.body:
//
//	kind                 to                                  own data, beside that of every notice
//	task.opened          the assignee; admins                due_at, via
//	task.reminded        the assignee; admins                n
//	task.overdue         the assignee; admins                –
//	task.consulted       who is asked for advice             by, reason: the question
//	task.advised         who had asked                       by, reason: the answer
//	clock.stopped        submitter and requester             by, reason: the question, or why
//	task.superseded      the assignee (quiet, but for an     by, act: the one that ended it
//	                     intervention)
//	task.reassigned      the old assignee; submitter and     by, to, reason
//	                     requester
//	clock.released       who had stopped it; submitter and   by, reason
//	                     requester
//	step.jumped          submitter and requester             by, reason
//	plan.discarded       submitter and requester             by, reason
//	document.voided      submitter, requester and deciders   by, reason
//	task.escalated       the old assignee; the submitter     to
//	document.returned    submitter and requester             by, reason
//	document.rejected    submitter and requester             by, reason
//	document.approved    submitter and requester             by
//	document.closed      submitter and requester             by, reason: posted, void, no_posting (quiet)
//	document.sanctioned  submitter, requester, and for whom  by, reason; claimed, was, now: the totals as text
//	                     it was done by their delegation
//	document.amended     the same                            by, reason, n: how many fields
//	document.withdrawn   the deciders and open assignees     by, reason
//	voucher.parked       finance_clerk of the entity         code, detail, reference
//	plan.failed          admins of the entity                code
//	task.urged           every open assignee, holders of     by
//	                     a queue; no event: store.AddUrge
//	task.opened_for      the delegates of the assignee, as   as of the kind without _for, and
//	task.reminded_for    rules in force say at that moment:  for: the assignee
//	task.overdue_for     store.Record
//	task.decided_for     the assignee                        by, act: approve, reject, return
//	document.commented   submitter, requester, open          by, reason: the remark
//	                     assignees and who is answered;
//	                     store.AddComment
//	document.mentioned   whom a remark names, instead of     by, reason: the remark
//	                     the above; store.AddComment
//	document.copied      who is copied in; store.AddCopies,  by, reason: the remark
//	                     store.Submit
//	document.entered_for  the requester, where somebody   by
//	                     else submits; store.Submit
//	document.copied_by_policy  whom the plan copies in; –
//	                     store.Record
//	task.rescheduled     the assignee, where the calendar    due_at; was
//	                     changed (quiet where it is later)
//	task.handed_over     submitter and requester             to, for: who left
//	task.role_ended      whose task it was; submitter and    to, for: whose role ended, what: the role
//	                     requester where somebody takes over;
//	                     owed by task.handed_over
//	clock.resumed        submitter and requester, where who  for: who had stopped it
//	                     had stopped it left
//	delegation.made      the delegate; the person, where an  by, person, delegate, from_at, until_at, reason
//	delegation.revoked   administrator did it, or left
//	proposal.made        who may publish, but the maker      by, reason: the note, proposal, what, subject
//	                     and the maker's accounts
//	proposal.approved    the maker                           by, version, proposal, what, subject
//	proposal.refused     the maker                           by, reason, proposal, what, subject
//	proposal.outdated    the maker of another that was open  by, version, proposal, what, subject
//	proposal.expiring    who may decide on it, once      by, until_at, proposal, what, subject;
//	                                                     store.TellProposals
//	proposal.expired     its maker                       the same
//	intervention.proposed  administrators who may        by, reason; store.Propose
//	                     approve it
//	grant.requested, revocation.requested  who may       by, person, what: the role, entity, reason,
//	                     decide on it                      proposal; store.Propose
//	grant.approved, grant.refused, grant.revoked,        the same; store.Decide
//	revocation.refused   who asked, and whose right it is
//	grant.revoked_alone  administrators, whose right it    the same; store.RevokeAtOnce
//	                     was
//	revocation.shortening, grant.shortened  as requested   the same, until_at: the right ends then
//	                     and revoked
//	right.expiring       who may decide on what was asked  the same, until_at; store.TellProposals
//	right.expired        who asked                         the same
//	review.asked, review.reminded  who is asked in a     review, title, n: how many rights, until_at;
//	                     review of rights                  store.OpenCertification, AdvanceCertifications
//	review.overdue       late reviewers; administrators    the same
//	review.closed        administrators                    the same, n: how many are undecided
//	grant.ending         whose right soon ends by itself,  the same; store.TellGrants
//	                     and who asked for it
//	directory.stopped    who holds the role admin: a       by, n: who would have left, active
//	                     directory took too many away
//	directory.held       the same: a source that we ask    source; n: who would leave, active
//	                     would take too many away
//	organisation.edited  the other admins of where one     by, n: how many rows, names of the first
//	                     changed people or departments
//	webhook.disabled     the same: another system that     endpoint, reason; n: how many messages wait
//	                     is told of events failed for days
//	books.silent, books.failing, books.well  finance     connection, from_at; store.WatchBooks
//	                     and admins of its companies
//	passkey.added        whose it is; store.AddPasskey       passkey: its name
//	passkey.removed      whose it was; store.RemovePasskey   passkey: its name
//	passkey.taken        whose it was, administrators;       passkey: its name, person, by, reason
//	                     store.TakePasskey
//	passkey.behind       whose it is; store.PasskeyUsed      passkey: its name
//	reversal.requested   finance who may approve it          by, reason, date, voucher, reference; store.Propose
//	reversal.refused     who asked                           the same; store.Decide
//	reversal.posted      who asked, submitter and requester  the same, reversal: its number; store.SettleReversal
//	reversal.parked      finance who may mend it             the same, code, detail
//	reversal.expiring    finance who may approve it, once    the same, until_at; store.TellProposals
//	reversal.expired     who asked                           the same
//	intervention.approved  who proposed it               by, reason; store.ApproveIntervention
//	intervention.refused who proposed it                 by, reason; store.Decide
//	intervention.expiring  who may approve it, once      by, reason, until_at; store.TellProposals
//	intervention.expired who proposed it                 the same
//
// Every notice of a document has number, title, amount_minor and currency; those about a step
// also have step (its id) and step.<locale> (its title). People are named by id
// in by, to and for; the sender puts in their names.
package notice

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
)

// The kinds that no event of a document owes: remarks, copies and urges change no state.
const (
	Commented = "document.commented" // 评论
	Mentioned = "document.mentioned" // 提及
	Copied    = "document.copied"    // 抄送
	Urged     = "task.urged"         // 催办

	CopiedByPolicy = "document.copied_by_policy" // 流程抄送; told in the transaction of what made it due
	EnteredFor     = "document.entered_for"      // 代提单; told in the transaction that submits
)

// The kinds that the reversal of a voucher owes. 凭证冲销
const (
	ReversalRequested = "reversal.requested" // told to who may approve it
	ReversalRefused   = "reversal.refused"   // told to who asked
	ReversalPosted    = "reversal.posted"    // told to who asked, and to whose document it is
	ReversalParked    = "reversal.parked"    // told to who may mend it
	ReversalExpiring  = "reversal.expiring"
	ReversalExpired   = "reversal.expired"
)

// The kinds that a delegation owes. 委托
const (
	OpenedFor   = "task.opened_for"
	RemindedFor = "task.reminded_for"
	OverdueFor  = "task.overdue_for"
	DecidedFor  = "task.decided_for" // told to whose task it was

	DelegationMade  = "delegation.made"
	DelegationTaken = "delegation.revoked"
)

// RoleEnded is told where a task left somebody with the role that gave it to them. 角色终止
const RoleEnded = "task.role_ended"

// DirectoryStopped is told to the administrators: store.WriteDirectory. 目录同步已暂停
const DirectoryStopped = "directory.stopped"

// DirectoryHeld is told to the administrators: store.EndDirectoryRun. 目录同步待确认
const DirectoryHeld = "directory.held"

// OrganisationEdited is told to the other administrators of where one changed people or
// departments alone: store.EditOrganisation. 组织架构变更
const OrganisationEdited = "organisation.edited"

// WebhookDisabled is told to the administrators: store.WebhooksTold. 事件推送已停用
const WebhookDisabled = "webhook.disabled"

// The kinds that a connection to an ERP owes finance and the administrators of its
// companies: store.WatchBooks. 连接告警
const (
	BooksSilent  = "books.silent"  // it does not answer
	BooksFailing = "books.failing" // most of what it is asked does not end well
	BooksWell    = "books.well"    // it is well again
)

// The kinds that somebody's own passkeys owe them. No setting keeps them away. 安全通知
const (
	PasskeyAdded   = "passkey.added"
	PasskeyRemoved = "passkey.removed"
	PasskeyBehind  = "passkey.behind" // its counter did not go on: there may be a copy of it
)

// ForDelegate is the kind by which the delegates of somebody are told of what
// they are told themselves; "" where it is theirs alone.
func ForDelegate(kind string) string {
	switch kind {
	case approval.TaskOpened:
		return OpenedFor
	case approval.TaskReminded:
		return RemindedFor
	case approval.TaskOverdue:
		return OverdueFor
	}
	return ""
}

// The kinds that a dead address owes the administrators, and whose it is: store.MailReported.
// The second is read in the list of notices alone. 邮箱失效
const (
	MailDead    = "mail.dead"
	MailDeadOwn = "mail.dead_own"
)

// The kinds that an answer to a letter owes its writer: store.KeepMailReply. 邮件回复审批
const (
	ReplyTaken   = "reply.taken" // read in the list of notices alone
	ReplyRefused = "reply.refused"
)

// Kinds lists every kind of notice; each has its texts in the catalogs.
func Kinds() []string {
	return append([]string{
		approval.TaskOpened, approval.TaskReminded, approval.TaskOverdue, approval.TaskWasSuperseded,
		approval.TaskWasEscalated, approval.TaskWasConsulted, approval.TaskWasAdvised, approval.ClockStopped,
		approval.DocumentReturned, approval.DocumentRejected, approval.DocumentApproved,
		approval.DocumentClosed, approval.DocumentSanctioned, approval.DocumentAmended, approval.DocumentWithdrawn,
		approval.VoucherParked, approval.PlanFailed,
		approval.TaskWasReassigned, approval.StepJumped, approval.ClockReleased, approval.PlanDiscarded,
		approval.DocumentVoided, approval.TaskWasRescheduled, approval.TaskWasHandedOver, approval.ClockResumed,
		DelegationMade, DelegationTaken,
		Commented, Mentioned, Copied, CopiedByPolicy, EnteredFor, Urged, OpenedFor, RemindedFor, OverdueFor, DecidedFor,
		ProposalMade, ProposalApproved, ProposalRefused, ProposalOutdated, ProposalExpiring, ProposalExpired,
		InterventionProposed, InterventionApproved, InterventionRefused, InterventionExpiring, InterventionExpired,
		ReversalRequested, ReversalRefused, ReversalPosted, ReversalParked, ReversalExpiring, ReversalExpired,
		RoleEnded, DirectoryStopped, DirectoryHeld, OrganisationEdited, WebhookDisabled, BooksSilent, BooksFailing, BooksWell,
		PasskeyAdded, PasskeyRemoved, PasskeyTaken, PasskeyBehind, MailDead, MailDeadOwn, ReplyTaken, ReplyRefused,
	}, slices.Concat(rightKinds, reviewKinds)...)
}

// Notice is one message owed to one person, or to the holders of a role. 通知
type Notice struct {
	Kind     string            `json:"kind"`             // as in the table of the package
	Person   string            `json:"person,omitempty"` // person id; "" when a role is told
	Role     string            `json:"role,omitempty"`   // whose holders are told
	Entity   string            `json:"entity,omitempty"` // the entity that the role is held for
	Document string            `json:"document"`
	Task     string            `json:"task,omitempty"`
	Quiet    bool              `json:"quiet,omitempty"` // shown in the list of notices only, never sent
	Data     map[string]string `json:"data"`            // arguments of the text
}

// Summary is what Record knows of the document when an event is written.
type Summary struct {
	Document  string
	Number    string
	Title     string
	Entity    string
	Submitter string
	Requester string
	Total     money.Amount
	Steps     map[string]map[string]string // titles by step id, then by locale
	Deciders  []string                     // the people who decided something in it
}
