package pages

import "strings"

// browsers are what a program says it is, the more special before what it is built on.
var browsers = []struct{ said, name string }{
	{"wxwork/", "page.agent.wecom"}, {"DingTalk/", "page.agent.dingtalk"}, {"Lark/", "page.agent.feishu"},
	{"Feishu/", "page.agent.feishu"}, {"MicroMessenger/", "page.agent.wechat"},
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
}

// systems are what it runs on; iPhones and Androids also say the systems they come from.
var systems = []struct{ said, name string }{
	{"HarmonyOS", "HarmonyOS"}, {"OpenHarmony", "HarmonyOS"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
	{"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
}

// agentWords tells a browser and what it runs on as people call them; what it is not
// known to be is told as it says itself, and what says nothing is unknown.
func (v *visit) agentWords(agent string) string {
	first := func(list []struct{ said, name string }) string {
		for _, one := range list {
			if strings.Contains(agent, one.said) {
				return one.name
			}
		}
		return ""
	}
	browser, system := v.optional(first(browsers), first(browsers)), first(systems)
	switch {
	case browser != "" && system != "":
		return v.t("page.agent.on", "browser", browser, "system", system)
	case browser+system != "":
		return browser + system
	case agent == "":
		return v.t("page.agent.unknown")
	}
	return agent
}
