package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) exchanges() {
	const tag = "ERP"
	add(a, operation{"list-connections", http.MethodGet, "/erp/connections", tag,
		"How each ERP connection does: the last hour, and what waits for it", 0}, a.listBooksHealth)
	add(a, operation{"list-exchanges", http.MethodGet, "/erp/exchanges", tag,
		"What was said to the ERPs and how it ended, the newest first", 0}, a.listExchanges)
	add(a, operation{"read-exchange", http.MethodGet, "/erp/exchanges/{id}", tag,
		"One exchange, with excerpts of both sides without secrets", 0}, a.readExchange)
	add(a, operation{"resend-effect", http.MethodPost, "/effects/{ref}/resend", tag,
		"Try a posting that is parked now; the ERP is asked for it first, so it is never posted twice", 0}, a.resend)
}

// BooksHealth is how one connection does.
type BooksHealth struct {
	Connection string     `json:"connection"`
	OK         int64      `json:"ok" doc:"Exchanges of the last hour that ended well"`
	Refused    int64      `json:"refused" doc:"… that the ERP refused"`
	Busy       int64      `json:"busy" doc:"… that certainly did nothing: away, busy, not reached"`
	Unknown    int64      `json:"unknown" doc:"… whose answer was lost"`
	P50        int64      `json:"p50_ms" doc:"Milliseconds within which half of them ended"`
	P99        int64      `json:"p99_ms"`
	LastOK     *time.Time `json:"last_ok,omitempty"`
	Unanswered *time.Time `json:"unanswered_since,omitempty" doc:"Since when it does not answer; none where it does"`
	Waiting    int64      `json:"waiting" doc:"Vouchers on their way, of entities one may see; 1000 and more are 1000"`
	Parked     int64      `json:"parked" doc:"Documents whose posting waits for a ruling"`
}

func booksHealthOf(h store.BooksHealth) BooksHealth {
	return BooksHealth{h.Connection, h.OK, h.Refused, h.Busy, h.Unknown, h.P50.Milliseconds(), h.P99.Milliseconds(),
		instant(h.LastOK), instant(h.Unanswered), h.Waiting, h.Parked}
}

// BooksHealthOutput is how the connections do.
type BooksHealthOutput struct{ Body List[BooksHealth] }

// listBooksHealth handles GET /erp/connections.
func (a *API) listBooksHealth(ctx context.Context, _ *MeInput) (*BooksHealthOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.BooksHealth(ctx, who)
	if err != nil {
		return nil, err
	}
	return &BooksHealthOutput{Body: listOf(list, "", nil, booksHealthOf)}, nil
}

// Exchange is one request to an ERP and what became of it.
type Exchange struct {
	ID         int64      `json:"id"`
	Connection string     `json:"connection"`
	Adapter    string     `json:"adapter"`
	Operation  string     `json:"operation"`
	Document   string     `json:"document,omitempty"`
	Number     string     `json:"document_number,omitempty"`
	Reference  string     `json:"reference,omitempty"`
	Entity     string     `json:"entity,omitempty"`
	Attempt    int        `json:"attempt,omitempty" doc:"Of the calls that write; none: it only looked"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	Took       int64      `json:"took_us" doc:"Microseconds"`
	Status     int        `json:"status,omitempty" doc:"Of HTTP; none: no answer, or no HTTP"`
	Class      string     `json:"class" enum:"ok,refused,busy,unknown"`
	Code       string     `json:"code,omitempty"`
	Method     string     `json:"method"`
	Path       string     `json:"path"`
	SentBytes  int64      `json:"sent_bytes"`
	GotBytes   int64      `json:"got_bytes"`
	Sent       string     `json:"sent,omitempty" doc:"Excerpt without secrets, people, accounts; of a single exchange"`
	Got        string     `json:"got,omitempty"`
	SentSum    string     `json:"sent_sha256,omitempty" doc:"Where no excerpt could be kept"`
	GotSum     string     `json:"got_sha256,omitempty"`
}

func exchangeOf(x store.Exchange) Exchange {
	return Exchange{
		ID: x.ID, Connection: x.Connection, Adapter: x.Adapter, Operation: x.Op, Document: x.Document,
		Number: x.DocumentNumber, Reference: x.Reference, Entity: x.Entity, Attempt: x.Attempt,
		StartedAt: instant(x.StartedAt), Took: x.Took.Microseconds(), Status: x.Status, Class: x.Class, Code: x.Code,
		Method: x.Method, Path: x.Path, SentBytes: x.SentBytes, GotBytes: x.GotBytes, Sent: x.Sent, Got: x.Got,
		SentSum: x.SentSum, GotSum: x.GotSum,
	}
}

// ExchangesInput narrows the log of exchanges.
type ExchangesInput struct {
	Paged
	Connection string    `query:"connection" maxLength:"64"`
	Operation  string    `query:"operation" enum:"find,create,post,reverse,discard,list,sync,login,other"`
	Class      string    `query:"class" enum:"ok,refused,busy,unknown"`
	Document   string    `query:"document" maxLength:"64" doc:"Id or number"`
	From       time.Time `query:"from"`
	Until      time.Time `query:"until" doc:"Not included"`
}

// ExchangesOutput is a page of exchanges.
type ExchangesOutput struct{ Body List[Exchange] }

// listExchanges handles GET /erp/exchanges.
func (a *API) listExchanges(ctx context.Context, in *ExchangesInput) (*ExchangesOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.Exchanges(ctx, who, store.ExchangeFilter{Connection: in.Connection, Op: in.Operation,
		Class: in.Class, Document: in.Document, From: in.From, Until: in.Until, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return &ExchangesOutput{Body: listOf(page.Items, page.Next, nil, exchangeOf)}, nil
}

// ExchangeInput names an exchange.
type ExchangeInput struct {
	Asked
	ID int64 `path:"id" minimum:"1"`
}

// ExchangeOutput is one exchange.
type ExchangeOutput struct{ Body Exchange }

// readExchange handles GET /erp/exchanges/{id}.
func (a *API) readExchange(ctx context.Context, in *ExchangeInput) (*ExchangeOutput, error) {
	who, _ := auth.Of(ctx)
	x, err := a.desk.Exchange(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &ExchangeOutput{Body: exchangeOf(x)}, nil
}

// ResendBody says why.
type ResendBody struct {
	Opinion string `json:"opinion,omitempty" maxLength:"2000"`
}

// ResendInput names a posting.
type ResendInput struct {
	Keyed
	Reference string `path:"ref" maxLength:"200"`
	Body      ResendBody
}

// resend handles POST /effects/{ref}/resend.
func (a *API) resend(ctx context.Context, in *ResendInput) (*ActOutput, error) {
	who, _ := auth.Of(ctx)
	return acted(a.desk.Resend(ctx, who, desk.Ruling{
		Reference: in.Reference, Opinion: in.Body.Opinion, Channel: channel(who),
	}, keyOf("resend-effect", in.IdempotencyKey, in.Reference, in.Body)))
}
