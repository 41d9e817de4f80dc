package command

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/policy"
)

// replanned is one document of a preview, as the API tells it.
type replanned struct {
	Number, Title, Requester, Text, Follows string

	Changed bool
	Version int
	Would   string `json:"would_follow"`
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

func policyReplanCommand() *cobra.Command {
	var of, proposal string
	var version int
	var dry, all bool
	cmd := &cobra.Command{
		Use:   "replan",
		Short: "Say how open documents on older versions of a policy would go if they were planned anew",
		Example: "  countersign policy replan --policy expense --dry-run\n" +
			"  countersign policy replan --policy expense --proposal 0190… --dry-run",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&of, "policy", "", "id of the policy")
	cmd.Flags().IntVar(&version, "version", 0, "that they would follow (default: the one in force)")
	cmd.Flags().StringVar(&proposal, "proposal", "", "id of a proposal that they would follow instead")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "change nothing: the only way there is so far")
	cmd.Flags().BoolVar(&all, "all", false, "also print documents whose path stays")
	_ = cmd.MarkFlagRequired("policy")
	return talking(cmd, func(t *talk, _ []string) error {
		if !dry {
			return errors.New(t.text("policy.cli.replan.dry_only"))
		}
		query := url.Values{"limit": {"200"}}
		if version != 0 {
			query.Set("version", strconv.Itoa(version))
		}
		if proposal != "" {
			query.Set("proposal", proposal)
		}
		return t.replan("/policies/"+url.PathEscape(of)+"/replan?", query, all)
	})
}

func (t *talk) replan(path string, query url.Values, all bool) error {
	for {
		var page replanPreview
		if err := t.get(path+query.Encode(), &page); err != nil {
			return err
		}
		if c := page.Counts; c != nil {
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
		for _, d := range page.Items {
			if d.Changed || all {
				fmt.Fprintf(t.out, "%s  %s (%s): %s\n", d.Number, d.Title, d.Requester, d.Text)
			}
			if d.Changed {
				fmt.Fprintf(t.out, "    %s %s\n    %s %s\n", t.text("page.replan.before"), d.Follows,
					t.text("page.replan.after"), d.Would)
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Set("cursor", page.Next)
	}
}
