package command

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/walk"
)

// replanChunk is how many documents are planned anew in one request.
const replanChunk = 20

// replanned is one document of a preview, as the API tells it.
type replanned struct {
	Document, Number, Title, Requester, Text, Follows, Proposal string

	Changed        bool
	Version, Round int
	Would          string `json:"would_follow"`
	Hash           string `json:"content_hash"`
	Proposed       string `json:"proposal_hash"`
	Maker          string `json:"proposed_by"`
}

type replanPreview struct {
	Version int
	Counts  *struct {
		Documents, Changed int
		What               map[string]int
		More               bool
	}
	Items []replanned
	Next  string
}

type replanFlags struct {
	policy, proposal, reason string
	version                  int
	dry, all, approve        bool
}

func policyReplanCommand() *cobra.Command {
	var f replanFlags
	cmd := &cobra.Command{
		Use:   "replan",
		Short: "Plan open documents on older versions of a policy anew, or say how they would go",
		Long: `replan lists the open documents that follow an older version of a policy, and how each would go if it were
planned anew by the version in force, or by another with --version or --proposal and --dry-run.

Without --dry-run it plans those anew whose path would be another (--all: every one), each by an intervention of its
own. What is about money is proposed, and another administrator runs the same with --approve. To repeat it is safe.
Ends with 1 where one was refused.`,
		Example: "  countersign policy replan --policy expense --dry-run\n" +
			"  countersign policy replan --policy expense --reason \"limits of 2027\"\n" +
			"  countersign policy replan --policy expense --approve",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&f.policy, "policy", "", "id of the policy")
	cmd.Flags().IntVar(&f.version, "version", 0, "that they would follow (default: the one in force)")
	cmd.Flags().StringVar(&f.proposal, "proposal", "", "id of a proposal that they would follow instead")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "change nothing")
	cmd.Flags().BoolVar(&f.all, "all", false, "also documents whose path stays")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why they are planned anew, for their people")
	cmd.Flags().BoolVar(&f.approve, "approve", false, "approve what another administrator proposed")
	_ = cmd.MarkFlagRequired("policy")
	return talking(cmd, func(t *talk, _ []string) error {
		if !f.dry && (f.version != 0 || f.proposal != "") {
			return errors.New(t.text("policy.cli.replan.dry_only"))
		}
		if !f.dry && !f.approve && f.reason == "" {
			return errors.New(t.text("policy.cli.replan.reason"))
		}
		list, err := t.preview(f)
		if err != nil || f.dry {
			return err
		}
		if f.approve {
			return t.approveReplans(list)
		}
		return t.replan(f, list)
	})
}

// preview prints how documents would go, and answers with those that are meant.
func (t *talk) preview(f replanFlags) ([]replanned, error) {
	query := url.Values{"limit": {"200"}, "policy": {f.policy}}
	if f.version != 0 {
		query.Set("version", strconv.Itoa(f.version))
	}
	if f.proposal != "" {
		query.Set("proposal", f.proposal)
	}
	var meant []replanned
	for {
		var page replanPreview
		if err := t.get("/replans?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		t.tellCounts(page)
		for _, d := range page.Items {
			if d.Changed || f.all {
				t.tellReplanned(d)
				meant = append(meant, d)
			}
		}
		if page.Next == "" {
			return meant, nil
		}
		query.Set("cursor", page.Next)
	}
}

func (t *talk) tellCounts(page replanPreview) {
	c := page.Counts
	if c == nil {
		return
	}
	more := ""
	if c.More {
		more = "+"
	}
	t.say("policy.cli.replan.head", "version", strconv.Itoa(page.Version), "documents", strconv.Itoa(c.Documents)+more,
		"changed", strconv.Itoa(c.Changed))
	for _, what := range policy.Differences() {
		if n := c.What[what]; n > 0 {
			fmt.Fprintf(t.out, "  %6d  %s\n", n, t.text("page.replan.what."+what))
		}
	}
}

func (t *talk) tellReplanned(d replanned) {
	fmt.Fprintf(t.out, "%s  %s (%s): %s\n", d.Number, d.Title, d.Requester, d.Text)
	if d.Changed {
		fmt.Fprintf(t.out, "    %s %s\n    %s %s\n", t.text("page.replan.before"), d.Follows,
			t.text("page.replan.after"), d.Would)
	}
	if d.Proposal != "" {
		fmt.Fprintln(t.out, "    "+t.text("page.replan.waits", "who", d.Maker))
	}
}

// replan asks for documents to be planned anew, and tells of each as it goes.
func (t *talk) replan(f replanFlags, list []replanned) error {
	refused := 0
	for chunk := range slices.Chunk(list, replanChunk) {
		var these []map[string]any
		numbers := map[string]string{}
		for _, d := range chunk {
			these = append(these, map[string]any{"document": d.Document, "round": d.Round, "content_hash": d.Hash})
			numbers[d.Document] = d.Number
		}
		var answer struct {
			Items []struct{ Document, State, Text string }
		}
		body := map[string]any{"documents": these, "opinion": f.reason}
		if err := t.post("/replans", body, &answer); err != nil {
			return err
		}
		for _, r := range answer.Items {
			fmt.Fprintf(t.out, "%s: %s %s\n", numbers[r.Document], t.text("page.replan.state."+r.State), r.Text)
			if r.State == "refused" {
				refused++
			}
		}
	}
	return t.refusals(refused)
}

// approveReplans approves what another administrator proposed, one by one.
func (t *talk) approveReplans(list []replanned) error {
	refused := 0
	for _, d := range list {
		if d.Proposal == "" {
			continue
		}
		var p struct{ Outcome *struct{ Code string } }
		err := t.post("/proposals/"+url.PathEscape(d.Proposal)+"/approve", map[string]any{"hash": d.Proposed}, &p)
		var no *walk.Problem
		switch {
		case err == nil && p.Outcome != nil && p.Outcome.Code != "ok":
			refused++
			fmt.Fprintf(t.out, "%s: %s %s\n", d.Number, t.text("page.replan.state.refused"), t.text("fault."+p.Outcome.Code))
		case errors.As(err, &no):
			refused++
			fmt.Fprintf(t.out, "%s: %s %s\n", d.Number, t.text("page.replan.state.refused"), inWords(err))
		case err != nil:
			return err
		default:
			fmt.Fprintf(t.out, "%s: %s\n", d.Number, t.text("policy.cli.replan.approved"))
		}
	}
	return t.refusals(refused)
}

func (t *talk) refusals(n int) error {
	if n == 0 {
		return nil
	}
	return errors.New(t.text("policy.cli.replan.refused", "n", strconv.Itoa(n)))
}
