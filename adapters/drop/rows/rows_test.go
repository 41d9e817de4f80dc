package rows_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/adapters/drop/rows"
	"github.com/countersign/countersign/domain/fault"
)

// workbook is a workbook of one sheet, whose third row is empty.
func workbook(t *testing.T) []byte {
	t.Helper()
	book := excelize.NewFile()
	for cell, value := range map[string]any{
		"A1": "编号", "B1": "金额", "C1": "日期", "D1": "说明",
		"A2": "P-1", "B2": 1234.5, "C2": time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), "D2": "=1+1",
		"A4": "P-2", "B4": "0.10", "C4": "2026-12-02",
	} {
		require.NoError(t, book.SetCellValue("Sheet1", cell, value))
	}
	style, err := book.NewStyle(&excelize.Style{NumFmt: 4}) // #,##0.00
	require.NoError(t, err)
	require.NoError(t, book.SetCellStyle("Sheet1", "B2", "B2", style))
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}

// TestRowsBecomeObjects whichever the format: amounts as they are stored, days as ISO has
// them, Chinese CSV of a spreadsheet in its old encoding.
func TestRowsBecomeObjects(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		options          rows.Options
		want             []string
		lines            []int
	}{
		{"lines", "a.jsonl", "{\"no\":1}\n\n {\"no\":2} \n", rows.Options{}, []string{`{"no":1}`, `{"no":2}`}, []int{1, 3}},
		{"csv", "a.csv", "\xef\xbb\xbfno,title\r\n1,\"a, b\"\r\n\r\n2,\r\n", rows.Options{},
			[]string{`{"no":"1","title":"a, b"}`, `{"no":"2","title":""}`}, []int{2, 4}},
		{"semicolons", "a.CSV", "no;price\n1;1,5\n", rows.Options{}, []string{`{"no":"1","price":"1,5"}`}, []int{2}},
		{"old encoding", "a.csv", "\xb1\xe0\xba\xc5,x\n7,\xb9\xab\xcb\xbe\n", rows.Options{}, []string{`{"x":"公司","编号":"7"}`}, []int{2}},
		{"grouped", "a.csv", "no,what\n1,a\n2,b\n1,c\n,d\n,e\n", rows.Options{GroupBy: "no"}, []string{
			`{"no":"1","rows":[{"no":"1","what":"a"},{"no":"1","what":"c"}],"what":"a"}`,
			`{"no":"2","rows":[{"no":"2","what":"b"}],"what":"b"}`,
			`{"no":"","rows":[{"no":"","what":"d"}],"what":"d"}`, `{"no":"","rows":[{"no":"","what":"e"}],"what":"e"}`},
			[]int{2, 3, 5, 6}},
		{"workbook", "a.xlsx", string(workbook(t)), rows.Options{}, []string{
			`{"日期":"2026-12-01","编号":"P-1","说明":"=1+1","金额":"1234.5"}`,
			`{"日期":"2026-12-02","编号":"P-2","说明":"","金额":"0.10"}`}, []int{2, 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := rows.Read(tt.file, []byte(tt.text), tt.options)
			require.NoError(t, err)
			require.Len(t, got, len(tt.want))
			for i, row := range got {
				require.Nil(t, row.Bad)
				require.JSONEq(t, tt.want[i], string(row.Body))
				require.Equal(t, tt.lines[i], row.Line)
			}
		})
	}
}

func zipped(t *testing.T, name, content string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, entry := range []string{"[Content_Types].xml", name} {
		w, err := z.Create(entry)
		require.NoError(t, err)
		_, err = w.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.String()
}

// TestHostileFilesAreRefused whole, and a hostile row alone.
func TestHostileFilesAreRefused(t *testing.T) {
	for _, tt := range []struct{ name, file, text, code string }{
		{"unknown format", "a.exe", "x", "rows.unknown_format"},
		{"nothing", "a.csv", "no\n", "rows.empty"},
		{"no header", "a.csv", "no,,x\n1,2,3\n", "rows.bad_header"},
		{"a column twice", "a.csv", "no,no\n1,2\n", "rows.bad_header"},
		{"columns without end", "a.csv", strings.Repeat("c,", 5000) + "\n1\n", "rows.bad_header"},
		{"rows without end", "a.csv", "no\n" + strings.Repeat("1\n", 20_001), "rows.too_many"},
		{"lines without end", "a.jsonl", strings.Repeat("{}\n", 20_001), "rows.too_many"},
		{"an open quote", "a.csv", "no\n\"1\n", "rows.unreadable"},
		{"no workbook", "a.xlsx", "PK\x03\x04", "rows.unreadable"},
		{"a bomb", "a.xlsx", zipped(t, "xl/workbook.xml", strings.Repeat("0", 40<<20)), "rows.unreadable"},
		{"a way out", "a.xlsx", zipped(t, "../x", "x"), "rows.unreadable"},
		{"an entry twice", "a.xlsx", zipped(t, "[content_types].XML", "x"), "rows.unreadable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rows.Read(tt.file, []byte(tt.text), rows.Options{})
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
	_, err := rows.Read("a.csv", []byte("no\n1\n"), rows.Options{GroupBy: "other"})
	require.Equal(t, "rows.no_column", fault.CodeOf(err))
	got, err := rows.Read("a.csv", []byte("no\n1,2\n"+strings.Repeat("x", 40<<10)+"\n3\n"), rows.Options{})
	require.NoError(t, err)
	require.Equal(t, "rows.unreadable", got[0].Bad.Code)
	require.Equal(t, "rows.too_long", got[1].Bad.Code)
	require.Nil(t, got[2].Bad)
}
