package pages

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestABrowserIsCalledAsPeopleCallIt: what browsers say names half a dozen others.
func TestABrowserIsCalledAsPeopleCallIt(t *testing.T) {
	const like = "(KHTML, like Gecko) "
	for agent, want := range map[string][2]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + "Chrome/126.0.0.0 Safari/537.36":             {"Chrome on Windows", "Chrome（Windows）"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " + like + "Chrome/126.0 Safari/537.36 Edg/126.0":       {"Edge on Windows", "Edge（Windows）"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 " + like + "Version/17.5 Safari/605.1.15":       {"Safari on Mac", "Safari（Mac）"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 " + like + "Mobile/15E148 wxwork/4.1.22": {"WeCom on iPhone", "企业微信（iPhone）"},
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 " + like + "Chrome/126.0 Mobile Safari/537.36 Lark/7.20": {"Feishu on Android", "飞书（Android）"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0":                                              {"Firefox on Linux", "Firefox（Linux）"},
		"curl/8.5.0": {"curl/8.5.0", "curl/8.5.0"}, "": {"Unknown browser", "未知浏览器"},
	} {
		require.Equal(t, want[0], (&visit{locale: i18n.English}).agentWords(agent), agent)
		require.Equal(t, want[1], (&visit{locale: i18n.Chinese}).agentWords(agent), agent)
	}
}
