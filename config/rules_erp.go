package config

import (
	"strconv"
	"time"
)

// The adapters of the ERP.
const (
	AdapterTryton  = "tryton"
	AdapterHTTP    = "http"
	AdapterSandbox = "sandbox"
)

func (c Config) checkERP(k *check) {
	var ids []string
	owner := map[string]string{}
	for i, connection := range c.ERP.Connections {
		at := "erp.connections[" + strconv.Itoa(i) + "]."
		ids = append(ids, connection.ID)
		connection.check(k, at, c.Mode)
		for _, entity := range connection.Entities {
			k.want(owner[entity] == "", at+"entities", "has "+entity+", which "+owner[entity]+" has too",
				"send an entity's vouchers to one place")
			owner[entity] = connection.ID
		}
	}
	k.unique("erp.connections", ids)
}

func (c Connection) check(k *check, at string, mode Mode) {
	k.oneOf(at+"adapter", c.Adapter, AdapterTryton, AdapterHTTP, AdapterSandbox)
	k.want(len(c.Entities) > 0, at+"entities", "is empty", "list the legal entities whose vouchers go there")
	if c.Adapter != AdapterSandbox || c.URL != "" {
		k.url(at+"url", c.URL, "http", "https")
	}
	k.want(c.Adapter != AdapterSandbox || mode == Dev, at+"adapter", "is a sandbox in production",
		"set tryton or http; the sandbox books nothing")
	k.want(c.Adapter != AdapterTryton || c.Database != "", at+"database", "is empty", "set Tryton's database name")
	k.want(c.Adapter != AdapterHTTP || c.Mapping != "", at+"mapping", "is empty", "name a shipped mapping or a file")
	k.duration(at+"timeout", c.Timeout, time.Second, 10*time.Minute)
	k.duration(at+"settle", c.Settle, c.Timeout, 24*time.Hour)
	number(k, at+"per_second", c.PerSecond, 0.001, 10_000, "set calls a second, more than 0")
}
