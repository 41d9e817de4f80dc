package feishu_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/feishu/sim"
	"github.com/countersign/countersign/adapters/im/imtest"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/simphone"
)

// TestConformance proves that Feishu keeps what the port promises.
func TestConformance(t *testing.T) {
	imtest.Run(t, func(t *testing.T) imtest.Fixture {
		w := open(t, nil)
		header := func(name string, values ...string) func(*port.Request) {
			return func(r *port.Request) { r.Header[name] = values }
		}
		plan := func(kind string) func() {
			return func() { w.Faults.Set(simphone.Fault{Kind: kind, Op: "send", Count: 1}) }
		}
		return imtest.Fixture{
			Port: w.app, To: "ou_li", Other: "ou_wu", Stranger: "ou_out", Seen: imtest.OnPhone(&w.Phone),
			Press: func(t *testing.T, who string, _ port.Card, b port.Button, reason string) port.Request {
				inside, _, refused := w.PressEvent(simphone.Press{Message: w.Phone.Messages("")[0].ID, Operator: who,
					Button: string(b.Verdict), Reason: reason})
				require.Empty(t, refused)
				return request(w.Wrap(inside), w.clock())
			},
			Stale: func(*testing.T) port.Request {
				return request(w.Wrap(w.Inside("card.action.trigger", nil)), w.clock().Add(time.Hour))
			},
			Check: func(t *testing.T) (port.Request, string) {
				body := marshal(t, map[string]string{"encrypt": sim.Seal("test key", []byte("AAAAAAAAAAAAAAAA"),
					[]byte(`{"challenge":"c1","token":"vtok","type":"url_verification"}`))})
				return port.Request{Method: http.MethodPost, Body: body, At: w.clock()}, `{"challenge":"c1"}`
			},
			Lose: plan("drop-after"), Limit: plan("rate-limit"), Fail: plan("error-before"), End: w.ExpireTokens,
			SignIn: func(who string) string { return w.Code(who, "https://approvals.example.com/back") },
			Unsigned: map[string]func(*port.Request){
				"another time":   header("X-Lark-Request-Timestamp", strconv.FormatInt(w.clock().Unix()+1, 10)),
				"another nonce":  header("X-Lark-Request-Nonce", "n"),
				"no signature":   header("X-Lark-Signature"),
				"two signatures": header("X-Lark-Signature", "a", "b"),
			},
		}
	})
}
