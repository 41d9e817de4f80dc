package access

import (
	"maps"
	"slices"
)

// The roles that a grant may give. 角色
const (
	Employee     = "employee"      // everybody
	FinanceClerk = "finance_clerk" // 财务
	FinanceHead  = "finance_head"  // 财务负责人
	Cashier      = "cashier"       // 出纳
	Auditor      = "auditor"       // 审计
	Admin        = "admin"         // 管理员
	Operator     = "operator"      // 运维
	Assistant    = "assistant"     // enters documents for others 助理
)

// DepartmentHead is the role of who heads a department. It is no grant: the organisation says who heads what.
const DepartmentHead = "department_head"

// Roles lists the roles that a grant may give.
func Roles() []string {
	return []string{Employee, FinanceClerk, FinanceHead, Cashier, Auditor, Admin, Operator, Assistant}
}

// The permissions. Names are stored in tokens for years.
const (
	DocumentCreate    = "document:create"
	DocumentRead      = "document:read"
	DocumentSubmit    = "document:submit"
	DocumentResubmit  = "document:resubmit"
	DocumentWithdraw  = "document:withdraw"
	DocumentComment   = "document:comment"
	DocumentUrge      = "document:urge"
	DocumentIntervene = "document:intervene" // reassign, void, plan anew, let go on
	DocumentOnBehalf  = "document:on_behalf" // enter a document for another; the object is that person's place
	DocumentCopy      = "document:copy"      // copy colleagues in, and pass on what one was copied in on
	CopyRemove        = "copy:remove"        // take back who was copied in: one's own copies, or an admin any
	TaskDecide        = "task:decide"
	VoucherRead       = "voucher:read"
	EffectRead        = "effect:read"
	VoucherReverse    = "voucher:reverse" // ask for a reversal, approve another's, and rule on one that is parked
	EffectResolve     = "effect:resolve"  // rule on a parked voucher
	PlanResolve       = "plan:resolve"    // ask again for a route that failed
	PolicyRead        = "policy:read"
	PolicyPropose     = "policy:propose" // a text, for a second person
	PolicyPublish     = "policy:publish" // decide on what another proposed
	PolicyReview      = "policy:review"  // read what is proposed, and what it would change
	CalendarRead      = "calendar:read"
	ImportCreate      = "import:create"
	InboundSend       = "inbound:send"   // to a source whose account one is, and ask what became of it
	InboundRead       = "inbound:read"   // what other systems sent
	InboundManage     = "inbound:manage" // try what was refused again, or leave it
	PeopleRead        = "people:read"
	OrganisationRead  = "organisation:read"
	OrganisationWrite = "organisation:write"

	OrganisationInspect = "organisation:inspect" // the whole of it, what leavers leave, and what directories tell

	AuditRead        = "audit:read"
	DelegationRead   = "delegation:read"
	DelegationManage = "delegation:manage" // make and revoke
	TokenManage      = "token:manage"
	MetricsRead      = "metrics:read"
	WebhookRead      = "webhook:read"    // which other systems are told of events, and how they take it
	WebhookManage    = "webhook:manage"  // pause them, and have something sent again
	DeliveryRead     = "delivery:read"   // how people were told, and whom no message reaches
	DeliveryManage   = "delivery:manage" // say that somebody can be reached again
	ScimProvision    = "scim:provision"  // a directory tells of people and groups
	GrantRead        = "grant:read"      // who holds which right, and why
	GrantRequest     = "grant:request"   // a role, for a second person to approve
	GrantDecide      = "grant:decide"    // on what another asked for, and to take away
)

// Reach is how far from a person an object may lie.
type Reach string

// The reaches, from near to far. Assigned, Standing and Queue are the nearness of
// an approver: they count as own in the words of the contract. Copied is that of
// somebody who only reads: no permission to decide ever has it.
const (
	Own        Reach = "own"        // the person is an owner
	Assigned   Reach = "assigned"   // the person was asked to decide it
	Standing   Reach = "standing"   // a delegation in force lets the person decide it for who was asked
	Queue      Reach = "queue"      // it waits in the admin queue, and the grant covers its entity
	Copied     Reach = "copied"     // the person was copied in on it
	Department Reach = "department" // the person heads its department
	Entity     Reach = "entity"     // the grant covers its entity
	Company    Reach = "company"    // the grant covers its entity as a whole, and not a department of it
	All        Reach = "all"        // everything
)

func (r Reach) order() int {
	return slices.Index([]Reach{Own, Assigned, Standing, Queue, Copied, Department, Entity, Company, All}, r)
}

// peopleOnly are the permissions that no token carries, whatever its scopes: a
// token that makes tokens outlives its own revocation.
var peopleOnly = []string{TokenManage}

// namedOnly are the permissions that a token carries only where its scopes name them:
// what changes who decides is never part of a whole noun, nor is what undoes the books.
var namedOnly = []string{DocumentIntervene, OrganisationWrite, GrantRequest, GrantDecide, VoucherReverse}

// rights are the permissions of one role, each with its reaches.
type rights map[string][]Reach

// table says what each role may do. A grant's entity and department narrow Entity and Queue, one for a
// department gives nothing of Company; Own, Assigned, Standing and Copied follow the person, All ignores both.
var table = map[string]rights{
	Employee: {
		DocumentCreate:   {Own},
		DocumentRead:     {Own, Assigned, Standing, Copied},
		DocumentSubmit:   {Own},
		DocumentResubmit: {Own},
		DocumentWithdraw: {Own},
		DocumentComment:  {Own, Assigned, Standing, Copied},
		DocumentUrge:     {Own},
		DocumentCopy:     {Own, Assigned, Copied},
		CopyRemove:       {Own},
		TaskDecide:       {Assigned, Standing},
		VoucherRead:      {Own},
		PolicyRead:       {All},
		CalendarRead:     {All},
		OrganisationRead: {All},
		DelegationRead:   {Own},
		DelegationManage: {Own},
		TokenManage:      {Own},
		GrantRead:        {Own},
		GrantRequest:     {Own},
		InboundSend:      {Own},
	},
	DepartmentHead: {
		DocumentRead:     {Department},
		DocumentOnBehalf: {Department},
	},
	Assistant: {
		DocumentOnBehalf: {Entity},
	},
	FinanceClerk: {
		DocumentRead:     {Entity},
		DocumentOnBehalf: {Entity},
		DocumentComment:  {Entity},
		DocumentUrge:     {Entity},
		VoucherRead:      {Entity},
		EffectRead:       {Entity},
		EffectResolve:    {Entity},
		VoucherReverse:   {Company},
		InboundRead:      {Entity},
		InboundManage:    {Entity},
		ImportCreate:     {Entity},
		PeopleRead:       {Entity},
	},
	FinanceHead: {
		DocumentRead:     {Entity},
		DocumentOnBehalf: {Entity},
		DocumentComment:  {Entity},
		DocumentUrge:     {Entity},
		VoucherRead:      {Entity},
		EffectRead:       {Entity},
		EffectResolve:    {Entity},
		VoucherReverse:   {Company},
		InboundRead:      {Entity},
		InboundManage:    {Entity},
		ImportCreate:     {Entity},
		PeopleRead:       {Entity},
		PolicyPropose:    {Entity},
		PolicyPublish:    {Entity},
		PolicyReview:     {Entity},
		AuditRead:        {Entity},
	},
	Cashier: {
		DocumentRead: {Entity},
		VoucherRead:  {Entity},
		EffectRead:   {Entity},
	},
	Auditor: {
		DocumentRead:   {Entity},
		VoucherRead:    {Entity},
		EffectRead:     {Entity},
		InboundRead:    {Entity},
		PeopleRead:     {Entity},
		AuditRead:      {Entity},
		DelegationRead: {Entity},
		DeliveryRead:   {Entity},
		MetricsRead:    {All},
		GrantRead:      {Entity},
		PolicyReview:   {Entity},
		WebhookRead:    {Entity},

		OrganisationInspect: {Entity},
	},
	Admin: {
		DocumentRead:      {Entity},
		DocumentOnBehalf:  {Entity},
		DocumentComment:   {Entity},
		DocumentUrge:      {Entity},
		DocumentIntervene: {Entity},
		DocumentCopy:      {Queue},
		CopyRemove:        {Entity},
		TaskDecide:        {Queue},
		VoucherRead:       {Entity},
		EffectRead:        {Entity},
		PlanResolve:       {Entity},
		PolicyPropose:     {Entity},
		PolicyPublish:     {Entity},
		PolicyReview:      {Entity},
		InboundRead:       {Entity},
		InboundManage:     {Entity},
		ImportCreate:      {Entity},
		PeopleRead:        {Entity},
		OrganisationWrite: {Entity},
		AuditRead:         {Entity},
		DelegationRead:    {Entity},
		DelegationManage:  {Entity},
		TokenManage:       {Entity},
		MetricsRead:       {All},
		ScimProvision:     {Entity},
		WebhookRead:       {Entity},
		WebhookManage:     {Entity},
		DeliveryRead:      {Entity},
		DeliveryManage:    {Entity},
		GrantRead:         {Entity},
		GrantRequest:      {Entity},
		GrantDecide:       {Entity},

		OrganisationInspect: {Entity},
	},
	Operator: {
		EffectRead:     {Entity},
		MetricsRead:    {All},
		WebhookRead:    {All},
		WebhookManage:  {All},
		DeliveryRead:   {All},
		DeliveryManage: {All},
	},
}

// Permissions lists every permission that some role gives, sorted.
func Permissions() []string { return slices.Clone(permissions) }

var permissions = listed()

func listed() []string {
	all := map[string]bool{}
	for _, of := range table {
		for permission := range of {
			all[permission] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Gives lists what a role gives, by permission, with the reaches.
func Gives(role string) map[string][]Reach { return maps.Clone(table[role]) }
