package store

import (
	"context"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

var errPending = fault.New(fault.Internal, "store.refused")

// DraftInput is what an author typed so far.
type DraftInput struct {
	ID      string // "" for a new one
	Content document.Content
	Owner   string // the author; only they may save or delete it
}

// SubmitInput is a finished draft: completed, validated and hashed by the caller.
type SubmitInput struct {
	ID           string // the draft; "" submits without one
	Actor        string
	Content      document.Content
	Hash         string
	NumberPrefix string // such as EXP
	YearZone     string // IANA zone of the entity: the number's year is counted there
	Bulk         bool   // an import: starts after everything interactive
	Idem         Idempotency
}

// RevisionInput is new content for a returned document, stored before resubmit.
type RevisionInput struct {
	Document string
	Actor    string
	Content  document.Content
	Hash     string
}

// RevisionRow is one revision of a document without its content.
type RevisionRow struct {
	Revision    int
	Hash        string
	Actor       string
	CreatedAt   time.Time
	SubmittedAt time.Time // zero while it waits for resubmit
}

// DocumentFilter narrows a list of documents.
type DocumentFilter struct {
	Statuses  []approval.Status
	Types     []string
	Submitter string
	Query     string    // in number or title
	From, To  time.Time // [From, To) of the submission, or of the creation of a draft
	Cursor    string
	Limit     int
	WithTotal bool
}

// TaskFilter narrows a list of tasks.
type TaskFilter struct {
	Assignees []string // a person and the queues they hold
	States    []approval.TaskState
	Cursor    string
	Limit     int
	WithTotal bool
}

// ActRow is one signed act in the inbox. 收件箱
type ActRow struct {
	Act        approval.Act
	Canonical  string // what was signed, byte for byte
	Signature  evidence.Signature
	ReceivedAt time.Time // database clock; zero in, filled out
	Idem       Idempotency
	Outcome    *approval.Outcome // nil while nobody judged it
	OutcomeAt  time.Time
	Deliveries int
}

// ActRef names an act to deliver.
type ActRef struct {
	ID       string
	Document string
}

// Stamp fills the instants of a task.opened draft, counting from at.
type Stamp func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error)

// Start is a document whose workflow is to be started.
type Start struct {
	Document, Number, Type, Title, Entity, Department, Urgency, Submitter string
	Bulk                                                                  bool
}

// Notice is one message owed to one person. 通知
type Notice struct {
	ID, Document, Person, Kind string
	Args                       map[string]string
	CreatedAt, SentAt, ReadAt  time.Time
	Tries                      int
	Failure                    string // the last failure's reason, "" for none
}

// PolicyRow is one published version of a policy, a document type or a mapping.
type PolicyRow struct {
	Kind        string // policy, type or mapping
	ID          string
	Version     int // from 1; 0 takes the next
	Hash        string
	YAML        string
	PublishedBy string
	PublishedAt time.Time
}

// EffectIntent is what is about to be sent to the ERP: written before the socket.
type EffectIntent struct {
	Reference string // natural key
	Attempt   int    // rulings so far; only a new ruling may change the content
	Document  string
	Kind      string
	Entity    string
	Voucher   string // canonical JSON
	Hash      string // of Voucher
}

// Attempt is one call to the ERP, written before it is made.
type Attempt struct {
	Reference   string
	N           int // from 1
	Op          string
	RequestHash string
	StartedAt   time.Time
	Class       string // ok, refused, unknown or busy; "" while nobody knows
	Detail      string
	FinishedAt  time.Time
}

// VoucherRow is a voucher as the books know it.
type VoucherRow struct {
	Reference, Document, DocumentNumber, Kind, Entity string
	State                                             string // pending, draft, posted, parked, void
	ID, Number, Date                                  string // the ERP's
	Hash                                              string
	Voucher                                           string // canonical JSON; not in lists
	Code, Detail                                      string // why it is parked
	CreatedAt, PostedAt                               time.Time
}

// VoucherFilter narrows a list of vouchers.
type VoucherFilter struct {
	States    []string
	Document  string
	Cursor    string
	Limit     int
	WithTotal bool
}

// ParkedEffect is a posting that waits for finance. 挂起
type ParkedEffect struct {
	Reference, Document, Number, Title, Entity, Code, Detail string
	ParkedAt                                                 time.Time
}

// Comment is a remark that changes no state. 评论
type Comment struct {
	ID, Document, Author, Text string
	At                         time.Time
}

// AttachmentRow is a stored file by reference.
type AttachmentRow struct {
	document.Attachment
	Uploader   string
	Key        string // where the file store keeps it
	UploadedAt time.Time
}

// ImportInput is a batch of documents to be submitted.
type ImportInput struct {
	ID, Actor, Name string
	Rows            []document.Content
	Idem            Idempotency
}

// Import is a batch and how far it is. 批量导入
type Import struct {
	ID, Actor, Name       string
	Total, Done, Failed   int
	CreatedAt, FinishedAt time.Time
}

// ImportRow is one document of an import.
type ImportRow struct {
	Import, Actor string
	N             int // from 1
	Content       document.Content
	State         string // pending, done, failed
	Document      string
	Fault         *fault.Fault
}

// Token is a machine's credential; only its hash is stored.
type Token struct {
	ID, Hash, Person, Name                      string
	Scopes                                      []string
	CreatedAt, ExpiresAt, RevokedAt, LastUsedAt time.Time
}

// Head is where a stream's chain ends.
type Head struct {
	Stream string    `json:"stream"`
	Seq    int64     `json:"seq"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
}

// Checkpoint is a signed statement of heads that has left the database.
type Checkpoint struct {
	N           int64
	At          time.Time
	Predecessor string // hash of the checkpoint before, "" for the first
	Hash        string // of Body
	Body        string // what was signed
	Signature   evidence.Signature
}

// Stats are the figures behind the metrics.
type Stats struct {
	Documents       map[approval.Status]int64
	OpenTasks       int64
	OverdueTasks    int64
	PendingStarts   int64
	UnansweredActs  int64
	OldestAct       time.Duration
	QueuedNotices   int64
	FailedNotices   int64
	UnknownAttempts int64
	PendingImports  int64
}

func (s *Store) SaveDraft(ctx context.Context, in DraftInput) (Document, error) {
	return Document{}, errPending
}
func (s *Store) DeleteDraft(ctx context.Context, scope access.Scope, id string) error {
	return errPending
}
func (s *Store) Submit(ctx context.Context, in SubmitInput) (Document, error) {
	return Document{}, errPending
}
func (s *Store) SaveRevision(ctx context.Context, in RevisionInput) (int, error) {
	return 0, errPending
}
func (s *Store) Document(ctx context.Context, scope access.Scope, id string) (Document, error) {
	return Document{}, errPending
}
func (s *Store) Documents(ctx context.Context, scope access.Scope, f DocumentFilter) (Page[Document], error) {
	return Page[Document]{}, errPending
}
func (s *Store) Revision(ctx context.Context, id string, n int) (document.Content, string, error) {
	panic("pending")
}
func (s *Store) Revisions(ctx context.Context, document string) ([]RevisionRow, error) {
	return nil, errPending
}
func (s *Store) Task(ctx context.Context, id string) (Task, error) { return Task{}, errPending }
func (s *Store) Tasks(ctx context.Context, f TaskFilter) (Page[Task], error) {
	return Page[Task]{}, errPending
}
func (s *Store) DocumentTasks(ctx context.Context, document string) ([]Task, error) {
	return nil, errPending
}
func (s *Store) CommitAct(ctx context.Context, row ActRow) (ActRow, bool, error) {
	return ActRow{}, false, errPending
}
func (s *Store) Act(ctx context.Context, id string) (ActRow, error) { return ActRow{}, errPending }
func (s *Store) RefuseAct(ctx context.Context, id string, o approval.Outcome) (approval.Outcome, error) {
	return o, errPending
}
func (s *Store) ClaimActs(ctx context.Context, limit int) ([]ActRef, error) { return nil, errPending }
func (s *Store) PublicKeys(ctx context.Context) (evidence.KeyRing, error)   { panic("pending") }
func (s *Store) SavePublicKey(ctx context.Context, keyID string, public []byte) error {
	return errPending
}
func (s *Store) Record(ctx context.Context, r approval.RecordRequest, stamp Stamp) (approval.Recorded, error) {
	return approval.Recorded{}, errPending
}
func (s *Store) Events(ctx context.Context, stream string, after int64, limit int) ([]evidence.Event, error) {
	return nil, errPending
}
func (s *Store) ClaimStarts(ctx context.Context, limit int) ([]Start, error) { return nil, errPending }
func (s *Store) StartDone(ctx context.Context, document string) error        { return errPending }
func (s *Store) StartOf(ctx context.Context, document string) (Start, error) {
	return Start{}, errPending
}
func (s *Store) ClaimNotices(ctx context.Context, limit int) ([]Notice, error) {
	return nil, errPending
}
func (s *Store) NoticeSent(ctx context.Context, id string) error           { return errPending }
func (s *Store) NoticeFailed(ctx context.Context, id, reason string) error { return errPending }
func (s *Store) Notices(ctx context.Context, person, cursor string) (Page[Notice], error) {
	return Page[Notice]{}, errPending
}
func (s *Store) OrgVersion(ctx context.Context) (int64, error) { return 0, errPending }
func (s *Store) Snapshot(ctx context.Context, version int64) (*org.Snapshot, error) {
	return nil, errPending
}
func (s *Store) ReplaceOrganisation(ctx context.Context, next org.Snapshot, cause string) (int64, error) {
	return 0, errPending
}
func (s *Store) PersonBySubject(ctx context.Context, issuer, subject string) (org.Person, error) {
	return org.Person{}, errPending
}
func (s *Store) PublishPolicy(ctx context.Context, p PolicyRow) (PolicyRow, error) {
	return p, errPending
}
func (s *Store) PolicyInForce(ctx context.Context, kind, id string) (PolicyRow, error) {
	return PolicyRow{}, errPending
}
func (s *Store) PolicyVersion(ctx context.Context, kind, id string, version int) (PolicyRow, error) {
	return PolicyRow{}, errPending
}
func (s *Store) Policies(ctx context.Context, kind string) ([]PolicyRow, error) {
	return nil, errPending
}
func (s *Store) SaveRates(ctx context.Context, rates []document.Rate) error { return errPending }
func (s *Store) RateFor(ctx context.Context, currency, base, date string) (document.Rate, error) {
	return document.Rate{}, errPending
}
func (s *Store) SaveCalendar(ctx context.Context, c *calendar.Calendar) error { return errPending }
func (s *Store) Calendars(ctx context.Context) ([]*calendar.Calendar, error)  { return nil, errPending }
func (s *Store) BeginEffect(ctx context.Context, in EffectIntent) error       { return errPending }
func (s *Store) StartAttempt(ctx context.Context, reference, op, requestHash string) (Attempt, error) {
	return Attempt{}, errPending
}
func (s *Store) FinishAttempt(ctx context.Context, a Attempt, class, detail string) error {
	return errPending
}
func (s *Store) LastAttempt(ctx context.Context, reference string) (Attempt, bool, error) {
	return Attempt{}, false, errPending
}
func (s *Store) SaveVoucher(ctx context.Context, v VoucherRow) error { return errPending }
func (s *Store) Voucher(ctx context.Context, scope access.Scope, reference string) (VoucherRow, error) {
	return VoucherRow{}, errPending
}
func (s *Store) Vouchers(ctx context.Context, scope access.Scope, f VoucherFilter) (Page[VoucherRow], error) {
	return Page[VoucherRow]{}, errPending
}
func (s *Store) ParkedEffects(ctx context.Context, scope access.Scope) ([]ParkedEffect, error) {
	return nil, errPending
}
func (s *Store) Comments(ctx context.Context, document string) ([]Comment, error) {
	return nil, errPending
}
func (s *Store) AddComment(ctx context.Context, c Comment) (Comment, error) { return c, errPending }
func (s *Store) AddUrge(ctx context.Context, document, author string, cooldown time.Duration) error {
	return errPending
}
func (s *Store) SaveAttachment(ctx context.Context, a AttachmentRow) error { return errPending }
func (s *Store) Attachment(ctx context.Context, scope access.Scope, id string) (AttachmentRow, error) {
	return AttachmentRow{}, errPending
}
func (s *Store) CreateImport(ctx context.Context, in ImportInput) (Import, error) {
	return Import{}, errPending
}
func (s *Store) Import(ctx context.Context, id string) (Import, error) { return Import{}, errPending }
func (s *Store) ImportRows(ctx context.Context, id string, after, limit int) ([]ImportRow, error) {
	return nil, errPending
}
func (s *Store) ClaimImportRows(ctx context.Context, limit int) ([]ImportRow, error) {
	return nil, errPending
}
func (s *Store) ImportRowDone(ctx context.Context, id string, n int, document string) error {
	return errPending
}
func (s *Store) ImportRowFailed(ctx context.Context, id string, n int, f *fault.Fault) error {
	return errPending
}
func (s *Store) CreateToken(ctx context.Context, t Token) (Token, error) { return t, errPending }
func (s *Store) TokenByHash(ctx context.Context, hash string) (Token, error) {
	return Token{}, errPending
}
func (s *Store) RevokeToken(ctx context.Context, person, id string) error   { return errPending }
func (s *Store) Tokens(ctx context.Context, person string) ([]Token, error) { return nil, errPending }
func (s *Store) HeadsSince(ctx context.Context, since time.Time) ([]Head, error) {
	return nil, errPending
}
func (s *Store) SaveCheckpoint(ctx context.Context, c Checkpoint) (Checkpoint, error) {
	return c, errPending
}
func (s *Store) Checkpoints(ctx context.Context, limit int) ([]Checkpoint, error) {
	return nil, errPending
}
func (s *Store) Stats(ctx context.Context) (Stats, error) { return Stats{}, errPending }
func (s *Store) Sessions() *SessionStore                  { return &SessionStore{store: s} }

// SessionStore keeps browser sessions under the hash of their token, for scs.
type SessionStore struct{ store *Store }

func (x *SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return nil, false, errPending
}
func (x *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return errPending
}
func (x *SessionStore) DeleteCtx(ctx context.Context, token string) error        { return errPending }
func (x *SessionStore) Find(token string) ([]byte, bool, error)                  { return nil, false, errPending }
func (x *SessionStore) Commit(token string, data []byte, expiry time.Time) error { return errPending }
func (x *SessionStore) Delete(token string) error                                { return errPending }
func (x *SessionStore) Bind(ctx context.Context, token, person string) error     { return errPending }
func (x *SessionStore) EndAll(ctx context.Context, person string) (int, error)   { return 0, errPending }

// VerifyOptions says what to verify.
type VerifyOptions struct {
	Streams      []string // only these; none means all
	Checkpoint   []Head   // heads that left the database earlier
	FindingsMost int
}

// Finding is one thing that does not add up.
type Finding struct {
	Stream string
	Seq    int64
	What   string // a code, such as chain.broken
	Detail string
}

// Report is the answer of a verification.
type Report struct {
	Streams, Events, Acts int64
	Findings              []Finding
}

func (s *Store) VerifyAudit(ctx context.Context, o VerifyOptions) (Report, error) {
	return Report{}, errPending
}

// Migrate brings a database to the newest schema.
func Migrate(ctx context.Context, url string) error { return errPending }

// RolesInput says which roles to make.
type RolesInput struct {
	Database  string
	Passwords map[string]string // by role; missing ones are generated
}

// MigrateRoles makes the least-privilege roles and answers with their URLs.
func MigrateRoles(ctx context.Context, adminURL string, in RolesInput) (map[string]string, error) {
	return nil, errPending
}
