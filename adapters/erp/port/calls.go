package port

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Op is what an ERP was asked for.
type Op string

// The operations.
const (
	OpFind    Op = "find"
	OpCreate  Op = "create"
	OpPost    Op = "post"
	OpReverse Op = "reverse"
	OpDiscard Op = "discard"
	OpList    Op = "list"
	OpSync    Op = "sync"
	OpLogin   Op = "login"
	OpOther   Op = "other" // asked outside of any call
)

// Ops lists every operation.
func Ops() []Op {
	return []Op{OpFind, OpCreate, OpPost, OpReverse, OpDiscard, OpList, OpSync, OpLogin, OpOther}
}

// Writes says whether the operation may change something in the books.
func (o Op) Writes() bool { return o == OpCreate || o == OpPost || o == OpReverse || o == OpDiscard }

// Class is how something asked of an ERP ended; "" while nobody knows.
type Class string

// The ends.
const (
	ClassOK      Class = "ok"
	ClassRefused Class = "refused" // nothing was written, and asking again would not help
	ClassBusy    Class = "busy"    // nothing was written
	ClassUnknown Class = "unknown" // the answer was lost
)

// Classes lists every end.
func Classes() []Class { return []Class{ClassOK, ClassRefused, ClassBusy, ClassUnknown} }

// ClassOf is how something ended that ended with err.
func ClassOf(err error, writes bool) Class {
	switch {
	case err == nil:
		return ClassOK
	case Refused(err):
		return ClassRefused
	case fault.KindOf(err) == fault.Busy || !writes:
		return ClassBusy
	}
	return ClassUnknown
}

// Call says on whose behalf an ERP is asked. It travels in the context, so that the
// log of exchanges knows it without any adapter knowing the log.
type Call struct {
	Op        Op
	Document  string // "" where it is about no single one; so too the others
	Reference string
	Entity    string
	Attempt   int // of those on record for the reference; 0 = it only looks
}

// Exchange is one request to an ERP and what became of it, raw: the log takes the
// secrets out before anything is kept.
type Exchange struct {
	Connection, Adapter string
	Call
	Method, Path string
	StartedAt    time.Time
	Took         time.Duration
	Status       int // of HTTP; 0 where there was no answer, or no HTTP
	Class        Class
	Code         string // of the fault that the adapter made of it
	Sent, Got    Said
	Hidden       []string // what must not be kept, wherever it appears
}

// Said is one side of an exchange.
type Said struct {
	Type string // media type
	Size int64
	Sum  string // SHA-256 of all of it, in hex; "" for nothing
	Head []byte // its beginning; nil where it must not be kept
}

// Recorder takes exchanges. It must not block.
type Recorder func(Exchange)

// callKey is where a context carries the call that is under way, loginKey that a
// session is being opened.
type (
	callKey  struct{}
	loginKey struct{}
)

// calling is a call under way. It holds the newest exchange back, because what an
// answer meant is known only when the adapter has read it.
type calling struct {
	call   Call
	mutex  sync.Mutex
	newest func(Class, string) // ends and records it; "" keeps the class of the wire
}

// Calling makes one call of a port, so that its exchanges are known by it and end as
// the call ended.
func Calling(ctx context.Context, call Call, run func(context.Context) error) error {
	c := &calling{call: call}
	err := run(context.WithValue(ctx, callKey{}, c))
	class, code := Class(""), ""
	if err != nil {
		class, code = ClassOf(err, call.Op.Writes()), fault.CodeOf(err)
	}
	c.hold(nil, class, code)
	return err
}

// hold keeps the newest exchange until the next, or the end, and records the one before.
func (c *calling) hold(next func(Class, string), class Class, code string) {
	c.mutex.Lock()
	before := c.newest
	c.newest = next
	c.mutex.Unlock()
	if before != nil {
		before(class, code)
	}
}

// LoggingIn marks what is asked with ctx as the opening of a session: of such an
// exchange nothing is kept of what was said.
func LoggingIn(ctx context.Context) context.Context {
	return context.WithValue(ctx, loginKey{}, true)
}

// noted records an exchange, at once or, within a call, with what is learned of it.
func noted(ctx context.Context, record Recorder, x Exchange) {
	c, _ := ctx.Value(callKey{}).(*calling)
	if c == nil {
		record(x)
		return
	}
	c.hold(func(class Class, code string) {
		if class != "" {
			x.Class, x.Code = class, code
		}
		record(x)
	}, "", "")
}

// callOf is the call under way, as an exchange with ctx has it.
func callOf(ctx context.Context) Call {
	call := Call{Op: OpOther}
	if c, _ := ctx.Value(callKey{}).(*calling); c != nil {
		call = c.call
	}
	if ctx.Value(loginKey{}) != nil {
		call.Op = OpLogin
	}
	return call
}
