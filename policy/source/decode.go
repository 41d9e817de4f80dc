package source

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/countersign/countersign/domain/fault"
)

var (
	choiceType  = reflect.TypeFor[Choice]()
	wordType    = reflect.TypeFor[Word]()
	plainNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)
)

type decoder struct {
	text   *Text
	faults []*fault.Fault
}

func (d *decoder) refuse(code, path string, n ast.Node, details ...fault.Detail) {
	if len(d.faults) < faultsMax {
		d.faults = append(d.faults, d.text.FaultAt(code, path, positionOf(n), details...))
	}
}

// value decodes one node into target and remembers where it stood.
func (d *decoder) value(n ast.Node, path string, depth int, target reflect.Value) {
	if n == nil {
		return
	}
	d.text.At[path] = positionOf(n)
	switch {
	case depth > DepthMax:
		d.refuse("yaml.too_deep", path, n, fault.Arg("max", strconv.Itoa(DepthMax)))
	case forbidden(n) != "":
		d.refuse("yaml.not_allowed", path, n, fault.Arg("what", forbidden(n)))
	case target.Type() == choiceType:
		d.choice(n, path, depth, target)
	case target.Kind() == reflect.Struct && written(n, target.Type()):
		d.scalar(n, path, target.Field(target.NumField()-1))
	case target.Kind() == reflect.Struct && selects(target.Type()):
		d.either(n, path, depth, target)
	case target.Kind() == reflect.Struct:
		d.fields(n, path, depth, target)
	case target.Kind() == reflect.Map:
		d.entries(n, path, depth, target)
	case target.Kind() == reflect.Slice:
		d.items(n, path, depth, target)
	default:
		d.scalar(n, path, target)
	}
}

// written says whether a struct is written as a lone value: 2, or { level: 2 }.
// Its last field takes the value; the tag of that field is ",alone".
func written(n ast.Node, t reflect.Type) bool {
	_, mapping := n.(ast.MapNode)
	return !mapping && t.NumField() > 0 && t.Field(t.NumField()-1).Tag.Get("yaml") == ",alone"
}

// selects says whether a struct stands for one of two mappings, see Read.
func selects(t reflect.Type) bool {
	_, option, _ := strings.Cut(t.Field(0).Tag.Get("yaml"), ",")
	return option == "selects"
}

// either decodes into the first field where the mapping has its key, else into
// the second; the other one stays nil.
func (d *decoder) either(n ast.Node, path string, depth int, target reflect.Value) {
	key, _, _ := strings.Cut(target.Type().Field(0).Tag.Get("yaml"), ",")
	chosen := target.Field(1)
	if mapping, ok := n.(ast.MapNode); ok {
		for pairs := mapping.MapRange(); pairs.Next(); {
			if text, ok := ast.Node(pairs.Key()).(*ast.StringNode); ok && text.Value == key {
				chosen = target.Field(0)
			}
		}
	}
	chosen.Set(reflect.New(chosen.Type().Elem()))
	d.value(n, path, depth, chosen.Elem())
}

func (d *decoder) choice(n ast.Node, path string, depth int, target reflect.Value) {
	if _, ok := n.(ast.MapNode); ok {
		d.value(n, path, depth, target.FieldByName("Values"))
		return
	}
	d.scalar(n, path, target.FieldByName("Word"))
}

func (d *decoder) fields(n ast.Node, path string, depth int, target reflect.Value) {
	known, required := tags(target.Type())
	seen := d.pairs(n, path, func(key string, at, value ast.Node) {
		field := slices.Index(known, key)
		if field < 0 {
			d.refuse("yaml.unknown_key", join(path, key), at, fault.Arg("key", key),
				fault.Arg("nearest", Nearest(key, known)), fault.Arg("known", strings.Join(known, ", ")))
			return
		}
		before := len(d.faults)
		d.value(value, join(path, key), depth+1, target.Field(field))
		if mend := target.Type().Field(field).Tag.Get("mend"); mend != "" && len(d.faults) > before && d.faults[before].Code == "yaml.wrong_type" {
			d.faults[before].Args["mend"] = mend
		}
	})
	if seen == nil {
		return
	}
	for _, key := range required {
		if !seen[key] {
			d.refuse("yaml.missing_key", join(path, key), n, fault.Arg("key", key))
		}
	}
}

func (d *decoder) entries(n ast.Node, path string, depth int, target reflect.Value) {
	target.Set(reflect.MakeMap(target.Type()))
	d.pairs(n, path, func(key string, _, value ast.Node) {
		element := reflect.New(target.Type().Elem()).Elem()
		d.value(value, join(path, key), depth+1, element)
		target.SetMapIndex(reflect.ValueOf(key), element)
	})
}

// pairs walks a mapping, refuses what is not one, and answers with the keys seen.
func (d *decoder) pairs(n ast.Node, path string, each func(key string, at, value ast.Node)) map[string]bool {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		d.wrong(n, path, "a mapping", "")
		return nil
	}
	seen, first := map[string]bool{}, map[string]int{}
	for pairs := mapping.MapRange(); pairs.Next(); {
		at := ast.Node(pairs.Key())
		text, ok := at.(*ast.StringNode)
		if !ok || pairs.Key().IsMergeKey() {
			d.refuse("yaml.not_allowed", path, at, fault.Arg("what", "key that is not plain text"))
			continue
		}
		if seen[text.Value] {
			d.refuse("yaml.duplicate_key", join(path, text.Value), at, fault.Arg("key", text.Value),
				fault.Arg("first", strconv.Itoa(first[text.Value])))
			continue
		}
		if len(seen) == ItemsMax {
			d.refuse("yaml.too_many", path, at, fault.Arg("max", strconv.Itoa(ItemsMax)))
			return seen
		}
		seen[text.Value], first[text.Value] = true, positionOf(at).Line
		each(text.Value, at, pairs.Value())
	}
	return seen
}

func (d *decoder) items(n ast.Node, path string, depth int, target reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrong(n, path, "a list", "[…]")
		return
	}
	if len(list.Values) > ItemsMax {
		d.refuse("yaml.too_many", path, n, fault.Arg("max", strconv.Itoa(ItemsMax)))
		return
	}
	target.Set(reflect.MakeSlice(target.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		d.value(item, fmt.Sprintf("%s[%d]", path, i), depth+1, target.Index(i))
	}
}

func (d *decoder) scalar(n ast.Node, path string, target reflect.Value) {
	written := n.GetToken().Value
	switch target.Kind() {
	case reflect.String:
		d.words(n, path, written, target)
	case reflect.Int:
		if _, ok := n.(*ast.IntegerNode); !ok || !plainNumber.MatchString(written) {
			d.wrong(n, path, "a whole number", "")
			return
		}
		number, _ := strconv.ParseInt(written, 10, 64)
		target.SetInt(number)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok || written != "true" && written != "false" {
			d.wrong(n, path, "true or false", "")
			return
		}
		target.SetBool(b.Value)
	default:
		panic("source: no such field kind: " + target.Type().String())
	}
}

func (d *decoder) words(n ast.Node, path, written string, target reflect.Value) {
	var text string
	switch s := n.(type) {
	case *ast.StringNode:
		text = s.Value
	case *ast.LiteralNode:
		text = strings.TrimSuffix(s.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if target.Type() == wordType && plainNumber.MatchString(written) {
			text = written
			break
		}
		d.wrong(n, path, "text", strconv.Quote(written))
		return
	default:
		d.wrong(n, path, "text", "")
		return
	}
	if len(text) > ScalarMax {
		d.refuse("yaml.too_long", path, n, fault.Arg("max", strconv.Itoa(ScalarMax)))
		return
	}
	target.SetString(text)
}

func (d *decoder) wrong(n ast.Node, path, want, mend string) {
	d.refuse("yaml.wrong_type", path, n, fault.Arg("want", want),
		fault.Arg("found", strings.ToLower(n.Type().String())), fault.Arg("mend", mend))
}

func forbidden(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode:
		return "anchor"
	case *ast.AliasNode:
		return "alias"
	case *ast.MergeKeyNode:
		return "merge key"
	case *ast.TagNode:
		return "tag"
	case *ast.DirectiveNode:
		return "directive"
	}
	return ""
}

// positionOf is where a node's own text begins: inside the quotes of a quoted
// value, at the first line of a block, at the first key of a mapping.
func positionOf(n ast.Node) Position {
	switch v := n.(type) {
	case *ast.LiteralNode:
		return blockPosition(v)
	case *ast.MappingNode:
		if len(v.Values) > 0 && !v.IsFlowStyle {
			return positionOf(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return positionOf(v.Key)
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	p := Position{Line: t.Position.Line, Column: t.Position.Column}
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		p.Column++
	}
	return p
}

func blockPosition(n *ast.LiteralNode) Position {
	origin := n.Value.GetToken().Origin
	indent := 0
	for _, row := range strings.Split(origin, "\n") {
		if strings.TrimSpace(row) != "" {
			indent = len(row) - len(strings.TrimLeft(row, " "))
			break
		}
	}
	return Position{Line: n.Start.Position.Line + 1, Column: indent + 1, Block: true}
}

func tags(t reflect.Type) (known, required []string) {
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if option == "alone" {
			break
		}
		known = append(known, name)
		if option == "required" {
			required = append(required, name)
		}
	}
	return known, required
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
