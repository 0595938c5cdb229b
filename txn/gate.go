package txn

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// While operations of one key collide often, each attempt that is let in makes
// another one fail, and most of the work is thrown away. Waiting longer before a
// retry helps the many and starves the few. A gate helps all: it lets few attempts
// run at a time, in the order in which they came, so that nearly each of them
// commits. There is one only while it is needed.

const (
	gateWeight  = 1.0 / 16 // of one attempt in the rate of conflicts
	gateCloses  = 0.30     // the rate above which a gate is closed, or lets fewer in
	gateWidens  = 0.10     // the rate below which it lets more in
	gateForgets = 0.01     // the rate below which an open gate is forgotten
	gateFirst   = 2        // how many are let in at first
	gateNarrows = 16       // attempts before it lets fewer in
	gatePeriod  = 32       // attempts before it lets more in, at first
	gatePatient = 512      // and at most, after it was wrong to let more in
	gatesMost   = 1024     // how many may be remembered without need
)

type gateKey struct{ op, key string }

// gates are the gates of a Runner.
type gates struct {
	mutant mutant
	some   atomic.Int32 // how many there are; 0 nearly always
	mu     sync.Mutex   // guards what follows, and all gates
	all    map[gateKey]*gate
}

// gate is that of one key.
type gate struct {
	key    gateKey
	rate   float64 // of attempts that ended in a conflict
	limit  int     // how many may be inside; 0: it is open
	inside int     // how many are
	since  int     // attempts since limit was changed
	period int     // attempts before more are let in
	waited bool    // somebody had to wait since then
	queue  []*waiter
}

// waiter is somebody in the queue of a gate.
type waiter struct {
	admitted chan struct{} // closed under gates.mu
}

// pass is one unit's way through the gates.
type pass struct {
	gates *gates
	key   gateKey
	gate  *gate // the one it is inside of, or nil
}

func (g *gates) pass(op *Op) pass {
	return pass{gates: g, key: gateKey{op.Name, op.ConflictKey}}
}

// enter returns when an attempt may begin, with how long that took, or with ctx's
// error. Who is inside already stays so.
func (p *pass) enter(ctx context.Context) (time.Duration, error) {
	if p.gate != nil || p.gates.some.Load() == 0 {
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

// queue goes in, or to the end of the queue if it must.
func (p *pass) queue() *waiter {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil || g.limit == 0 {
		return nil
	}
	p.gate = g
	if g.inside < g.limit && len(g.queue) == 0 {
		g.inside++
		return nil
	}
	g.waited = true
	w := &waiter{admitted: make(chan struct{})}
	if p.gates.mutant == admitsTheLast {
		g.queue = slices.Insert(g.queue, 0, w)
	} else {
		g.queue = append(g.queue, w)
	}
	return w
}

// cancel takes a waiter out, who may have been admitted at the same moment.
func (g *gates) cancel(p *pass, w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range p.gate.queue {
		if other == w {
			p.gate.queue = append(p.gate.queue[:i], p.gate.queue[i+1:]...)
			p.gate = nil
			return
		}
	}
	g.out(p)
}

// leave goes out, when the unit is over.
func (p *pass) leave() {
	if p.gate == nil {
		return
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	p.gates.out(p)
}

// out is called with mu held.
func (g *gates) out(p *pass) {
	p.gate.inside--
	p.gate.admit()
	g.tidy(p.gate)
	p.gate = nil
}

// attempted counts an attempt that was committed, or ended in a conflict. It
// reports whether that one may be repeated at once: when who was in its way is
// another of the few inside, who has gone on. Alone inside, a conflict is with
// somebody elsewhere, of whom nothing is known.
func (p *pass) attempted(conflict bool) (atOnce bool) {
	if !conflict && p.gates.some.Load() == 0 {
		return false
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil {
		if !conflict || p.gates.mutant == keepsGatesOpen {
			return false
		}
		g = p.gates.add(p.key)
	}
	g.count(conflict)
	p.gates.tidy(g)
	return g.limit > 1
}

// add is called with mu held.
func (g *gates) add(key gateKey) *gate {
	if g.all == nil {
		g.all = map[gateKey]*gate{}
	}
	if len(g.all) >= gatesMost {
		maps.DeleteFunc(g.all, func(_ gateKey, old *gate) bool { return old.idle() })
	}
	added := &gate{key: key}
	g.all[key] = added
	g.some.Store(int32(len(g.all)))
	return added
}

// tidy forgets a gate that nobody needs. It is called with mu held.
func (g *gates) tidy(old *gate) {
	if old.idle() && old.rate < gateForgets {
		delete(g.all, old.key)
		g.some.Store(int32(len(g.all)))
	}
}

// idle reports whether the gate is open and holds nobody.
func (g *gate) idle() bool { return g.limit == 0 && g.inside == 0 && len(g.queue) == 0 }

// count is called with mu held.
func (g *gate) count(conflict bool) {
	outcome := 0.0
	if conflict {
		outcome = 1
	}
	g.rate += (outcome - g.rate) * gateWeight
	g.since++
	switch {
	case g.limit == 0:
		if g.rate > gateCloses {
			g.period = gatePeriod
			g.change(gateFirst)
		}
	case g.rate > gateCloses:
		if g.limit > 1 && g.since >= gateNarrows {
			g.period = min(4*g.period, gatePatient)
			g.change(g.limit - 1)
		}
	case g.rate > gateWidens || g.since < g.period:
	case !g.waited:
		g.change(0)
	default:
		if g.since > gatePatient/2 { // long enough to have been right
			g.period = gatePeriod
		}
		g.change(g.limit + 1)
	}
}

func (g *gate) change(limit int) {
	g.limit, g.since, g.waited = limit, 0, len(g.queue) > 0
	g.admit()
}

// admit lets in who may go in, the longest waiting first.
func (g *gate) admit() {
	for len(g.queue) > 0 && (g.limit == 0 || g.inside < g.limit) {
		w := g.queue[0]
		g.queue = g.queue[1:]
		g.inside++
		close(w.admitted)
	}
}
