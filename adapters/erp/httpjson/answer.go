package httpjson

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
)

// at follows a dotted path into decoded JSON: a number picks from a list, and
// "" is the whole; nil where the path leads nowhere.
func at(tree any, path string) any {
	if path == "" {
		return tree
	}
	for _, name := range strings.Split(path, ".") {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			tree = node[i]
		default:
			return nil
		}
	}
	return tree
}

// text is a value as text; "" for none.
func text(tree any, path string) string {
	if path == "" {
		return ""
	}
	switch value := at(tree, path).(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}

// node is a place in decoded JSON.
type node struct{ tree any }

// Text is the value at a dotted path.
func (n node) Text(path string) string { return text(n.tree, path) }

// Items are what a list holds.
func (n node) Items(path string) []mapped.Node {
	list, _ := at(n.tree, path).([]any)
	return nodes(list)
}

// Names are the keys of an object.
func (n node) Names(path string) []string {
	object, _ := at(n.tree, path).(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

func nodes(list []any) []mapped.Node {
	all := make([]mapped.Node, 0, len(list))
	for _, item := range list {
		all = append(all, node{item})
	}
	return all
}
