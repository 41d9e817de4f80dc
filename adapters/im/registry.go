package im

import (
	"maps"
	"slices"

	"github.com/countersign/countersign/adapters/im/dingtalk"
	"github.com/countersign/countersign/adapters/im/feishu"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/im/slack"
	"github.com/countersign/countersign/adapters/im/wecom"
)

// providers is the only list of messaging platforms. A new one is a line here and
// one in config/rules_im.go.
var providers = map[string]func(Config) (Port, error){
	"dingtalk": dingtalk.Open, // DingTalk 钉钉
	"feishu":   feishu.Open,   // Feishu 飞书, Lark
	"slack":    slack.Open,
	"wecom":    wecom.Open, // WeCom 企业微信
}

// Providers lists the names that Config.Provider may have.
func Providers() []string { return slices.Sorted(maps.Keys(providers)) }

// Open makes the port of one app. It does not speak to the platform yet.
//
// Errors: Invalid im.bad_config.
func Open(config Config) (Port, error) {
	open, ok := providers[config.Provider]
	if !ok {
		return nil, port.Fault(CodeBadConfig, config.Name, "provider")
	}
	return open(config)
}
