package command

import (
	"fmt"
	"maps"
	"os"

	"github.com/goccy/go-yaml"
)

// devSettings reads the settings that somebody wants to try in dev beside those of the
// stack: a configuration file like any other, by key. "" has none.
func devSettings(path string) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", path, err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("--config %s: %w", path, err)
	}
	return byKey(file, ""), nil
}

// byKey writes sections as dotted keys; a list is the value of its key.
func byKey(section map[string]any, above string) map[string]any {
	all := map[string]any{}
	for key, value := range section {
		if below, ok := value.(map[string]any); ok {
			maps.Copy(all, byKey(below, above+key+"."))
			continue
		}
		all[above+key] = value
	}
	return all
}
