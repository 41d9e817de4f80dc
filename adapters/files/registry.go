package files

import (
	"fmt"
	"maps"
	"slices"
)

// Opener makes a store of one provider.
type Opener func(Config) (Store, error)

// Open makes the store that the configuration names, of the providers given.
func Open(c Config, providers map[string]Opener) (Store, error) {
	open, ok := providers[c.Provider]
	if !ok {
		return nil, fmt.Errorf("files.provider %q is not one of %v", c.Provider, slices.Sorted(maps.Keys(providers)))
	}
	return open(c)
}
