package command

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/i18n"
)

// findingCode is what a finding is called.
var findingCode = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)

// TestFindingsHaveWords: whatever a verification may find is told in both languages.
func TestFindingsHaveWords(t *testing.T) {
	codes := map[string]bool{}
	for _, code := range []string{"bad_envelope", "bad_key", "bad_signature", "broken_link", "gap", "not_canonical", "unknown_key",
		"wrong_hash"} {
		codes["evidence."+code] = true
	}
	for _, pattern := range []string{"../store/audit*.go", "../domain/proof/*.go", "auditbundle.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				for _, code := range codesIn(n) {
					codes[code] = true
				}
				return true
			})
		}
	}
	require.Greater(t, len(codes), 80)
	for _, locale := range i18n.Locales {
		for code := range codes {
			require.True(t, i18n.Shipped().Has(locale, "verify.finding."+code), "%s: %s", locale, code)
		}
		for _, kind := range approval.Interventions() {
			require.True(t, i18n.Shipped().Has(locale, "verify.kind."+kind), "%s: %s", locale, kind)
		}
	}
}

// codesIn are the codes of findings that a call of found, or a Finding, names.
func codesIn(n ast.Node) (codes []string) {
	var named []ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		if called, ok := n.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "found" {
			named = n.Args
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "What" {
			named = []ast.Expr{n.Value}
		}
	}
	for _, one := range named {
		if text, ok := one.(*ast.BasicLit); ok {
			if code, err := strconv.Unquote(text.Value); err == nil && findingCode.MatchString(code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}
