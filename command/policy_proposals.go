package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/walk"
)

// proposed is what the API says of a proposal.
type proposed struct {
	ID, Kind, Subject, State, Hash, Note, Maker, Checker, Reason string

	Base, Version int
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// checkedText is what the API says of a text.
type checkedText struct {
	Fit      bool
	Base     int
	Findings []struct {
		Level, Code, Text, Example string
	}
	Claims  []struct{ Text string }
	Changes []struct{ Text string }
	Lines   []struct {
		Old, New int
		Text     string
	}
}

// talk is one command's conversation with a house.
type talk struct {
	*walk.Client
	ctx  context.Context //nolint:containedctx // it lives as long as one command
	out  io.Writer
	lang string
}

// talking makes a command that talks to a house.
func talking(cmd *cobra.Command, run func(t *talk, args []string) error) *cobra.Command {
	clientFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := houseOf(cmd)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), clientPatience)
		defer cancel()
		return inWords(run(&talk{c, ctx, cmd.OutOrStdout(), locale(cmd)}, args))
	}
	return cmd
}

// say prints a line of the catalogs; its arguments come in pairs.
func (t *talk) say(key string, args ...string) {
	fmt.Fprintln(t.out, t.text(key, args...))
}

func (t *talk) text(key string, args ...string) string {
	named := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		named[args[i]] = args[i+1]
	}
	return i18n.Shipped().Text(t.lang, key, named)
}

func (t *talk) post(path string, body, out any) error {
	_, err := t.Call(t.ctx, http.MethodPost, path, "cli-"+uuid.NewString(), body, out)
	return err
}

func (t *talk) get(path string, out any) error {
	_, err := t.Call(t.ctx, http.MethodGet, path, "", nil, out)
	return err
}

func shown(at time.Time) string { return at.Local().Format("2006-01-02 15:04 MST") }

func policyProposeCommand() *cobra.Command {
	var kind, id, note string
	var days int
	var checkOnly bool
	cmd := &cobra.Command{
		Use:   "propose FILE",
		Short: "Propose a file as the next version of a policy, a document type or a mapping",
		Long: "Propose a file as the next version of a policy, a document type or a mapping. It is checked first, and\n" +
			"what would change is printed; another person publishes it with `policy approve`. Ends with 1 where it is not fit.",
		Example: "  countersign policy propose expense.yaml --note \"limits of 2027\"",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&kind, "kind", "policy", "policy, type or mapping")
	cmd.Flags().StringVar(&id, "id", "", "of the text (default: the file's name without .yaml)")
	cmd.Flags().StringVar(&note, "note", "", "why, for the one who decides")
	cmd.Flags().IntVar(&days, "days", 0, "days until it expires (default 14, at most 90)")
	cmd.Flags().BoolVar(&checkOnly, "check", false, "only check it on the running house; propose nothing")
	return talking(cmd, func(t *talk, args []string) error {
		yaml, err := os.ReadFile(args[0])
		if err != nil {
			return fmt.Errorf("reading the file: %w", err)
		}
		if id == "" {
			id = strings.TrimSuffix(filepath.Base(args[0]), ".yaml")
		}
		at := "/policies/" + url.PathEscape(kind) + "/" + url.PathEscape(id)
		var checked checkedText
		if err := t.post(at+"/check", map[string]any{"yaml": string(yaml)}, &checked); err != nil {
			return err
		}
		t.tellCheck(checked)
		t.tellChanges(checked)
		if !checked.Fit {
			return errors.New(t.text("policy.cli.unfit", "file", args[0]))
		}
		if checkOnly {
			t.say("policy.cli.fit", "file", args[0])
			return nil
		}
		body := map[string]any{"yaml": string(yaml), "note": note}
		if days != 0 {
			body["expires_at"] = time.Now().Add(time.Duration(days)*24*time.Hour - time.Minute).UTC().Format(time.RFC3339)
		}
		var p proposed
		if err := t.post(at+"/proposals", body, &p); err != nil {
			return err
		}
		t.say("policy.cli.proposed", "id", p.ID, "hash", p.Hash, "until", shown(p.ExpiresAt))
		return nil
	})
}

func policyProposalsCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "proposals [ID]",
		Short: "List proposals, or show one with what it changes and whether you may decide on it",
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that are decided or expired")
	return talking(cmd, func(t *talk, args []string) error {
		if len(args) == 1 {
			return t.review(args[0])
		}
		return t.list(all)
	})
}

func (t *talk) list(all bool) error {
	query := url.Values{"limit": {"200"}}
	if !all {
		query.Set("open", "true")
	}
	none := true
	for {
		var page struct {
			Items []proposed
			Next  string
		}
		if err := t.get("/proposals?"+query.Encode(), &page); err != nil {
			return err
		}
		for _, p := range page.Items {
			none = false
			fmt.Fprintf(t.out, "%s  %-9s %s/%s  %s  %s\n", p.ID, t.text("page.proposal.state."+p.State), p.Kind, p.Subject,
				p.Maker, shown(p.ExpiresAt))
			if p.Note != "" {
				fmt.Fprintln(t.out, "    "+p.Note)
			}
		}
		if page.Next == "" {
			break
		}
		query.Set("cursor", page.Next)
	}
	if none {
		t.say("page.proposals.none_open")
	}
	return nil
}

func (t *talk) review(id string) error {
	type bar struct{ Code, Text string }
	var r struct {
		Proposal   proposed
		Check      checkedText
		InForce    int `json:"in_force"`
		Outdated   bool
		NoApproval *bar `json:"no_approval"`
		NoRefusal  *bar `json:"no_refusal"`
	}
	if err := t.get("/proposals/"+url.PathEscape(id)+"/review", &r); err != nil {
		return err
	}
	p, state := r.Proposal, r.Proposal.State
	if r.Outdated {
		state = "outdated"
	}
	t.say("policy.cli.head", "what", t.text("what."+p.Kind), "id", p.Subject,
		"state", t.text("page.proposal.state."+state),
		"maker", p.Maker, "base", strconv.Itoa(p.Base), "until", shown(p.ExpiresAt))
	for _, words := range []string{p.Note, p.Reason} {
		if words != "" {
			fmt.Fprintln(t.out, "    "+strings.ReplaceAll(words, "\n", "\n    "))
		}
	}
	t.tellChanges(r.Check)
	if state == "open" {
		t.tellCheck(r.Check)
	}
	fmt.Fprintln(t.out, t.text("page.proposal.hash")+": "+p.Hash)
	switch {
	case state != "open" && state != "outdated":
	case r.NoRefusal != nil:
		fmt.Fprintln(t.out, r.NoRefusal.Text)
	case r.NoApproval != nil:
		fmt.Fprintln(t.out, t.text("page.proposal.no_approval")+" "+r.NoApproval.Text)
	default:
		t.say("policy.cli.approve", "id", p.ID, "hash", p.Hash)
	}
	return nil
}

// tellCheck prints what the check says.
func (t *talk) tellCheck(c checkedText) {
	for _, f := range c.Findings {
		fmt.Fprintf(t.out, "%s: %s (%s)\n", t.text("page.check."+f.Level), f.Text, f.Code) // it begins with its place
		if f.Example != "" {
			fmt.Fprintln(t.out, "    "+strings.ReplaceAll(f.Example, "\n", "\n    "))
		}
	}
	for _, claim := range c.Claims {
		fmt.Fprintln(t.out, claim.Text)
	}
}

// diffContext is how many unchanged lines are printed around a change.
const diffContext = 2

// tellChanges prints what a text changes: in words, and line by line.
func (t *talk) tellChanges(c checkedText) {
	for _, change := range c.Changes {
		fmt.Fprintln(t.out, change.Text)
	}
	last := 0
	for i, l := range c.Lines {
		near := false
		for j := max(0, i-diffContext); j <= min(len(c.Lines)-1, i+diffContext); j++ {
			near = near || c.Lines[j].Old == 0 || c.Lines[j].New == 0
		}
		if !near {
			continue
		}
		if i > last {
			fmt.Fprintln(t.out, "  …")
		}
		last = i + 1
		mark := " "
		switch {
		case l.Old == 0:
			mark = "+"
		case l.New == 0:
			mark = "-"
		}
		fmt.Fprintf(t.out, "%s %4d %s\n", mark, max(l.Old, l.New), l.Text)
	}
}

func policyApproveCommand() *cobra.Command {
	var hash string
	cmd := &cobra.Command{
		Use:     "approve ID",
		Short:   "Publish what another person proposed, as the next version",
		Example: "  countersign policy approve 0190… --hash 3f2a…",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&hash, "hash", "", "of the text you read, as policy proposals ID showed it")
	_ = cmd.MarkFlagRequired("hash")
	return talking(cmd, func(t *talk, args []string) error {
		var p proposed
		if err := t.post("/proposals/"+url.PathEscape(args[0])+"/approve", map[string]any{"hash": hash}, &p); err != nil {
			return err
		}
		t.say("policy.cli.approved", "what", t.text("what."+p.Kind), "id", p.Subject, "version", strconv.Itoa(p.Version))
		return nil
	})
}

func policyRefuseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "refuse ID", Short: "Refuse what another person proposed, with a reason", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "for the one who proposed it")
	_ = cmd.MarkFlagRequired("reason")
	return talking(cmd, func(t *talk, args []string) error {
		var p proposed
		if err := t.post("/proposals/"+url.PathEscape(args[0])+"/refuse", map[string]any{"reason": reason}, &p); err != nil {
			return err
		}
		t.say("policy.cli.refused", "id", p.ID, "maker", p.Maker)
		return nil
	})
}
