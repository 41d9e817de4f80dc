package config

import "embed"

// Shipped is what comes with the program: policies/*.yaml, types/*.yaml,
// mappings/*.yaml, inbound/*.yaml (what becomes of other systems' messages) and the demo company, demo/*.yaml.
//
//go:embed all:policies all:types all:mappings all:inbound all:demo
var Shipped embed.FS
