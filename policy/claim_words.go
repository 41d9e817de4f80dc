package policy

import "fmt"

type claimWords struct {
	technique  map[Technique]string
	property   map[string]string
	sampled    string // how many were tried
	proved     string
	requesters string
	example    string
	whole      string // technique, property, how many
}

var claimWordings = map[string]claimWords{
	"en": {
		technique: map[Technique]string{Proved: "proved", Sampled: "sampled", Refuted: "does not hold"},
		example:   "shown above",
		sampled:   "%d tried, none against it", proved: "%d cases, all there are", requesters: " for %d requesters",
		whole: "%s: %s (%s)",
		property: map[string]string{
			ClaimApprover:    "every step finds whom it names",
			ClaimBands:       "no gap between bands of amounts, and no overlap",
			ClaimReachable:   "every step is needed by some request",
			ClaimDecided:     "every request gets a plan, and somebody or a rule decides it",
			ClaimIndependent: "nobody decides their own, nobody disabled decides; with any account, after any deadline",
			ClaimTimeouts:    "no deadline approves or runs in a circle",
			ClaimBranches:    "no human alone carries two parallel branches",
			ClaimHumans:      "enough different humans above each limit, on every path",
			ClaimElsewhere:   "all of this where another enters the request, or it is for another entity",
			ClaimBooked:      "every category has an account",
		}},
	"zh-CN": {
		technique: map[Technique]string{Proved: "已证明", Sampled: "抽样", Refuted: "不成立"}, example: "反例见上",
		sampled: "试了 %d 例，未见反例", proved: "穷举 %d 种情形", requesters: "，涵盖 %d 位申请人", whole: "%s：%s（%s）",
		property: map[string]string{
			ClaimApprover:    "每个节点都能找到其指定的审批人",
			ClaimBands:       "金额区间无空档、无重叠",
			ClaimReachable:   "每个节点都有单据会用到",
			ClaimDecided:     "每张单据都有流程，并由人或规则决定",
			ClaimIndependent: "任何账号、任何超时之后，均无人审批自己的单据，也无停用人员审批",
			ClaimTimeouts:    "超时不会自动通过，也不会循环",
			ClaimBranches:    "没有人可独自通过两个并行分支",
			ClaimHumans:      "各限额以上，每条路径都有足够多的不同的人审批",
			ClaimElsewhere:   "由他人提单或为其他法人主体申请时，以上各项同样成立",
			ClaimBooked:      "每个类别都有科目",
		}},
}

// Words tells a claim to people, in a locale (zh-CN, else en).
func (c Claim) Words(locale string) string {
	w, ok := claimWordings[locale]
	if !ok {
		w = claimWordings["en"]
	}
	how := w.example
	switch c.Technique {
	case Proved:
		how = fmt.Sprintf(w.proved, c.Cases)
	case Sampled:
		how = fmt.Sprintf(w.sampled, c.Cases)
	}
	if c.People > 0 && c.Technique != Refuted {
		how += fmt.Sprintf(w.requesters, c.People)
	}
	return fmt.Sprintf(w.whole, w.technique[c.Technique], w.property[c.Property], how)
}
