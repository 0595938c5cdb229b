package txn

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// While operations of one key collide often, each attempt that is let in makes
// another one fail, and most of the work is thrown away. Waiting longer before a
// retry helps the many and starves the few. A gate helps all: it lets few attempts
// run at a time, in the order in which they came, so that most of them commit. There
// is one only while it is needed; see gate_limit.go for how many it lets in. Who keeps
// losing all the same, as a long unit does among short ones, is let go on alone.

// gatesMost is how many gates are remembered without need.
const gatesMost = 1024

// gateKey is what the units of one gate have in common.
type gateKey struct{ op, key, target string }

// gates are the gates of a Runner.
type gates struct {
	some atomic.Int32 // how many there are; 0 nearly always
	mu   sync.Mutex   // guards what follows, and all gates
	all  map[gateKey]*gate
}

// waiter is somebody in the queue of a gate.
type waiter struct {
	admitted chan struct{} // closed under gates.mu
	again    bool          // it was inside before, and goes first
}

// pass is one unit's way through the gates.
type pass struct {
	gates *gates
	key   gateKey
	gate  *gate  // the one it is inside of, or nil
	again bool   // it was inside before
	seen  uint64 // commits of the gate when the last attempt ended
	eager int    // how often in a row it was repeated at once
	lost  int    // conflicts
	alone int    // conflicts while it was alone
	began time.Time

	commits *commits // of the Runner
	before  uint64   // those on the target when the attempt began
}

// pass begins a unit's way.
func (r *Runner) pass(ctx context.Context, op *Op) pass {
	p := pass{gates: &r.gates, commits: &r.commits, key: gateKey{op: op.Name, key: op.ConflictKey}}
	if target, err := r.source.Unit(ctx); err == nil {
		p.key.target = target.Name
	}
	return p
}

// enter returns when an attempt may begin, with how long that took, or with ctx's
// error. Who is inside already stays so. A unit inside of another one, of another
// database, does not wait: the other one may have what all wait for.
func (p *pass) enter(ctx context.Context) (waited time.Duration, err error) {
	defer func() { p.began, p.before = time.Now(), p.commits.on(p.key.target) }()
	if p.gate != nil || p.gates.some.Load() == 0 || unit.Live(ctx) {
		return 0, nil
	}
	w := p.queue()
	if w == nil {
		return 0, nil
	}
	start := time.Now()
	select {
	case <-w.admitted:
		return time.Since(start), nil
	case <-ctx.Done():
		p.gates.cancel(p, w)
		return time.Since(start), ctx.Err()
	}
}

// queue goes in, or into the queue if it must.
func (p *pass) queue() *waiter {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil || g.isOpen() {
		return nil
	}
	p.gate = g
	if g.hasRoom() && len(g.queue) == 0 {
		g.inside++
		return nil
	}
	g.waited = g.waited || g.alone == nil
	w := &waiter{admitted: make(chan struct{}), again: p.again}
	place := len(g.queue)
	if p.again {
		if first := slices.IndexFunc(g.queue, func(other *waiter) bool { return !other.again }); first >= 0 {
			place = first
		}
	}
	g.queue = slices.Insert(g.queue, place, w)
	return w
}

// cancel takes a waiter out, who may have been admitted at the same moment.
func (g *gates) cancel(p *pass, w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(p.gate.queue, w); i >= 0 {
		p.gate.queue = slices.Delete(p.gate.queue, i, i+1)
		p.gate = nil
		return
	}
	g.out(p)
}

// leave goes out: when the unit is over, or when it waits for something else.
func (p *pass) leave() {
	if p.gate == nil {
		return
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	p.again = true
	p.gates.out(p)
}

// out is called with mu held.
func (g *gates) out(p *pass) {
	p.gate.inside--
	if p.gate.alone == p {
		p.gate.alone = nil
	}
	p.gate.admit()
	g.tidy(p.gate)
	p.gate = nil
}

// committed counts an attempt that was committed.
func (p *pass) committed() { p.went(1) }

// ended counts an attempt that ended as its function wanted it, and collided with
// nobody.
func (p *pass) ended() { p.went(0) }

func (p *pass) went(commits uint64) {
	if p.gates.some.Load() == 0 {
		return
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	if g := p.gates.all[p.key]; g != nil {
		g.commits += commits
		p.count(g, false)
		p.gates.tidy(g)
	}
}

// collided counts an attempt that ended in a conflict. It reports whether it may be
// repeated at once: if another unit of this key was committed since, so that what was in
// its way may be gone, but not for ever; and after its first conflict in any case. Two
// callers lose less by that than by a wait; when it is many, the gate closes.
func (p *pass) collided() (atOnce bool) {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil {
		g = p.gates.add(p.key)
	}
	went := g.commits != p.seen
	p.seen = g.commits
	atOnce = p.lost == 0 || went && p.eager < gateEager
	if p.eager++; !atOnce {
		p.eager = 0
	}
	p.lost++
	p.count(g, true)
	p.yield(g, atOnce)
	return atOnce
}

// overtaken reports whether another transaction was committed on the target since the
// attempt began.
func (p *pass) overtaken() bool { return p.commits.on(p.key.target) != p.before }

// yield goes on alone after many conflicts, or makes way for who does. Nobody is let
// in beside such a unit, so it loses no more than once to each who was there already;
// if it does, the conflicts are with somebody elsewhere. One that takes long does not:
// it is not worth the others' wait.
func (p *pass) yield(g *gate, goesOn bool) {
	switch {
	case g.alone == p:
		if p.alone++; p.alone > gateAlone {
			g.alone, p.alone = nil, 0
			g.beCalm()
			g.admit()
		}
	case g.alone != nil:
		if p.gate == g {
			p.again = true
			p.gates.out(p)
		}
	case goesOn && p.lost >= gateLosses && time.Since(p.began) <= gateLong && !g.isCalm():
		g.alone, p.alone, p.eager = p, 0, 0
		if p.gate != g {
			p.gate = g
			g.inside++
		}
	}
}

// count counts an attempt, unless it says nothing about the limit: it was begun under
// another one, say.
func (p *pass) count(g *gate, conflict bool) {
	limited := p.gate == g && !p.began.Before(g.changed)
	if (g.limit == 0 || limited) && g.alone != p {
		if p.began.Sub(g.last) > gateSlow {
			g.restart(p.began) // nobody was there: that is no time that anything took
		}
		g.last = time.Now()
		g.count(p.began, conflict)
	}
}

// add is called with mu held.
func (g *gates) add(key gateKey) *gate {
	if g.all == nil {
		g.all = map[gateKey]*gate{}
	}
	if len(g.all) >= gatesMost {
		maps.DeleteFunc(g.all, func(_ gateKey, old *gate) bool { return old.empty() })
	}
	added := newGate(key)
	g.all[key] = added
	g.some.Store(int32(len(g.all)))
	return added
}

// tidy forgets a gate that nobody needs. It is called with mu held.
func (g *gates) tidy(old *gate) {
	if old.limit == 0 && old.empty() && old.share == 0 && old.conflicts == 0 && g.all[old.key] == old {
		delete(g.all, old.key)
		g.some.Store(int32(len(g.all)))
	}
}
