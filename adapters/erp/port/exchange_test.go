package port_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// TestAnswersInOldEncodings proves that an answer is read in the encoding that it declares, and
// that one which declares none tells what to mend, and whether something may be written.
func TestAnswersInOldEncodings(t *testing.T) {
	const said = `{"message":"会计期间已关闭，𠮷"}`
	old, err := simplifiedchinese.GB18030.NewEncoder().String(said)
	require.NoError(t, err)
	for _, tt := range []struct {
		media, body  string
		status       int
		writes       bool
		code, answer string
	}{
		{"application/json", said, 200, true, "", said},
		{"application/json; charset=utf-8", said, 200, true, "", said},
		{"application/json;charset=GBK", old, 200, true, "", said},
		{"text/html; charset=gb2312", old, 500, true, "", said},
		{"application/json; charset=gb18030", old, 200, false, "", said},
		{"application/json", old, 200, false, port.CodeNotUTF8, ""},
		{"application/json; charset=utf-8", old, 200, true, port.CodeNotUTF8Written, ""},
		{"application/json; charset=gbk", "{\"a\":\"\xff\xff\"}", 200, false, "", "{\"a\":\"��\"}"},
		{"application/json; charset=gbk", strings.Replace(old, "{", `{"message":"",`, 1), 200, true, port.CodeUnknown, ""},
		{"text/xml; charset=gbk", "<a>" + old + "</a>", 200, true, "", "<a>" + said + "</a>"},
		{"text/xml", `<?xml version="1.0" encoding="GBK"?><a>` + old + "</a>", 200, true, "", `<?xml version="1.0"?><a>` + said + "</a>"},
		{"application/soap+xml; charset=gb2312", `<?xml version='1.0' encoding='UTF-8' ?><a>` + old + "</a>", 500, true, "",
			`<?xml version='1.0' ?><a>` + said + "</a>"},
		{"text/xml; charset=utf-8", `<?xml version="1.0" encoding="utf-8"?><a>` + said + "</a>", 200, true, "",
			`<?xml version="1.0" encoding="utf-8"?><a>` + said + "</a>"},
		{"text/xml; charset=iso-8859-1", "<a>" + said + "</a>", 200, true, "", "<a>" + said + "</a>"}, // a server's default
		{"text/xml", "<a>" + old + "</a>", 200, true, port.CodeNotUTF8Written, ""},
		{"text/xml", `<?xml version="1.0" encoding="Big5"?><a/>`, 200, false, port.CodeNotUTF8, ""},
		{"text/xml", "<a>" + old + "</a>", 502, false, "", "<a>" + old + "</a>"},
		{"text/html", "<a>" + old + "</a>", 200, false, "", "<a>" + old + "</a>"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.media)
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
		require.NoError(t, err)
		answer, err := port.Send(server.Client(), r, tt.writes)
		server.Close()
		require.Equal(t, tt.code, fault.CodeOf(err), "%+v", tt)
		require.Equal(t, tt.answer, string(answer.Body), "%+v", tt)
		require.Equal(t, tt.code != "" && tt.writes, port.MayHaveHappened(err), "%+v", tt)
	}
}
