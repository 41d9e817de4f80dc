package config

import "embed"

// Shipped is what comes with the program: policies/*.yaml, types/*.yaml,
// mappings/*.yaml and the demo company, demo/*.yaml.
//
//go:embed all:policies all:types all:mappings all:demo
var Shipped embed.FS
