package txn

import (
	"sync"
	"sync/atomic"
	"time"
)

// What a retry costs, as in the SDKs of AWS: more where the failure took time.
const (
	costOnce    = 1 // what has a bound of its own: attempts beyond the default number, or stale plans
	costRetry   = 5
	costTimeout = 10
)

const (
	// excusedMost is how many conflicts of one name cost nothing because others
	// committed, while none of that name did.
	excusedMost = 100
	// budgetRest is after how long without a retry a name has all its tokens again.
	budgetRest = time.Minute
)

// budgetKey is what the units that share tokens have in common.
type budgetKey struct{ op, target string }

// budget bounds how much retries may add to the load of a server in trouble. The
// operations of one name share their tokens, so that a thousand callers do not
// each have ten attempts while nothing succeeds.
type budget struct {
	full int

	some   atomic.Bool // there is a purse; before that a success has no work here
	mu     sync.Mutex
	purses map[budgetKey]*purse // guarded by mu, and what they hold
}

// purse is what operations of one name have used up on one target.
type purse struct {
	spent   int
	excused int       // conflicts since the last commit
	used    time.Time // by a retry
	commits uint64    // since there is a purse
}

// purse is called with mu held.
func (b *budget) purse(key budgetKey) *purse {
	p := b.purses[key]
	if p == nil {
		p = &purse{}
		if b.purses == nil {
			b.purses = map[budgetKey]*purse{}
		}
		b.purses[key] = p
		b.some.Store(true)
	}
	now := time.Now()
	if now.Sub(p.used) > budgetRest {
		p.spent, p.excused = 0, 0
	}
	p.used = now
	return p
}

// spend takes the tokens for a retry, if there are enough.
func (b *budget) spend(key budgetKey, cost int) bool {
	if cost == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.purse(key)
	if p.spent+cost > b.full {
		return false
	}
	p.spent += cost
	return true
}

// excuse reports whether a conflict may cost nothing once more.
func (b *budget) excuse(key budgetKey) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.purse(key)
	if p.excused == excusedMost {
		return false
	}
	p.excused++
	return true
}

// committed returns how many units were committed since the first that was retried.
func (b *budget) committed(key budgetKey) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.purse(key).commits
}

// succeeded gives a token back, and those that the unit's own conflicts took.
func (b *budget) succeeded(key budgetKey, conflicts int) {
	if !b.some.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.purses[key]; p != nil {
		p.spent = max(p.spent-1-conflicts, 0)
		p.excused = 0
		p.commits++
	}
}
