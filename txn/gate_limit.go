package txn

import "time"

// How many a gate lets in is found by trying: a limit is kept for a window of
// attempts, and what counts is the share of them that collided. Where it is no
// smaller with fewer inside, the conflicts are with somebody elsewhere, and the gate
// is opened: it would only make everybody wait.

const (
	gateCloses = 0.45 // the share of conflicts above which fewer are let in
	gateMore   = 0.38 // the share up to which more may be let in
	gateStorm  = 0.60 // the share that is acted on after half a window
	gateHelps  = 0.75 // the part of the share that may be left when fewer are inside
	gateSame   = 1.20 // the part of the share up to which more inside do no harm
	gateHalf   = 0.55 // the share up to which a closed gate is believed to be fair at least
	gateEager  = 8    // conflicts in a row that are repeated at once, at most
	gateLosses = 4    // conflicts of one unit that are taken for a sign that it starves

	gateFirst   = 2   // how many are let in at first
	gateWindow  = 32  // attempts in which a limit is tried
	gatePatient = 512 // attempts before the next trial, at most

	gateCalm    = time.Second // before a gate that did not help is closed again, at first
	gateCalmest = time.Minute // and at most
)

// gate is that of one key. It is guarded by gates.mu.
type gate struct {
	key     gateKey
	limit   int // how many may be inside; 0: it is open
	inside  int // how many are
	queue   []*waiter
	commits uint64

	// The window.
	n, conflicts int
	waited       bool // somebody had to wait in it

	settled int     // attempts since the limit was found good
	share   float64 // of conflicts, with that limit
	low     float64 // the share when fewest were let in, lowAt
	lowAt   int
	trial   bool // another limit is tried
	before  int  // the limit to go back to
	down    bool // the last trial was to let fewer in
	period  int  // attempts before the next trial

	calm  time.Duration
	until time.Time // before which it is not closed
}

func newGate(key gateKey) *gate { return &gate{key: key, period: gateWindow, calm: gateCalm} }

// empty reports whether nobody is inside or waits.
func (g *gate) empty() bool { return g.inside == 0 && len(g.queue) == 0 }

// count counts an attempt, and changes the limit when it is time.
func (g *gate) count(conflict bool) {
	g.n++
	g.settled++
	if conflict {
		g.conflicts++
	}
	share := float64(g.conflicts) / float64(g.n)
	switch {
	case g.n >= gateWindow || g.limit == 0 && share > gateStorm && g.n >= gateWindow/2:
	default:
		return
	}
	switch {
	case g.limit == 0:
		g.share = share
		g.restart()
		if share > gateCloses {
			g.close()
		}
	case g.trial:
		g.judge(share)
	default:
		g.share = (g.share + share) / 2
		if g.limit == g.lowAt {
			g.low = g.share // one window says little
		}
		g.next()
	}
}

// judge ends a trial.
func (g *gate) judge(share float64) {
	g.trial, g.settled = false, 0
	less := share < gateHelps*g.share
	good := less
	switch {
	case g.before == 0:
		good = less || share < gateHalf
		g.down = !less // and then it is first tried whether more do any harm
	case g.limit > g.before:
		good = share < gateMore || share < gateSame*g.low
	}
	switch {
	case good:
		if g.before == 0 || g.limit < g.before {
			g.low, g.lowAt = share, g.limit
		} else {
			g.period = gateWindow
			g.settled = g.period // it goes on at once
		}
		g.share = share
		g.next()
		return
	case g.before == 0:
		g.beCalm()
	case g.limit > g.before:
		g.period = min(2*g.period, gatePatient)
	}
	g.set(g.before)
}

// close closes the gate, for a trial.
func (g *gate) close() {
	if g.limit == 0 && time.Now().After(g.until) {
		g.try(gateFirst)
	}
}

// beCalm keeps the gate open for a while.
func (g *gate) beCalm() {
	g.until = time.Now().Add(g.calm)
	g.calm = min(2*g.calm, gateCalmest)
}

// next goes on from a limit that was found good.
func (g *gate) next() {
	switch {
	case !g.waited:
		if g.share > gateCloses/2 {
			g.beCalm() // it collides all the same
		}
		g.set(0)
	case g.share > gateCloses && g.limit > 1 && !g.down:
		g.down = true
		g.try(g.limit / 2)
	case g.settled >= g.period:
		g.down = false
		g.try(2 * g.limit)
	default:
		g.restart()
	}
}

// try begins a trial.
func (g *gate) try(limit int) {
	g.trial, g.before = true, g.limit
	g.set(limit)
}

func (g *gate) set(limit int) {
	g.limit = limit
	g.restart()
	g.admit()
}

func (g *gate) restart() { g.n, g.conflicts, g.waited = 0, 0, len(g.queue) > 0 }

// admit lets in who may go in, the longest waiting first.
func (g *gate) admit() {
	for len(g.queue) > 0 && (g.limit == 0 || g.inside < g.limit) {
		w := g.queue[0]
		g.queue = g.queue[1:]
		g.inside++
		close(w.admitted)
	}
}
