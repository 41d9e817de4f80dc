package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) masterData() {
	const tag = "Master data"
	add(a, operation{
		"list-master-data", http.MethodGet, "/master-data", tag,
		"What is known of the master data of each ERP connection, and when it was read", 0,
	}, a.listMasterData)
	add(a, operation{
		"read-master-data", http.MethodGet, "/master-data/{connection}", tag,
		"One connection, with the differences that wait for somebody and the newest readings", 0,
	}, a.readMasterData)
	add(a, operation{
		"list-master-rows", http.MethodGet, "/master-data/{connection}/rows", tag,
		"Accounts, parties, rates and the like of one connection, as they are kept", 0,
	}, a.listMasterRows)
	add(a, operation{
		"sync-master-data", http.MethodPost, "/master-data/{connection}/readings", tag,
		"Have everything read now; with review, nothing is kept until somebody applies it", http.StatusAccepted,
	}, a.syncMasterData)
	add(a, operation{
		"rule-master-differences", http.MethodPost, "/master-data/{connection}/rulings", tag,
		"Apply differences that wait, or refuse them with a reason", 0,
	}, a.ruleMasterData)
}

// MasterBooks is what is known of one connection's master data.
type MasterBooks struct {
	Connection string         `json:"connection"`
	Entities   []string       `json:"entities" nullable:"false"`
	Reads      []string       `json:"reads" nullable:"false" doc:"Kinds of master data that this ERP tells"`
	Rates      bool           `json:"rates" doc:"Its exchange rates are those that documents are counted with"`
	Counts     []MasterCount  `json:"counts" nullable:"false"`
	ReadAt     *time.Time     `json:"read_at,omitempty" doc:"When it was last read to its end"`
	Waiting    int            `json:"waiting" doc:"Differences that wait for somebody"`
	Failed     *MasterReading `json:"failed,omitempty" doc:"The newest reading, where it failed"`
}

// MasterCount is how many rows of a kind are kept.
type MasterCount struct {
	Kind   string `json:"kind"`
	Usable int64  `json:"usable"`
	Other  int64  `json:"other" doc:"Closed, or gone from the ERP; nothing is ever deleted"`
}

// MasterReading is one reading.
type MasterReading struct {
	ID         string         `json:"id"`
	By         string         `json:"by,omitempty" doc:"Nobody: the schedule, or an operator"`
	State      string         `json:"state" enum:"applied,held,failed"`
	Review     bool           `json:"review,omitempty" doc:"Every difference waits"`
	Came       int            `json:"came" doc:"Rows"`
	Changes    map[string]int `json:"changes,omitempty" doc:"That were kept: added, changed, closed, reopened, gone"`
	Held       int            `json:"held" doc:"Differences that were kept back"`
	Code       string         `json:"code,omitempty"`
	Detail     string         `json:"detail,omitempty" doc:"The ERP's own words"`
	FinishedAt *time.Time     `json:"finished_at,omitempty"`
}

// MasterDifference is a difference that waits, or that somebody ruled on.
type MasterDifference struct {
	Fingerprint string        `json:"fingerprint" doc:"Names it in rulings"`
	What        string        `json:"what" enum:"added,changed,closed,reopened,gone"`
	Before      *MasterRow    `json:"before,omitempty"`
	After       MasterRow     `json:"after"`
	Uses        string        `json:"uses,omitempty" doc:"Who would be hurt: a mapping, department or supplier"`
	Ruling      *MasterRuling `json:"ruling,omitempty" doc:"That holds; none: it waits"`
}

// MasterRuling is what somebody said of a difference.
type MasterRuling struct {
	Ruling string     `json:"ruling" enum:"apply,refuse"`
	Person string     `json:"person"`
	Reason string     `json:"reason,omitempty"`
	At     *time.Time `json:"at"`
}

// MasterRow is one entry of master data.
type MasterRow struct {
	Kind       string            `json:"kind"`
	Code       string            `json:"code"`
	Name       string            `json:"name"`
	Active     bool              `json:"active"`
	Gone       bool              `json:"gone,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

func masterRowOf(r master.Row) MasterRow {
	return MasterRow{string(r.Kind), r.Code, r.Name, r.Active, r.Gone, r.Attributes}
}

func masterReadingOf(r store.MasterRun) MasterReading {
	return MasterReading{ID: r.ID, By: r.By, State: r.State, Review: r.Review, Came: r.Came, Changes: r.Counts,
		Held: len(r.Held), Code: r.Code, Detail: r.Detail, FinishedAt: instant(r.FinishedAt)}
}

func masterBooksOf(b desk.MasterBooks) MasterBooks {
	out := MasterBooks{Connection: b.ID, Entities: b.Entities, Reads: []string{}, Rates: b.Rates, Counts: []MasterCount{},
		Waiting: b.Waiting}
	for _, kind := range b.Reads {
		out.Reads = append(out.Reads, string(kind))
	}
	for _, n := range b.Counts {
		out.Counts = append(out.Counts, MasterCount{n.Kind, n.Usable, n.Other})
	}
	if b.Last != nil {
		out.ReadAt = instant(b.Last.FinishedAt)
	}
	if b.Failed != nil {
		failed := masterReadingOf(*b.Failed)
		out.Failed = &failed
	}
	return out
}

func masterDifferenceOf(d desk.MasterDifference) MasterDifference {
	out := MasterDifference{Fingerprint: d.Fingerprint(), What: d.What, After: masterRowOf(d.After), Uses: d.Uses}
	if d.What != master.Added {
		before := masterRowOf(d.Before)
		out.Before = &before
	}
	if r := d.Ruling; r != nil {
		out.Ruling = &MasterRuling{string(r.Ruling), r.Person, r.Reason, instant(r.RuledAt)}
	}
	return out
}

// MasterDataOutput is every connection.
type MasterDataOutput struct{ Body List[MasterBooks] }

// listMasterData handles GET /master-data.
func (a *API) listMasterData(ctx context.Context, _ *Asked) (*MasterDataOutput, error) {
	who, _ := auth.Of(ctx)
	all, err := a.desk.MasterData(ctx, who)
	if err != nil {
		return nil, err
	}
	return &MasterDataOutput{Body: listOf(all, "", nil, masterBooksOf)}, nil
}

// MasterInput names a connection.
type MasterInput struct {
	Asked
	Connection string `path:"connection" maxLength:"64"`
}

// MasterSheet is one connection with what waits and what was read.
type MasterSheet struct {
	MasterBooks
	Differences []MasterDifference `json:"differences" nullable:"false" doc:"The first 200"`
	Readings    []MasterReading    `json:"readings" nullable:"false" doc:"The newest first"`
}

// MasterSheetOutput is one connection.
type MasterSheetOutput struct{ Body MasterSheet }

// readMasterData handles GET /master-data/{connection}.
func (a *API) readMasterData(ctx context.Context, in *MasterInput) (*MasterSheetOutput, error) {
	return a.masterSheet(ctx, in.Connection)
}

func (a *API) masterSheet(ctx context.Context, connection string) (*MasterSheetOutput, error) {
	who, _ := auth.Of(ctx)
	sheet, err := a.desk.MasterSheet(ctx, who, connection)
	if err != nil {
		return nil, err
	}
	body := MasterSheet{MasterBooks: masterBooksOf(sheet.MasterBooks), Differences: []MasterDifference{},
		Readings: []MasterReading{}}
	for _, d := range sheet.Differences {
		body.Differences = append(body.Differences, masterDifferenceOf(d))
	}
	for _, r := range sheet.Runs {
		body.Readings = append(body.Readings, masterReadingOf(r))
	}
	return &MasterSheetOutput{Body: body}, nil
}

// MasterRowsInput narrows what is kept.
type MasterRowsInput struct {
	Paged
	Connection string `path:"connection" maxLength:"64"`
	Kind       string `query:"kind" enum:"account,party,employee,department,cost_center,project,period,currency,rate"`
	Query      string `query:"q" maxLength:"100" doc:"In code or name"`
}

// MasterRowsOutput is a page of rows.
type MasterRowsOutput struct{ Body List[MasterRow] }

// listMasterRows handles GET /master-data/{connection}/rows.
func (a *API) listMasterRows(ctx context.Context, in *MasterRowsInput) (*MasterRowsOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.MasterRows(ctx, who, store.MasterFilter{
		Connection: in.Connection, Kind: in.Kind, Query: in.Query, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return &MasterRowsOutput{Body: listOf(page.Items, page.Next, nil, masterRowOf)}, nil
}

// SyncMasterBody says how it is read.
type SyncMasterBody struct {
	Review bool `json:"review,omitempty" doc:"Keep nothing until somebody applies it"`
}

// SyncMasterInput asks for a reading.
type SyncMasterInput struct {
	Keyed
	Connection string `path:"connection" maxLength:"64"`
	Body       SyncMasterBody
}

// SyncMasterOutput names the reading.
type SyncMasterOutput struct {
	Body struct {
		Reading string `json:"reading" doc:"Its id among the readings, once it is over"`
		Over    bool   `json:"over" doc:"It came to its end meanwhile"`
	}
}

// syncMasterData handles POST /master-data/{connection}/readings.
func (a *API) syncMasterData(ctx context.Context, in *SyncMasterInput) (*SyncMasterOutput, error) {
	who, _ := auth.Of(ctx)
	var out SyncMasterOutput
	var err error
	out.Body.Reading, out.Body.Over, err = a.desk.ReadMaster(ctx, who,
		desk.AskedMaster{Connection: in.Connection, Review: in.Body.Review},
		keyOf("sync-master-data", in.IdempotencyKey, in.Connection, in.Body))
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// MasterRulingBody is what somebody says of differences.
type MasterRulingBody struct {
	Differences []string `json:"differences" minItems:"1" maxItems:"200" doc:"Their fingerprints"`
	Ruling      string   `json:"ruling" enum:"apply,refuse"`
	Reason      string   `json:"reason,omitempty" maxLength:"2000" doc:"Needed to refuse"`
}

// RuleMasterInput rules on differences.
type RuleMasterInput struct {
	Keyed
	Connection string `path:"connection" maxLength:"64"`
	Body       MasterRulingBody
}

// ruleMasterData handles POST /master-data/{connection}/rulings.
func (a *API) ruleMasterData(ctx context.Context, in *RuleMasterInput) (*MasterSheetOutput, error) {
	who, _ := auth.Of(ctx)
	err := a.desk.RuleMaster(ctx, who, desk.MasterRuling{Connection: in.Connection, Fingerprints: in.Body.Differences,
		Ruling: master.Ruling(in.Body.Ruling), Reason: in.Body.Reason},
		keyOf("rule-master-differences", in.IdempotencyKey, in.Connection, in.Body))
	if err != nil {
		return nil, err
	}
	return a.masterSheet(ctx, in.Connection)
}
