package odoo

import "sync"

// cache keeps the ids behind codes and the codes behind ids. Only what was found
// is kept, so new master data is seen at once, and everything is forgotten when
// Odoo refuses an entry.
type cache struct {
	mutex    *sync.Mutex
	accounts map[string]account
	ids      map[string]int64            // by model and code
	codes    map[string]map[int64]string // by model
}

func newCache() cache {
	return cache{mutex: new(sync.Mutex), accounts: map[string]account{}, ids: map[string]int64{},
		codes: map[string]map[int64]string{}}
}

func (p *Port) forget() {
	c := p.cache
	c.mutex.Lock()
	defer c.mutex.Unlock()
	clear(c.accounts)
	clear(c.ids)
	clear(c.codes)
}

func (c cache) account(code string) (account, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	a, ok := c.accounts[code]
	return a, ok
}

func (c cache) keepAccount(code string, a account) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.accounts) >= cacheMax {
		clear(c.accounts)
	}
	c.accounts[code] = a
}

func (c cache) id(model, code string) (int64, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	id, ok := c.ids[model+":"+code]
	return id, ok
}

func (c cache) keepID(model, code string, id int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.ids) >= cacheMax {
		clear(c.ids)
	}
	c.ids[model+":"+code] = id
}

// known returns the codes it has, and the ids it has none for.
func (c cache) known(model string, ids []int64) (codes map[int64]string, unknown []int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	codes = map[int64]string{}
	for _, id := range ids {
		if code, ok := c.codes[model][id]; ok {
			codes[id] = code
		} else {
			unknown = append(unknown, id)
		}
	}
	return codes, unknown
}

func (c cache) keepCode(model, code string, id int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.codes[model] == nil || len(c.codes[model]) >= cacheMax {
		c.codes[model] = map[int64]string{}
	}
	c.codes[model][id] = code
}
