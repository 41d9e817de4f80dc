package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/sandbox"
)

// roleVariable turns the test binary into a sandbox ERP that can be killed.
const roleVariable = "COUNTERSIGN_SANDBOX_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(roleVariable); dir != "" {
		if err := sandbox.Run(context.Background(), os.Getenv(roleVariable+"_LISTEN"), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// body is a voucher as a stranger would send it.
func body(ref, amount string) string {
	return fmt.Sprintf(`{"external_ref":%q,"company":"acme-cn","date":"%d-03-31","journal":"EXP","text":"报销 <b>taxi</b>","lines":[
		{"account":"6602","side":"debit","amount":%q,"text":"出租车"},
		{"account":"2202","side":"credit","amount":%q,"party":"lin"}]}`, ref, time.Now().Year(), amount, amount)
}

type answer struct {
	Voucher  sandbox.Voucher   `json:"voucher"`
	Vouchers []sandbox.Voucher `json:"vouchers"`
	Error    struct{ Code string }
}

func call(t testing.TB, method, url, text string) (int, answer) {
	t.Helper()
	status, a, err := try(method, url, text)
	require.NoError(t, err)
	return status, a
}

func try(method, url, text string) (int, answer, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(text))
	if err != nil {
		return 0, answer{}, err
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, answer{}, err
	}
	defer got.Body.Close()
	var a answer
	raw, err := io.ReadAll(got.Body)
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return got.StatusCode, a, err
}

func open(t *testing.T, options sandbox.Options) (string, *sandbox.Server) {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	s, err := sandbox.Open(options)
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(func() { server.Close(); _ = s.Close() })
	return server.URL, s
}

func TestRules(t *testing.T) {
	url, _ := open(t, sandbox.Options{})
	for _, tt := range []struct{ name, change, to, code string }{
		{"an account that is not there", `"6602"`, `"9999"`, "unknown_account"},
		{"a party that is not there", `"lin"`, `"nobody"`, "unknown_party"},
		{"no party where one is needed", `,"party":"lin"`, ``, "unknown_party"},
		{"a closed period", fmt.Sprintf(`"%d-03-31"`, time.Now().Year()), fmt.Sprintf(`"%d-01-31"`, time.Now().Year()-1), "closed_period"},
		{"a date that is none", fmt.Sprintf(`"%d-03-31"`, time.Now().Year()), `"soon"`, "closed_period"},
		{"three decimals", `"side":"debit","amount":"1.00"`, `"side":"debit","amount":"1.000"`, "bad_amount"},
		{"a negative amount", `"1.00"`, `"-1.00"`, "bad_amount"},
		{"no balance", `"side":"debit","amount":"1.00"`, `"side":"debit","amount":"1.01"`, "unbalanced"},
		{"no reference", `"external_ref":"r"`, `"external_ref":""`, "missing_reference"},
		{"not JSON", `{`, `<`, "bad_json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.ReplaceAll(body("r", "1.00"), tt.change, tt.to)
			require.NotEqual(t, body("r", "1.00"), changed)
			status, got := call(t, "POST", url+"/api/vouchers", changed)
			require.Equal(t, tt.code, got.Error.Code)
			require.GreaterOrEqual(t, status, 400)
		})
	}
	_, got := call(t, "GET", url+"/api/vouchers?external_ref=r", "")
	require.Empty(t, got.Vouchers, "what was refused is not there")
}

func TestLifeOfAVoucher(t *testing.T) {
	url, _ := open(t, sandbox.Options{})
	_, made := call(t, "POST", url+"/api/vouchers", body("r", "128.50"))
	require.Equal(t, "draft", made.Voucher.State)
	_, posted := call(t, "POST", url+"/api/vouchers/"+made.Voucher.ID+"/post", "")
	require.Regexp(t, `^记-\d{4}-03-0001$`, posted.Voucher.Number)
	status, again := call(t, "POST", url+"/api/vouchers/"+made.Voucher.ID+"/post", "")
	require.Equal(t, 409, status)
	require.Equal(t, "already_posted", again.Error.Code)
	status, _ = call(t, "DELETE", url+"/api/vouchers/"+made.Voucher.ID, "")
	require.Equal(t, 409, status, "what is posted is never deleted")
	status, twin := call(t, "POST", url+"/api/vouchers", body("r", "128.50"))
	require.Equal(t, 201, status, "the reference is not unique")
	status, _ = call(t, "DELETE", url+"/api/vouchers/"+twin.Voucher.ID, "")
	require.Equal(t, 200, status)
	_, undone := call(t, "POST", url+"/api/vouchers/"+made.Voucher.ID+"/reverse",
		fmt.Sprintf(`{"external_ref":"u","date":"%d-04-01"}`, time.Now().Year()))
	require.Equal(t, "credit", undone.Voucher.Lines[0].Side)
	require.Equal(t, made.Voucher.ID, undone.Voucher.Reverses)

	page, err := http.Get(url + "/")
	require.NoError(t, err)
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	for _, part := range []string{"128.50", "Posted vouchers", "已过账凭证", posted.Voucher.Number, "报销 &lt;b&gt;taxi"} {
		require.Contains(t, string(text), part)
	}
}

func TestUniqueReferenceAndToken(t *testing.T) {
	url, _ := open(t, sandbox.Options{UniqueReference: true})
	call(t, "POST", url+"/api/vouchers", body("r", "1.00"))
	status, got := call(t, "POST", url+"/api/vouchers", body("r", "1.00"))
	require.Equal(t, 409, status)
	require.Equal(t, "duplicate_reference", got.Error.Code)

	url, _ = open(t, sandbox.Options{Token: "secret"})
	status, _ = call(t, "POST", url+"/api/vouchers", body("r", "1.00"))
	require.Equal(t, 401, status)
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		kind            string
		answered, wrote bool
	}{
		{"delay", true, true}, {"error-before", false, false}, {"error-after", false, true}, {"drop-before", false, false},
		{"drop-after", false, true}, {"reset", false, true}, {"garbage", false, true},
		{"rate-limit", true, false}, {"closed-period", true, false},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			url, _ := open(t, sandbox.Options{})
			call(t, "POST", url+"/_sandbox/faults", fmt.Sprintf(`[{"kind":%q,"op":"create","count":1,"delay_ms":20}]`, tt.kind))
			_, _, err := try("POST", url+"/api/vouchers", body("r", "1.00"))
			require.Equal(t, tt.answered, err == nil, "%v", err)
			_, got := call(t, "GET", url+"/api/vouchers?external_ref=r", "")
			require.Equal(t, tt.wrote, len(got.Vouchers) == 1)
			e := journal(t, url)[0]
			require.Equal(t, map[bool]string{true: "applied", false: "none"}[tt.wrote], e.Effect)
			require.Equal(t, map[bool]string{true: "sent", false: "dropped"}[tt.answered], e.Reply)
			require.Equal(t, "create", e.Op)
			require.Equal(t, "r", e.Ref)
			require.Equal(t, tt.kind, e.Fault)
			require.Len(t, e.BodySHA256, 64)
			_, _, err = try("POST", url+"/api/vouchers", body("s", "1.00"))
			require.NoError(t, err, "it happens once")
		})
	}
	t.Run("not-found", func(t *testing.T) {
		url, _ := open(t, sandbox.Options{})
		call(t, "POST", url+"/_sandbox/faults", `[{"kind":"not-found","delay_ms":150}]`)
		call(t, "POST", url+"/api/vouchers", body("r", "1.00"))
		_, got := call(t, "GET", url+"/api/vouchers?external_ref=r", "")
		require.Empty(t, got.Vouchers)
		time.Sleep(200 * time.Millisecond)
		_, got = call(t, "GET", url+"/api/vouchers?external_ref=r", "")
		require.Len(t, got.Vouchers, 1)
	})
}

func journal(t testing.TB, url string) []sandbox.Entry {
	t.Helper()
	got, err := http.Get(url + "/_sandbox/journal")
	require.NoError(t, err)
	defer got.Body.Close()
	var all []sandbox.Entry
	for d := json.NewDecoder(got.Body); d.More(); {
		var e sandbox.Entry
		require.NoError(t, d.Decode(&e))
		all = append(all, e)
	}
	return all
}

// TestKill proves that kill -9 loses nothing that was acknowledged.
func TestKill(t *testing.T) {
	const callers, listen = 4, "127.0.0.1:18791"
	dir := t.TempDir()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+dir, roleVariable+"_LISTEN="+listen)
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + listen + "/healthz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return true
	}, time.Minute, 20*time.Millisecond)
	var mutex sync.Mutex
	var acknowledged []string
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range 10_000 {
				ref := fmt.Sprintf("r%d-%d", c, i)
				status, _, err := try("POST", "http://"+listen+"/api/vouchers", body(ref, "1.00"))
				if err != nil || status != 201 {
					return
				}
				mutex.Lock()
				acknowledged = append(acknowledged, ref)
				mutex.Unlock()
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, command.Process.Kill())
	_ = command.Wait()
	all.Wait()
	require.NotEmpty(t, acknowledged)

	// A torn last line, as a power cut leaves it.
	file, err := os.OpenFile(filepath.Join(dir, "vouchers.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"entry":{"n":99`)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	url, _ := open(t, sandbox.Options{Dir: dir})
	applied := map[string]int{}
	for _, e := range journal(t, url) {
		applied[e.Ref]++
	}
	for _, ref := range acknowledged {
		_, got := call(t, "GET", url+"/api/vouchers?external_ref="+ref, "")
		require.Len(t, got.Vouchers, 1, ref)
		require.Equal(t, 1, applied[ref], "and the journal says so")
	}
	t.Logf("%d acknowledged vouchers survived", len(acknowledged))
}

// TestJournalIsMended proves that a voucher whose journal line was lost in a
// crash gets it back.
func TestJournalIsMended(t *testing.T) {
	dir := t.TempDir()
	s, err := sandbox.Open(sandbox.Options{Dir: dir})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/api/vouchers", bytes.NewBufferString(body("r", "1.00"))))
	require.Equal(t, 201, w.Code)
	require.NoError(t, s.Close())
	require.NoError(t, os.Truncate(filepath.Join(dir, "journal.jsonl"), 0))
	url, _ := open(t, sandbox.Options{Dir: dir})
	all := journal(t, url)
	require.Len(t, all, 1)
	require.Equal(t, "applied", all[0].Effect)
	require.Equal(t, "crash", all[0].Fault)
}
