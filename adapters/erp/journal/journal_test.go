package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/journal"
	"github.com/countersign/countersign/adapters/erp/port"
)

// side is one side of an exchange as it went over the line.
func side(media, text string) port.Said {
	return port.Said{Type: media, Size: int64(len(text)), Sum: "5um", Head: []byte(text)}
}

// TestKeepsNoSecretsAndNoPeople shows what becomes of each form of text.
func TestKeepsNoSecretsAndNoPeople(t *testing.T) {
	const ref = "v:0198:accrual:1"
	for _, tt := range []struct{ name, media, text, want string }{
		{"amounts, dates, accounts and references stay", "application/json",
			`{"account":"6602","debit":128.50,"date":"2026-03-31","ref":"` + ref + `","lines":[{"credit":"12.00"}]}`,
			`{"account":"6602","debit":128.50,"date":"2026-03-31","ref":"` + ref + `","lines":[{"credit":"12.00"}]}`},
		{"people and banks do not", "application/json",
			`{"payee":"张三","party":"Li Wei","bank_account":"6222020200012345678","iban":"DE89 3704 0044 0532 0130 00","n":6222020200012345678}`,
			`{"payee":"•","party":"•","bank_account":"•","iban":"•","n":"•"}`},
		{"secrets do not, whatever their form", "application/json",
			`{"password":"123456","Token":{"a":[1,"x"]},"api_key":7,"params":["admin","hunter2hunter2"],"session_id":null}`,
			`{"password":"•","Token":"•","api_key":"•","params":["•","•"],"session_id":null}`},
		{"a token stands nowhere", "application/json", `{"code":"9f86d081884c7d659a2feaa0c55ad015","id":"hush-hush"}`,
			`{"code":"•","id":"•"}`},
		{"JSON in a string", "application/json", `{"data":"{\"FAccount\":\"x y\",\"debit\":\"1.00\"}"}`,
			`{"data":"{\"FAccount\":\"•\",\"debit\":\"1.00\"}"}`},
		{"what an ERP says, without what was masked, numbers and addresses", "application/json",
			`{"party":"Li Wei","message":"Li Wei (li@acme.com, 6222020200012345678, hush-hush) is unknown to ` + ref + `"}`,
			`{"party":"•","message":"• (•, •, •) is unknown to ` + ref + `"}`},
		{"XML by its elements", "text/xml; charset=utf-8",
			`<?xml version="1.0"?><s:E xmlns:s="urn:x"><s:Name lang="EN">Li Wei</s:Name><Amount currencyCode="CNY">9.90</Amount>` +
				`<Password>p</Password></s:E>`,
			`<E><Name lang="•">•</Name><Amount currencyCode="CNY">9.90</Amount><Password>•</Password></E>`},
		{"a form by its fields", "application/x-www-form-urlencoded", "client_secret=a&date=2026-03-31&name=Li",
			"client_secret=•&date=2026-03-31&name=•"},
		{"no entities", "text/xml", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, ""},
		{"no JSON", "application/json", `{"a": tru`, ""},
		{"no form that is known", "text/html", "<html><p>Li Wei</p>", ""},
		{"no text at all", "application/octet-stream", "\x00\x01\x02", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := journal.Redacted(port.Exchange{Call: port.Call{Reference: ref}, Got: side(tt.media, tt.text),
				Hidden: []string{"hush-hush"}})
			assert.Equal(t, tt.want, e.Excerpt)
			assert.Equal(t, int64(len(tt.text)), e.GotBytes)
			assert.Equal(t, tt.want == "", e.GotSum != "", "what is not kept is known by its sum")
		})
	}
}

// TestKeepsTheBeginningOfALongText shows that a text that was cut off is kept as far as it
// was read, within its bound.
func TestKeepsTheBeginningOfALongText(t *testing.T) {
	for _, text := range []string{
		`{"rows":[` + strings.Repeat(`{"account":"6602","debit":1.00},`, 2000),
		`<rows>` + strings.Repeat(`<r><account>6602</account><debit>1.00</debit></r>`, 2000),
		`{"account":"6602","rows":["` + strings.Repeat("x", 5000),
	} {
		said := side("", text)
		said.Size += 10
		e := journal.Redacted(port.Exchange{Got: said})
		assert.Contains(t, e.Excerpt, "6602")
		assert.Less(t, len(e.Excerpt), 2100)
	}
	e := journal.Redacted(port.Exchange{Path: "/api/resource/Supplier/李 伟/6222020200012345678/Journal Entry/ACC-1"})
	assert.Equal(t, "/api/resource/Supplier/•/•/Journal Entry/ACC-1", e.Path)
}

// FuzzRedacted holds that a secret never comes through, in whatever text it stands.
func FuzzRedacted(f *testing.F) {
	f.Add(`{"a":"`, `"}`)
	f.Add(`<a b="`, `"/>`)
	f.Add(`{"message":"x `, ` y"}`)
	f.Add("a=", "&b=1")
	const secret = "5ecret-c4nary"
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, media := range []string{"application/json", "text/xml", "application/x-www-form-urlencoded"} {
			e := journal.Redacted(port.Exchange{Got: side(media, before+secret+after), Path: before + secret + after,
				Hidden: []string{secret}})
			if strings.Contains(e.Excerpt+e.Path, secret) {
				t.Errorf("%q", e.Excerpt+e.Path)
			}
		}
	})
}

// TestNeverWaits holds that a recorder takes what there is room for and counts the rest,
// whatever the database does, and keeps what waits when it stops.
func TestNeverWaits(t *testing.T) {
	var mutex sync.Mutex
	var kept []string
	away := true
	entered, let := make(chan bool, 1000), make(chan bool)
	j := journal.New(journal.Options{Room: 4, Batch: 2, Every: time.Millisecond,
		Keep: func(_ context.Context, batch []journal.Entry) error {
			mutex.Lock()
			defer mutex.Unlock()
			if away {
				entered <- true
				mutex.Unlock()
				<-let
				mutex.Lock()
				return errors.New("away")
			}
			for _, e := range batch {
				kept = append(kept, e.Reference)
			}
			return nil
		}})
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan bool)
	go func() { j.Run(ctx); close(over) }()
	record := func(n int) { j.Record(port.Exchange{Call: port.Call{Reference: fmt.Sprint(n)}}) }
	record(0)
	<-entered // the database hangs with what came first
	for n := 1; n <= 50; n++ {
		record(n) // and this returns
	}
	require.Equal(t, int64(46), j.Dropped(), "there is room for four")
	mutex.Lock()
	away = false
	mutex.Unlock()
	close(let)
	stop()
	<-over
	mutex.Lock()
	defer mutex.Unlock()
	assert.Equal(t, []string{"0", "1", "2", "3", "4"}, kept)
	assert.Equal(t, int64(46), j.Dropped())
}
