package txn

import "time"

// How many a gate lets in is found by trying: conflicts alone do not tell, since
// they may be with somebody elsewhere, for whom a gate here does nothing. A limit is
// tried for a window of attempts, and kept if more is committed with it, or as much
// with fewer conflicts.

const (
	gateWeight  = 1.0 / 16 // of one attempt in the rate of conflicts
	gateCloses  = 0.30     // the share of conflicts above which fewer are let in
	gateStorm   = 0.60     // the share that is not looked at for a whole window
	gateSame    = 0.75     // how much of the share is left when a closed gate does not help
	gateForgets = 0.01     // the rate below which an open gate is forgotten
	gateFirst   = 2        // how many are let in at first
	gateWindow  = 32       // attempts in which a limit is tried
	gatePatient = 512      // attempts between two trials, at most

	// How much of what was committed before has to be, with another limit.
	gateIfClosed = 0.75 // fewer conflicts are worth something: nobody starves
	gateIfFewer  = 0.90
	gateIfMore   = 1.10

	gateCalm    = time.Second // before a gate that did not help is closed again, at first
	gateCalmest = time.Minute // and at most
)

// gate is that of one key. It is guarded by gates.mu.
type gate struct {
	key    gateKey
	limit  int // how many may be inside; 0: it is open
	inside int // how many are
	queue  []*waiter

	rate    float64 // of attempts that ended in a conflict, the latest most
	commits uint64

	// The window.
	began   time.Time
	n       int    // attempts in it
	first   uint64 // commits before it
	waited  bool   // somebody had to wait in it
	settled int    // attempts since the limit was found good

	speed   float64 // commits a second, with the limit that was good; 0: not known
	open    float64 // the share of conflicts when it was closed
	trial   bool    // another limit is tried
	before  int     // the limit to go back to
	worth   float64 // how much of speed it has to reach
	period  int     // attempts before the next trial
	down    bool    // the last one was to let fewer in
	calm    time.Duration
	calmTil time.Time
}

func newGate(key gateKey) *gate {
	return &gate{key: key, began: time.Now(), period: gateWindow, calm: gateCalm}
}

// empty reports whether nobody is inside or waits.
func (g *gate) empty() bool { return g.inside == 0 && len(g.queue) == 0 }

// count counts an attempt, and changes the limit when it is time.
func (g *gate) count(conflict bool) {
	outcome := 0.0
	if conflict {
		outcome = 1
	} else {
		g.commits++
	}
	g.rate += (outcome - g.rate) * gateWeight
	g.n++
	g.settled++
	if g.limit == 0 {
		g.countOpen()
	} else if g.n >= gateWindow {
		g.countClosed()
	}
}

// countOpen closes the gate when conflicts are many.
func (g *gate) countOpen() {
	share := g.share()
	storm := share > gateStorm && g.n >= gateWindow/2
	if !storm && g.n < gateWindow {
		return
	}
	now := time.Now()
	if share > gateCloses && now.After(g.calmTil) {
		g.open = share
		g.try(gateFirst, gateIfClosed)
		return
	}
	g.speed = g.measure(now)
	g.restart(now)
}

// share is that of conflicts in the window.
func (g *gate) share() float64 { return 1 - float64(g.commits-g.first)/float64(g.n) }

// countClosed judges the window.
func (g *gate) countClosed() {
	now := time.Now()
	speed := g.measure(now)
	switch {
	case g.trial && (speed < g.worth*g.speed || g.before == 0 && g.share() > gateSame*g.open):
		g.goBack(now)
		return
	case g.trial:
		g.trial, g.settled = false, 0
		if g.limit > g.before {
			g.period = gateWindow
		}
	}
	g.speed = speed
	switch {
	case !g.waited:
		g.set(0)
	case g.settled < g.period:
		g.restart(now)
	case g.rate > gateCloses && g.limit > 1 && !g.down:
		g.down = true
		g.try(g.limit/2, gateIfFewer)
	default:
		g.down = false
		g.try(2*g.limit, gateIfMore)
	}
}

// goBack ends a trial that was not worth it.
func (g *gate) goBack(now time.Time) {
	g.trial, g.settled = false, 0
	switch {
	case g.before == 0:
		g.calmTil = now.Add(g.calm)
		g.calm = min(2*g.calm, gateCalmest)
	case g.before < g.limit:
		g.period = min(2*g.period, gatePatient)
	}
	g.set(g.before)
}

// try begins a trial.
func (g *gate) try(limit int, worth float64) {
	g.trial, g.before, g.worth = true, g.limit, worth
	g.set(limit)
}

func (g *gate) set(limit int) {
	g.limit = limit
	g.restart(time.Now())
	g.admit()
}

// measure returns the commits a second in the window.
func (g *gate) measure(now time.Time) float64 {
	return float64(g.commits-g.first) / max(now.Sub(g.began), time.Nanosecond).Seconds()
}

func (g *gate) restart(now time.Time) {
	g.began, g.n, g.first, g.waited = now, 0, g.commits, len(g.queue) > 0
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
