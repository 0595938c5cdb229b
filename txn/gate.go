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

// While units collide often, each attempt that is admitted makes another one fail.
// Waiting longer before a retry helps the many and starves the few. A gate helps all: it
// lets few attempts run at a time, in the order of arrival, and a unit that lost goes
// first. A target and an [Op].ConflictKey have one gate, so that operations of different
// names that collide meet there; one that does not collide does not pass it. How many may
// run is a small number: see lane.go. After many losses a unit has its lane to itself, and
// then the gate.
const (
	gateCloses  = 0.5         // share of conflicts above which an operation passes the gate
	gateQuiet   = 128         // attempts without a conflict after which it is let go,
	gateTrial   = 256         // or some after which it is seen whether it still collides,
	gateMore    = 16          // times as many where it does,
	gateTrials  = 65536       // and so many at most: in a trial nearly all attempts fail
	gateLosses  = 6           // after which a unit has its lane to itself,
	gateAlone   = 8           // the gate to itself, whether its operation passes it or not,
	gateUseless = 12          // and not any more: its conflicts are with sessions elsewhere
	gatePatient = time.Second // longer attempts have neither: the others' wait would be worse than their failure
	gateEager   = 8           // conflicts in a row that are retried at once, at most
	gatesMost   = 1024        // gates that are remembered without need
)

// gateKey is what the units of one gate have in common.
type gateKey struct{ key, target string }

// gates are the gates of a Runner.
type gates struct {
	some atomic.Int32 // how many there are; 0 nearly always
	mu   sync.Mutex   // guards what follows, and all gates
	all  map[gateKey]*gate
}

// gate is guarded by gates.mu.
type gate struct {
	key    gateKey
	inside int  // units
	whole  bool // one of them has the gate to itself
	queue  []*waiter
	short  lane                // for operations whose attempts are short
	long   lane                // for the others
	ops    map[string]*traffic // by name, those that collided
}

// traffic is that of one operation.
type traffic struct {
	lane    *lane         // in which it passes the gate, or nil
	took    time.Duration // by an attempt, about
	share   share         // of conflicts, while it does not pass the gate
	quiet   int           // attempts since its last conflict
	free    int           // attempts since it was last let go
	passed  int           // and before that, with the gate
	trial   int           // and after which it is let go, to see
	commits uint64
}

// waiter is one unit in a gate's queue.
type waiter struct {
	pass     *pass
	admitted chan struct{} // closed under gates.mu
}

// pass is one unit's way through its gate.
type pass struct {
	gates  *gates
	key    gateKey
	name   string
	gate   *gate // where it waits or is inside
	lane   *lane
	inside bool
	whole  bool // it needs the gate to itself
	places int  // that it needs in its lane
	began  time.Time
	took   time.Duration // by the attempt that lost last
	lost   int           // conflicts
	eager  int           // how many of them in a row were retried at once
	seen   uint64        // commits of the operation at the last conflict

	commits *commits // of the Runner
	before  uint64   // those on the target when the attempt began
}

// pass begins a unit's way.
func (r *Runner) pass(ctx context.Context, op *Op) pass {
	p := pass{gates: &r.gates, commits: &r.commits, name: op.Name, key: gateKey{key: op.ConflictKey}}
	if target, err := r.source.Unit(ctx); err == nil {
		p.key.target = target.Name
	}
	return p
}

// enter returns when an attempt may begin, with how long that took, or with ctx's
// error. A unit inside another one, of another database, does not wait: the other one
// may have what all wait for.
func (p *pass) enter(ctx context.Context) (waited time.Duration, err error) {
	defer func() { p.began, p.before = time.Now(), p.commits.on(p.key.target) }()
	if p.inside || p.gates.some.Load() == 0 || unit.Live(ctx) {
		return 0, nil
	}
	w := p.ask()
	if w == nil {
		return 0, nil
	}
	start := time.Now()
	select {
	case <-w.admitted:
		return time.Since(start), nil
	case <-ctx.Done():
		p.cancel(w)
		return time.Since(start), ctx.Err()
	}
}

// ask goes in, or into the queue, where it returns its waiter.
func (p *pass) ask() *waiter {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil || g.ops[p.name] == nil {
		return nil
	}
	p.gate, p.lane = g, g.ops[p.name].lane
	if p.lane == nil && !p.needsGate() {
		return nil
	}
	if p.lane == nil {
		p.lane = g.laneOf(p.took) // its operation has none
	}
	w := &waiter{pass: p, admitted: make(chan struct{})}
	at := len(g.queue)
	if p.lost > 0 {
		if first := slices.IndexFunc(g.queue, func(other *waiter) bool { return other.pass.lost == 0 }); first >= 0 {
			at = first
		}
	}
	g.queue = slices.Insert(g.queue, at, w)
	g.admit()
	if !slices.Contains(g.queue, w) {
		return nil
	}
	return w
}

// needsGate reports whether the unit needs the gate to itself.
func (p *pass) needsGate() bool {
	return p.lost >= gateAlone && p.lost < gateUseless && p.took <= gatePatient
}

// needs is how many places the unit needs in its lane.
func (p *pass) needs() int {
	if p.lost >= gateLosses && p.took <= gatePatient {
		return p.lane.limit
	}
	return 1
}

// laneOf is the lane for attempts that take so long.
func (g *gate) laneOf(took time.Duration) *lane {
	if took >= laneSlow {
		return &g.long
	}
	return &g.short
}

// isSlowFor reports whether the gate is not free as soon as the unit could use it: its
// attempts are short, and long ones are inside. All short ones behind it would wait for
// them too. It then has its lane to itself.
func (g *gate) isSlowFor(p *pass) bool { return g.laneOf(p.took) == &g.short && g.long.inside > 0 }

// admit lets in the first in the queue. It passes over a lane that is full; a unit that
// needs the gate to itself blocks all behind it.
func (g *gate) admit() {
	var full []*lane
	kept := g.queue[:0]
	for i, w := range g.queue {
		p := w.pass
		p.whole, p.places = p.needsGate() && !g.isSlowFor(p), p.needs()
		switch {
		case g.whole || p.whole && g.inside > 0:
			g.queue = append(kept, g.queue[i:]...)
			return
		case !p.lane.shut && !p.whole:
			close(w.admitted)
		case !p.whole && (p.lane.inside+p.places > p.lane.limit || slices.Contains(full, p.lane)):
			full = append(full, p.lane)
			kept = append(kept, w)
		default:
			p.inside, g.whole = true, p.whole
			g.inside++
			p.lane.inside += p.places
			close(w.admitted)
		}
	}
	g.queue = kept
}

// cancel takes a waiter out, which may have been admitted at the same moment.
func (p *pass) cancel(w *waiter) {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	if i := slices.Index(p.gate.queue, w); i >= 0 {
		p.gate.queue = slices.Delete(p.gate.queue, i, i+1)
		p.gate.admit()
	}
	p.out()
}

// leave goes out: when the unit is over, or when it waits for something else.
func (p *pass) leave() {
	if !p.inside {
		return
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	p.out()
}

// out is called with mu held.
func (p *pass) out() {
	if p.inside {
		p.inside = false
		p.gate.inside--
		p.lane.inside -= p.places
		p.gate.whole = p.gate.whole && !p.whole
		p.gate.admit()
	}
	p.gates.tidy(p.gate, p.name)
}

// committed counts an attempt that was committed.
func (p *pass) committed() { p.succeeded(1) }

// ended counts an attempt that failed for its own reasons, not by a conflict.
func (p *pass) ended() { p.succeeded(0) }

func (p *pass) succeeded(commits uint64) {
	if p.gates.some.Load() == 0 {
		return
	}
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g := p.gates.all[p.key]
	if g == nil || g.ops[p.name] == nil {
		return
	}
	g.ops[p.name].commits += commits
	g.count(p, g.ops[p.name], 0)
	p.gates.tidy(g, p.name)
}

// collided counts an attempt that ended in a conflict, after which the unit goes out. It
// reports whether the next attempt may begin at once: after the first conflict, and when
// another unit of the operation was committed since, so that what was in the way may be
// gone, but only so often.
func (p *pass) collided() (atOnce bool) {
	p.gates.mu.Lock()
	defer p.gates.mu.Unlock()
	g, op := p.gates.at(p.key, p.name)
	atOnce = p.lost == 0 || op.commits != p.seen && p.eager < gateEager
	p.seen = op.commits
	if p.eager++; !atOnce {
		p.eager = 0
	}
	p.lost++
	p.took = time.Since(p.began)
	g.count(p, op, 1)
	if p.inside {
		p.out()
	}
	return atOnce
}

// overtaken reports whether another transaction was committed on the target since the
// attempt began.
func (p *pass) overtaken() bool { return p.commits.on(p.key.target) != p.before }

// count counts an attempt. An operation that collides often passes the gate from now on,
// until its lane is open or it has had no conflict for long.
func (g *gate) count(p *pass, op *traffic, conflicts int) {
	if op.quiet++; conflicts > 0 {
		op.quiet = 0
	}
	switch {
	case op.lane == nil:
		op.free++
		if op.share.lowest() {
			op.share.n, op.share.conflicts = 0, 0 // what was before is past
		}
		op.share.add(conflicts, gateCloses)
		if op.share.tooHigh() && g.short.close(op.share.of()) {
			op.pass(&g.short)
		}
	case op.quiet >= gateQuiet || op.passed >= op.trial:
		op.leave()
	case p.inside: // else it began without the gate, and says nothing about it
		op.passed++
		p.lane.count(p.began, conflicts)
		op.took += (time.Since(p.began) - op.took) / 16
		g.move(op)
	}
	var used [2]bool
	for _, other := range g.ops {
		if other.lane != nil && !other.lane.shut {
			other.leave()
		}
		used[0] = used[0] || other.lane == &g.short
		used[1] = used[1] || other.lane == &g.long
	}
	g.short.shut, g.long.shut = g.short.shut && used[0], g.long.shut && used[1]
	g.admit()
}

// move has an operation pass the gate in the lane for its attempts, those that wait for
// it included.
func (g *gate) move(op *traffic) {
	to := g.laneOf(op.took)
	if op.lane == to || !to.close(op.lane.before) {
		return
	}
	op.lane = to
	for _, w := range g.queue {
		if g.ops[w.pass.name] == op {
			w.pass.lane = to
		}
	}
}

// pass has an operation pass the gate, in a lane. The sooner it collides again after it
// was let go, the later it is let go again.
func (op *traffic) pass(in *lane) {
	op.trial = max(op.trial, gateTrial)
	if op.free > gateQuiet {
		op.trial = gateTrial
	} else if op.passed >= op.trial {
		op.trial = min(gateMore*op.trial, gateTrials)
	}
	op.lane, op.took, op.quiet, op.passed = in, 0, 0, 0
}

// leave has an operation pass the gate no more.
func (op *traffic) leave() { op.lane, op.share, op.quiet, op.free = nil, share{}, 0, 0 }

// at returns the gate, and the operation's traffic there. It is called with mu held.
func (g *gates) at(key gateKey, name string) (*gate, *traffic) {
	if g.all == nil {
		g.all = map[gateKey]*gate{}
	}
	at := g.all[key]
	if at == nil {
		if len(g.all) >= gatesMost {
			maps.DeleteFunc(g.all, func(_ gateKey, old *gate) bool { return old.inside == 0 && len(old.queue) == 0 })
		}
		at = &gate{key: key, short: lane{limit: laneShort}, long: lane{limit: laneLong}, ops: map[string]*traffic{}}
		g.all[key] = at
		g.some.Store(int32(len(g.all)))
	}
	if at.ops[name] == nil {
		at.ops[name] = &traffic{}
	}
	return at, at.ops[name]
}

// tidy forgets an operation that no longer collides, and then the gate. It is called with
// mu held.
func (g *gates) tidy(at *gate, name string) {
	op := at.ops[name]
	if op == nil || op.lane != nil || !op.share.lowest() || at.inside > 0 || len(at.queue) > 0 {
		return
	}
	delete(at.ops, name)
	if len(at.ops) == 0 && g.all[at.key] == at {
		delete(g.all, at.key)
		g.some.Store(int32(len(g.all)))
	}
}
