package command

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/walk"
)

// The environment of commands that talk to a running house.
const (
	serverVariable = "COUNTERSIGN_SERVER" // where it is, without a path
	tokenVariable  = "COUNTERSIGN_TOKEN"  //nolint:gosec // the name of a variable
)

// clientPatience bounds one answer of a house.
const clientPatience = 2 * time.Minute

// clientFlags say which house a command talks to, and as whom.
func clientFlags(cmd *cobra.Command) {
	cmd.Flags().String("server", "", "address of the house, such as https://approvals.example.com (default: $"+
		serverVariable+")")
	cmd.Flags().String("token-file", "", "file with your API token (default: $"+tokenVariable+")")
	cmd.Flags().String("data", ".countersign", "data directory of a running dev, for --as")
	cmd.Flags().String("as", "", "a person of a running dev, instead of --server and a token")
}

// houseOf is the API of a house as any program with a token reaches it.
func houseOf(cmd *cobra.Command) (*walk.Client, error) {
	flag := func(name string) string {
		value, _ := cmd.Flags().GetString(name) // a flag that clientFlags made
		return value
	}
	c := &walk.Client{Base: cmp.Or(flag("server"), os.Getenv(serverVariable)), Token: os.Getenv(tokenVariable),
		Locale: locale(cmd)}
	if person := flag("as"); person != "" {
		f, err := readDevFile(flag("data"))
		if err != nil {
			return nil, err
		}
		if c.Base, c.Token = f.Gateway, f.Tokens[person]; c.Token == "" {
			return nil, fmt.Errorf("--as: %s is nobody of this `dev`", person)
		}
	}
	if file := flag("token-file"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading --token-file: %w", err)
		}
		c.Token = strings.TrimSpace(string(text))
	}
	if at, err := url.Parse(c.Base); err != nil || at.Host == "" {
		return nil, fmt.Errorf("say where the house is: --server or $%s, such as https://approvals.example.com",
			serverVariable)
	}
	if c.Token == "" {
		return nil, fmt.Errorf("say who you are: --token-file or $%s with a token of yours", tokenVariable)
	}
	c.Base = strings.TrimRight(c.Base, "/")
	return c, nil
}

// inWords is an answer of the house as people read it: every fault on a line.
func inWords(err error) error {
	var p *walk.Problem
	if !errors.As(err, &p) {
		return err
	}
	lines := []string{cmp.Or(p.Detail, p.Title) + " (" + p.Code + ")"}
	for _, one := range p.Errors {
		line := one.Detail + " (" + one.Code + ")"
		if line != lines[0] {
			lines = append(lines, line)
		}
	}
	return errors.New(strings.Join(lines, "\n  "))
}
