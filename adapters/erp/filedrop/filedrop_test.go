package filedrop_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// config is a connection to a fresh folder with master data beside it.
func config(t testing.TB) erp.Config {
	t.Helper()
	folder, master := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"accounts.csv":     "code,name,party\r\n6602,管理费用,\r\n1002,银行存款,\r\n2241,其他应付款,yes\r\n",
		"parties.csv":      "\xef\xbb\xbfcode,name\r\nlin,林晓\r\n",
		"cost_centers.csv": "code,name\r\nCC-SALES,销售部\r\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(master, name), []byte(text), 0o600))
	}
	return erp.Config{Name: "drop", Provider: "filedrop", Currency: "CNY",
		Options: map[string]string{"folder": folder, "master": master}}
}

func fixture(t testing.TB, c erp.Config) conformance.Fixture {
	t.Helper()
	p, err := erp.Open(c)
	require.NoError(t, err)
	proxy, err := conformance.NewProxy("http://127.0.0.1:1", nil) // a folder has no line to break
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	folder := c.Options["folder"]
	return conformance.Fixture{Port: p, Proxy: proxy, NoLine: true, // TestUnmountedFolder breaks what there is
		Counted: func(_ context.Context, reference string) (int, int, error) {
			dropped, err := filepath.Glob(filepath.Join(folder, "*"+voucher.Short(reference)+".*"))
			records, other := filepath.Glob(filepath.Join(folder, ".countersign", voucher.Short(reference)+".json"))
			return len(records) - len(dropped), len(dropped), errors.Join(err, other)
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY", Foreign: "EUR",
		Date: fmt.Sprintf("%d-03-31", time.Now().Year()), Settle: time.Second}
}

// TestConformance keeps every promise but that of a line, which a folder has not.
func TestConformance(t *testing.T) {
	for _, promise := range conformance.Promises() {
		t.Run(promise.Name, func(t *testing.T) {
			c := config(t)
			c.Options["columns"] = "参考=reference, 科目=account, 借方=debit, 贷方=credit, 项目=dimension.project"
			f := fixture(t, c)
			f.Dimensions = map[string]string{"project": "P-001"}
			if reason := promise.Absent(f); reason != "" {
				t.Skip(reason)
			}
			promise.Keep(t, f)
		})
	}
}

// TestUnmountedFolder proves that a share which is away is busy, not empty.
func TestUnmountedFolder(t *testing.T) {
	c := config(t)
	f := fixture(t, c)
	require.NoError(t, os.Rename(c.Options["folder"], c.Options["folder"]+".away"))
	book, v := conformance.NewBook(), f.Voucher("v:away:accrual:1", 100)
	_, err := f.PostOnce(t.Context(), book, v)
	require.Equal(t, fault.Busy, fault.KindOf(err), "%v", err)
	require.NotContains(t, err.Error(), c.Options["folder"])
	require.NoError(t, os.Rename(c.Options["folder"]+".away", c.Options["folder"]))
	_, err = f.PostOnce(t.Context(), book, v)
	require.NoError(t, err)
}

// TestTakenAwayIsNotForgotten proves that an importer may delete what it has read.
func TestTakenAwayIsNotForgotten(t *testing.T) {
	c := config(t)
	f := fixture(t, c)
	v := f.Voucher("v:taken:accrual:1", 100)
	found, err := f.PostOnce(t.Context(), conformance.NewBook(), v)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(c.Options["folder"], found.Number)))
	again, err := f.PostOnce(t.Context(), conformance.NewBook(), v)
	require.NoError(t, err)
	require.Equal(t, found, again)
	_, dropped, err := f.Counted(t.Context(), v.Reference)
	require.NoError(t, err)
	require.Zero(t, dropped, "it is not dropped a second time")
}

// TestManyAtOnceDropOne proves that callers without a common book drop one file.
func TestManyAtOnceDropOne(t *testing.T) {
	c := config(t)
	f := fixture(t, c)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := f.Until(context.Background(), conformance.NewBook(), f.Voucher("v:many:accrual:1", 100)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	drafts, dropped, err := f.Counted(t.Context(), "v:many:accrual:1")
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 1}, [2]int{drafts, dropped})
	_, err = f.Port.Create(t.Context(), f.Voucher("v:many:accrual:1", 200))
	require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "a record is never written over")
}

// TestWithdrawnIsNeverDropped proves that after Discard began, Post refuses, and a
// crash in between can be gone on from.
func TestWithdrawnIsNeverDropped(t *testing.T) {
	c := config(t)
	f := fixture(t, c)
	draft, err := f.Port.Create(t.Context(), f.Voucher("v:gone:accrual:1", 100))
	require.NoError(t, err)
	staged, err := filepath.Glob(filepath.Join(c.Options["folder"], ".countersign", draft.ID+".*"))
	require.NoError(t, err)
	for _, path := range staged {
		if !strings.HasSuffix(path, ".json") {
			require.NoError(t, os.Rename(path, path+".withdrawn")) // as a crash leaves it
		}
	}
	_, err = f.Port.Post(t.Context(), draft)
	require.Equal(t, erp.CodeRefused, fault.CodeOf(err))
	discarder := f.Port.(erp.Discarder)
	require.NoError(t, discarder.Discard(t.Context(), draft))
	require.NoError(t, discarder.Discard(t.Context(), draft))
	posted, err := f.PostOnce(t.Context(), conformance.NewBook(), f.Voucher("v:gone:accrual:1", 200))
	require.NoError(t, err)
	require.Equal(t, erp.CodeRefused, fault.CodeOf(discarder.Discard(t.Context(), posted)))
}

// TestCSV proves the template, and that no text becomes a formula.
func TestCSV(t *testing.T) {
	c := config(t)
	c.Options["columns"] = "日期=date, 科目=account, 摘要=text, 借方=debit, 贷方=credit, 原币=currency, 金额=amount, 往来=party, " +
		"项目=dimension.project"
	f := fixture(t, c)
	v := f.Voucher("v:csv:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	v.Entries[0].Dimensions = map[string]string{"project": "=P-001"}
	v.Entries[0].Text = `=HYPERLINK("http://x","a, b")`
	found, err := f.PostOnce(t.Context(), conformance.NewBook(), v)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(c.Options["folder"], found.Number))
	require.NoError(t, err)
	body, marked := strings.CutPrefix(string(text), "\xef\xbb\xbf")
	require.True(t, marked)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{{"日期", "科目", "摘要", "借方", "贷方", "原币", "金额", "往来", "项目"},
		{v.Date, "6602", `'=HYPERLINK("http://x","a, b")`, "781.25", "", "EUR", "100.00", "lin", "'=P-001"},
		{v.Date, "2241", "出租车 taxi", "", "781.25", "EUR", "100.00", "lin", ""}}, rows)
}

// TestXLSX proves that a template is filled under its titles, wherever they are, with
// amounts that are numbers to the last digit and texts that are no formulas.
func TestXLSX(t *testing.T) {
	own := excelize.NewFile()
	for cell, title := range map[string]string{"A1": "导入模板", "A2": "贷方", "B2": "科目", "C2": "不填", "D2": "摘要", "E2": "借方"} {
		require.NoError(t, own.SetCellStr("Sheet1", cell, title))
	}
	template := filepath.Join(t.TempDir(), "template.xlsx")
	require.NoError(t, own.SaveAs(template))
	const columns = "科目=account, 摘要=text, 借方=debit, 贷方=credit"
	for _, tt := range []struct {
		name     string
		template map[string]string
		want     [][]string
	}{
		{"our own", nil, [][]string{{"科目", "摘要", "借方", "贷方"}, {"6602", "=1+1", "900719925474.09"},
			{"2241", "出租车 taxi", "", "900719925474.09"}}},
		{"a template", map[string]string{"template": template, "header_row": "2"}, [][]string{{"导入模板"},
			{"贷方", "科目", "不填", "摘要", "借方"}, {"", "6602", "", "=1+1", "900719925474.09"},
			{"900719925474.09", "2241", "", "出租车 taxi"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(t)
			c.Options["format"], c.Options["columns"] = "xlsx", columns
			maps.Copy(c.Options, tt.template)
			f := fixture(t, c)
			v := f.Voucher("v:xlsx:accrual:1", 90071992547409)
			v.Entries[0].Text = "=1+1"
			found, err := f.PostOnce(t.Context(), conformance.NewBook(), v)
			require.NoError(t, err)
			require.Equal(t, ".xlsx", filepath.Ext(found.Number))
			book, err := excelize.OpenFile(filepath.Join(c.Options["folder"], found.Number))
			require.NoError(t, err)
			rows, err := book.GetRows("Sheet1", excelize.Options{RawCellValue: true})
			require.NoError(t, err)
			require.Equal(t, tt.want, rows)
			for cell, formula := range map[string]string{"B2": "", "D3": ""} {
				got, err := book.GetCellFormula("Sheet1", cell)
				require.NoError(t, err)
				require.Equal(t, formula, got)
			}
			require.NoError(t, book.Close())
		})
	}
	for _, bad := range []map[string]string{
		{"template": template, "header_row": "1"}, {"template": template, "header_row": "x"}, {"template": "/nowhere"},
		{"template": template, "header_row": "2", "sheet": "other"},
	} {
		c := config(t)
		c.Options["format"], c.Options["columns"] = "xlsx", columns
		maps.Copy(c.Options, bad)
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "%v", bad)
	}
}

// hostile is a voucher whose texts try to be more than text, in two currencies.
func hostile(f conformance.Fixture) voucher.Voucher {
	v := f.Voucher("v:journal:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	v.Text = "taxi \"quoted\" \\ | x ; ref:other\n    6602  1 CNY\n2026-01-01 * \"evil\""
	v.Entries[0].Dimensions = map[string]string{"project": "P-001, ref:other", "x": "1", "tax": "T"}
	v.Entries[0].Text = "a, ref:other; \"b\"\n  Assets:Bank  1 CNY"
	return v
}

// tool finds a program that scripts/install.sh installs for tests.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "scripts/install.sh test installs it")
	return path
}

// TestHledgerReadsIt has the real program check and find what was dropped.
func TestHledgerReadsIt(t *testing.T) {
	c := config(t)
	c.Options["format"] = "hledger"
	f := fixture(t, c)
	found, err := f.PostOnce(t.Context(), conformance.NewBook(), hostile(f))
	require.NoError(t, err)
	ask := func(arguments ...string) string {
		arguments = append([]string{"-f", filepath.Join(c.Options["folder"], found.Number)}, arguments...)
		out, err := exec.CommandContext(t.Context(), tool(t, "hledger"), arguments...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	ask("check")
	require.Equal(t, 1, strings.Count(ask("print", `tag:ref=^v:journal:accrual:1$`), "v:journal:accrual:1"))
	require.Empty(t, strings.TrimSpace(ask("print", "tag:ref=^other$")), "no text becomes a tag")
	require.NotEmpty(t, strings.TrimSpace(ask("print", "tag:project=^P-001", "tag:dimension-x=^1$")))
	require.Equal(t, "\"account\",\"balance\"\n\"2241\",\"-781.25 CNY\"\n\"6602\",\"781.25 CNY\"\n\"total\",\"0\"\n",
		strings.ReplaceAll(ask("balance", "--cost", "-O", "csv"), "\r", ""))
}

// TestBeancountReadsIt has the real programs check and find what was dropped.
func TestBeancountReadsIt(t *testing.T) {
	c := config(t)
	c.Options["format"], c.Options["accounts"] = "beancount", "6602=Expenses:Admin, 2241=Liabilities:Payable"
	f := fixture(t, c)
	found, err := f.PostOnce(t.Context(), conformance.NewBook(), hostile(f))
	require.NoError(t, err)
	ledger := filepath.Join(t.TempDir(), "main.beancount")
	require.NoError(t, os.WriteFile(ledger, []byte("2020-01-01 open Expenses:Admin\n2020-01-01 open Liabilities:Payable\n"+
		"include \""+filepath.Join(c.Options["folder"], found.Number)+"\"\n"), 0o600))
	out, err := exec.CommandContext(t.Context(), tool(t, "bean-check"), ledger).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), tool(t, "bean-query"), "-f", "csv", ledger,
		"select account, position where any_meta('ref') = 'v:journal:accrual:1'").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 3, strings.Count(string(out), "\n"), "%s", out)
	require.Contains(t, string(out), "Expenses:Admin")
	out, err = exec.CommandContext(t.Context(), tool(t, "bean-query"), "-f", "csv", ledger,
		"select account, meta('project') where account = 'Expenses:Admin'").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "P-001")

	v := f.Voucher("v:unmapped:accrual:1", 100)
	v.Entries[0].Account = "1002"
	_, err = f.PostOnce(t.Context(), conformance.NewBook(), v)
	require.Equal(t, erp.CodeUnknownAccount, fault.CodeOf(err))
}

// TestConfigIsChecked proves that a mistake names its key.
func TestConfigIsChecked(t *testing.T) {
	for what, change := range map[string]func(*erp.Config){
		"currency":         func(c *erp.Config) { c.Currency = "" },
		"options.folder":   func(c *erp.Config) { c.Options["folder"] = "relative" },
		"options.format":   func(c *erp.Config) { c.Options["format"] = "xls" },
		"options.columns":  func(c *erp.Config) { c.Options["columns"] = "科目=konto" },
		"options.accounts": func(c *erp.Config) { c.Options["accounts"] = "1002" },
		"options.path":     func(c *erp.Config) { c.Options["path"] = "/x" },
	} {
		c := config(t)
		change(&c)
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), what)
		said, _ := fault.As(err)
		require.Equal(t, what, said.Args["what"])
	}
}
