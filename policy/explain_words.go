package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// matrixRow is the key of what is said of a row of a matrix: name, row, way.
const matrixRow = "matrix row"

// waysEN and waysZH say how somebody was found, by what stands before the first
// colon of Approver.Via; {} is what stands after it. The whole text is looked up
// first.
var waysEN = map[string]string{
	"role": "holds the role {}", "group_role": "holds the role {} for the whole group",
	"department_role":  "holds the post {} in the department or above",
	"cost_center_role": "holds the post {} in the cost centre",
	"manager":          "the requester's manager, level {}", "manager:1": "the requester's direct manager",
	"top_manager": "the requester's top manager",
	"up_to_grade": "the first manager of grade {} or above", "authority": "the first manager who may approve the amount",
	"up_to_level": "the managers up to level {}", "department_head": "head of the department",
	"department_head:2": "head of the department above", "cost_center_head": "head of a department that bears the cost",
	"every_head": "heads up the departments", "person": "named by the policy", "field": "named in the field {}",
	"choice": "chosen by the submitter in the field {}", "matrix": "approval matrix {}",
	"chosen": "chosen by {}", viaNoChoice: "because nobody was chosen",
	matrixRow: "approval matrix %s, row %s: %s",
	viaSelf:   "because the one found has an interest in it", viaInactive: "because the one found has left",
	viaVacant: "because nobody holds the place", viaNoManager: "because there is no manager above",
	viaNoPerson:    "because the document names nobody",
	viaDistinct:    "because the one found is asked in a step that needs another human",
	viaAsked:       "because the one found has a place of this step already",
	viaQuorum:      "because there are too few people for the quorum",
	viaNoAuthority: "because no manager may approve so much", viaNotAllowed: "because the one chosen may not be chosen",
	viaNoRow: "because the matrix says nothing",
}

var waysZH = map[string]string{
	"role": "角色 {}", "group_role": "集团角色 {}", "department_role": "本部门或上级部门任职 {}", "cost_center_role": "成本中心任职 {}",
	"manager": "申请人的第 {} 级主管", "manager:1": "申请人的直属主管", "top_manager": "申请人的最高主管",
	"up_to_grade": "首位职级达到 {} 的主管", "authority": "首位有权批准该金额的主管", "up_to_level": "直至第 {} 级的主管",
	"department_head": "部门负责人", "department_head:2": "上级部门负责人", "cost_center_head": "承担费用的部门负责人",
	"every_head": "逐级部门负责人", "person": "流程指定", "field": "单据字段 {} 指定", "choice": "提单人在字段 {} 中选定", "matrix": "审批权限表 {}",
	"chosen": "由 {} 指定", viaNoChoice: "上一审批人未指定人员",
	matrixRow: "审批权限表 %s 第 %s 行：%s",
	viaSelf:   "原审批人与单据有利害关系", viaInactive: "原审批人已停用", viaVacant: "无人任职", viaNoManager: "没有上级主管",
	viaNoPerson: "单据未指定人员", viaDistinct: "原审批人已在须由不同人审批的节点中", viaAsked: "原审批人在本节点已有席位",
	viaQuorum: "人数不足票签所需", viaNoAuthority: "没有主管有权批准该金额", viaNotAllowed: "所选人员不在可选范围", viaNoRow: "审批权限表无对应行",
}

var whysEN = map[string]string{
	viaSelf: "has an interest in it", viaInactive: "has left", viaDistinct: "asked in a step that needs another human",
	viaNoAuthority: "may not approve so much", viaNotAllowed: "may not be chosen", passedGrade: "not high enough",
	passedOwner: "the document is theirs", passedAsked: "asked at the same moment",
	passedFull: "too many are copied in already",
}

var whysZH = map[string]string{
	viaSelf: "与单据有利害关系", viaInactive: "已停用", viaDistinct: "已在须由不同人审批的节点中",
	viaNoAuthority: "权限不足", viaNotAllowed: "不在可选范围", passedGrade: "级别不够",
	passedOwner: "单据为本人所有", passedAsked: "同时须审批", passedFull: "抄送人数已达上限",
}

var rejectsEN = map[string]string{
	approval.RejectVeto: "; one rejection ends it", approval.RejectEveryone: "; rejected only if everybody rejects",
}

var rejectsZH = map[string]string{
	approval.RejectVeto: "；一人拒绝即终止", approval.RejectEveryone: "；全部拒绝才算拒绝",
}

// say looks a stored word up, whole or by its kind; what is unknown is shown as it is.
func say(words map[string]string, stored string) string {
	if text, ok := words[stored]; ok {
		return text
	}
	kind, what, _ := strings.Cut(stored, ":")
	if row := strings.SplitN(what, ":", 3); kind == "matrix" && len(row) == 3 {
		return fmt.Sprintf(words[matrixRow], row[0], row[1], say(words, row[2]))
	}
	if text, ok := words[kind]; ok {
		return strings.ReplaceAll(text, "{}", what)
	}
	return stored
}
