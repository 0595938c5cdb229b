package txn

import (
	"sync"
	"sync/atomic"
)

// What a retry costs, as in the SDKs of AWS: more where the failure took time.
const (
	costConflict = 0
	costRetry    = 5
	costTimeout  = 10
)

// budget bounds how much retries may add to the load of a server in trouble. The
// operations of one name share their tokens, so that a thousand callers do not
// each have ten attempts while nothing succeeds.
type budget struct {
	full int

	some  atomic.Bool // a token was spent; before that a success has no work here
	mu    sync.Mutex
	spent map[string]int // guarded by mu; by operation
}

// spend takes the tokens for a retry, if there are enough.
func (b *budget) spend(name string, cost int) bool {
	if cost == 0 {
		return true
	}
	b.some.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent[name]+cost > b.full {
		return false
	}
	if b.spent == nil {
		b.spent = map[string]int{}
	}
	b.spent[name] += cost
	return true
}

// succeeded gives a token back.
func (b *budget) succeeded(name string) {
	if !b.some.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent[name] > 0 {
		b.spent[name]--
	}
}
