package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{
	"inbound.twice":          {Kind: fault.Invalid, Args: []string{"id"}},
	"inbound.unknown_source": {Kind: fault.NotFound, Args: []string{"source"}},
})

// Inbounds are the activities that fetch what other systems want made documents, where
// we ask ourselves. What they fetch goes through the same door as what is sent. 入站采集
type Inbounds struct {
	Book    InboundBook
	Sources map[string]InboundSource // by id
	Words   Words
	Now     func() time.Time // nil = time.Now
}

// InboundSource is a system that we ask: it has Ask, or Place and what comes after it.
type InboundSource struct {
	ID       string
	Entities []string // whose documents it may start; none = every one
	Mapping  *inbound.Mapping

	// Ask hands on what changed since a watermark, each thing as a JSON object, and answers
	// with the newest watermark. What was handed on before may come again.
	Ask func(ctx context.Context, after string, take func(item []byte) error) (string, error)

	Place    drop.Place
	Rows     rows.Options
	BytesMax int64         // of one file
	Quiet    time.Duration // how long nobody may have written a file that is read
	Language string        // of the results beside the files
}

// Words say things in a language.
type Words struct {
	Text  func(language, key string) string
	Fault func(language string, f *fault.Fault) string
}

// InboundBook is the part of the store that Inbounds needs.
type InboundBook interface {
	Receive(ctx context.Context, in store.InboundInput) (store.Inbound, error)
	InboundNamed(ctx context.Context, source string, names []string) (map[string]store.Inbound, error)
	InboundWatermark(ctx context.Context, source string) (string, error)
	NoteInboundReading(ctx context.Context, r store.InboundReading) error
}

// CollectInput says which source is to be asked.
type CollectInput struct {
	Source     string `json:"source"`
	Connection string `json:"connection,omitempty"` // the ERP that is asked, which has a queue of its own
}

// Collected is what came, in numbers and names of ours: history keeps nothing of what
// it says.
type Collected struct {
	Files []string `json:"files,omitempty"` // that wait for their results
	Items int      `json:"items"`
	Code  string   `json:"code,omitempty"` // of the fault that it ended with
}

// TakeInbound asks a source for what is new, and keeps it where the gateway makes
// documents of it.
//
// Safe to repeat: each thing is kept once under its own name. A source that does not
// answer, or refuses, is an answer: the next time asks anew. Errors: where our own
// database is away.
func (b *Inbounds) TakeInbound(ctx context.Context, in CollectInput) (Collected, error) {
	defer alive(ctx)()
	source, known := b.Sources[in.Source]
	if !known {
		return Collected{Code: "inbound.unknown_source"}, nil
	}
	reading := store.InboundReading{Source: in.Source}
	var got Collected
	var err error
	if source.Ask != nil {
		got, reading.Watermark, err = b.items(ctx, source)
	} else {
		got, err = b.files(ctx, source)
	}
	if f, ok := fault.As(err); ok && f.Kind != fault.Internal {
		reading.Code, reading.Detail, got.Code = f.Code, said(f), f.Code
	} else if err != nil {
		return got, answer(ctx, err)
	}
	reading.Files, reading.Items = len(got.Files), got.Items
	if got.Items > 0 {
		crash.At("inbound.taken")
	}
	return got, answer(ctx, b.Book.NoteInboundReading(ctx, reading))
}

// said is what a fault tells beside its code.
func said(f *fault.Fault) string {
	return cmp.Or(f.Args["words"], f.Args["why"], f.Args["what"], f.Args["column"])
}

// items keeps what a source hands on. How far it came counts even where it ends in an
// error.
func (b *Inbounds) items(ctx context.Context, source InboundSource) (got Collected, mark string, err error) {
	after, err := b.Book.InboundWatermark(ctx, source.ID)
	if err != nil {
		return got, "", err
	}
	mark, err = source.Ask(ctx, after, func(item []byte) error {
		got.Items++
		return b.receive(ctx, source, item, true)
	})
	return got, mark, err
}

// receive keeps one thing. That something else is there under its name is found again
// when its result is told.
func (b *Inbounds) receive(ctx context.Context, source InboundSource, body []byte, calm bool) error {
	in := InboundOf(source.ID, source.Mapping, body)
	in.Entities, in.Calm = source.Entities, calm
	_, err := b.Book.Receive(ctx, in)
	if code := fault.CodeOf(err); code == "inbound.changed" || code == "inbound.underway" {
		return nil
	}
	return err
}

func (b *Inbounds) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

// InboundOf is what a source sent as the store keeps it: under the name that the mapping
// finds in it. What has none is kept under its hash, and refused.
func InboundOf(source string, mapping *inbound.Mapping, body []byte) store.InboundInput {
	sum := sha256.Sum256(body)
	in := store.InboundInput{Body: strings.ToValidUTF8(string(body), "�"), Hash: hex.EncodeToString(sum[:]),
		State: store.InboundReceived}
	refuse := func(err error) store.InboundInput {
		in.State, in.Fault = store.InboundRefused, fault.New(fault.Internal, "request.failed")
		if f, ok := fault.As(err); ok {
			in.Fault = f
		}
		if in.Origin.Reference == "" {
			in.Origin = document.Origin{Source: source, Reference: "sha256:" + in.Hash}
		}
		return in
	}
	message, err := inbound.Read(body)
	if err != nil {
		return refuse(err)
	}
	name, err := mapping.Name(message)
	if err != nil {
		return refuse(err)
	}
	in.Origin = document.Origin{Source: source, Reference: name}
	wanted, err := mapping.Wants(message)
	if err != nil {
		return refuse(err)
	}
	if !wanted {
		in.State = store.InboundIgnored
	}
	return in
}
