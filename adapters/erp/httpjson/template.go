package httpjson

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/mapped"
)

// render puts values into a tree: "$.name" becomes the value, {$each: list,
// $as: tree} a list, and a key that ends in ? goes where its value is empty.
func render(tree any, v mapped.Values) (any, error) {
	switch node := tree.(type) {
	case string:
		return v.Substitute(node)
	case []any:
		list := make([]any, 0, len(node))
		for _, item := range node {
			rendered, err := render(item, v)
			if err != nil {
				return nil, err
			}
			list = append(list, rendered)
		}
		return list, nil
	case map[string]any:
		if each, ok := node["$each"].(string); ok {
			return renderEach(each, node["$as"], v)
		}
		return renderObject(node, v)
	}
	return tree, nil
}

func renderObject(node map[string]any, v mapped.Values) (any, error) {
	object := make(map[string]any, len(node))
	for _, key := range slices.Sorted(maps.Keys(node)) {
		rendered, err := render(node[key], v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		name, optional := strings.CutSuffix(key, "?")
		if optional && (rendered == "" || rendered == nil) {
			continue
		}
		object[name] = rendered
	}
	return object, nil
}

func renderEach(name string, tree any, v mapped.Values) (any, error) {
	items, ok := v.Lists[name]
	if !ok {
		return nil, fmt.Errorf("no list is called %s", name)
	}
	list := make([]any, 0, len(items))
	for _, item := range items {
		rendered, err := render(tree, item)
		if err != nil {
			return nil, err
		}
		list = append(list, rendered)
	}
	return list, nil
}
