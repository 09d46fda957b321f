package history

import "sync"

// cache keeps what this process knows, as much of it as there is room for: what was used longest ago goes first. Whatever
// needs it does without.
type cache[K comparable, V any] struct {
	max  int         // bytes
	size func(V) int // bytes

	mu      sync.Mutex
	entries map[K]*cached[V]
	bytes   int
	uses    int
}

type cached[V any] struct {
	value V
	bytes int
	used  int // the higher, the later
}

// cacheOverhead is about what an entry takes beside its value.
const cacheOverhead = 200

func newCache[K comparable, V any](max int, size func(V) int) *cache[K, V] {
	return &cache[K, V]{max: max, size: size, entries: map[K]*cached[V]{}}
}

func (c *cache[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	c.uses++
	e.used = c.uses
	return e.value, true
}

// put keeps the value. Nobody may change it any more.
func (c *cache[K, V]) put(key K, value V) {
	bytes := c.size(value) + cacheOverhead
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	if bytes > c.max {
		return
	}
	c.uses++
	c.entries[key] = &cached[V]{value: value, bytes: bytes, used: c.uses}
	c.bytes += bytes
	if c.bytes > c.max {
		c.shrink()
	}
}

// shrink makes room for a while: a tenth, so that not each put looks for what is oldest.
func (c *cache[K, V]) shrink() {
	for c.bytes > c.max-c.max/10 {
		var oldest K
		first := c.uses + 1
		for key, e := range c.entries {
			if e.used < first {
				oldest, first = key, e.used
			}
		}
		c.drop(oldest)
	}
}

func (c *cache[K, V]) remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
}

func (c *cache[K, V]) drop(key K) {
	if e, ok := c.entries[key]; ok {
		c.bytes -= e.bytes
		delete(c.entries, key)
	}
}
