package txn

import "time"

// How many a gate lets in is found by trying: another limit is kept for a window of
// attempts, and stays if as many are committed in a second by fewer, or more by more.
// That holds for whatever makes attempts slow or lets them fail. Conflicts with
// somebody elsewhere, say, do not become fewer behind a gate: the trial that closes it
// fails, or it lets more and more in and is open again.

const (
	gateCloses = 0.45 // the share of conflicts above which fewer are let in
	gateStorm  = 0.60 // the share above which an open gate closes after half a window
	gateFree   = 0.05 // the share up to which a limit is too low, whatever the rate
	gateFewer  = 0.97 // the part of the rate that fewer must reach
	gateGain   = 1.10 // the part of the rate that more must reach

	gateEager  = 8           // conflicts in a row that are repeated at once, at most
	gateLosses = 6           // conflicts of one unit, after which it goes on alone
	gateAlone  = 2           // conflicts of one that is alone, which may be with those inside before it
	gateLong   = time.Second // that an attempt of one that goes on alone may take

	gateFirst   = 2    // how many are let in at first
	gatePart    = 16   // attempts whose rate is taken, at least
	gateOpen    = 32   // attempts in the window of an open gate
	gateWindow  = 64   // attempts in which a limit is tried
	gateRests   = 128  // attempts before the next trial, at least
	gatePatient = 1024 // and at most; and for each of them
	gateRest    = 2 * time.Millisecond
	gateRestMax = 40 * time.Millisecond // after which as many are not asked for

	gateSlow = 5 * time.Second // after which a window ends with few attempts
	gateFew  = 8               // which are these

	gateCalm    = time.Second      // before a gate that did not help is closed again, at first
	gateCalmest = 10 * time.Second // and at most, unless it took long to see
	gateDear    = 8                // times as long as that took
)

// rate is how many are committed a second. A machine that is busy with something else
// makes the mean of a window low, and chance makes one of its parts fast: what is to be
// believed shows in both.
type rate struct{ mean, fastest float64 }

// reaches reports whether r is at least a part of other.
func (r rate) reaches(part float64, other rate) bool {
	return r.mean >= part*other.mean && r.fastest >= part*other.fastest
}

// gate is that of one key. It is guarded by gates.mu.
type gate struct {
	key     gateKey
	limit   int // how many may be inside; 0: it is open
	changed time.Time
	inside  int // how many are
	queue   []*waiter
	alone   *pass // beside whom nobody is let in, or nil
	commits uint64

	// The window.
	n, conflicts int
	waited       bool      // somebody had to wait in it
	slack        bool      // there was room in it that nobody took
	began, last  time.Time // the last is when an attempt was counted
	part         struct {
		began        time.Time
		n, conflicts int // before it
	}
	fastest float64 // commits a second in a part of the window

	rate    rate      // with the limit
	share   float64   // of conflicts with the limit
	settled int       // attempts since it was found good
	since   time.Time // when that was
	period  int       // attempts before the next trial
	trial   bool      // another limit is tried
	before  int       // the limit to go back to
	down    bool      // the next trial is to let fewer in

	calm  time.Duration
	until time.Time // before which it is not closed
}

func newGate(key gateKey) *gate {
	g := &gate{key: key, period: gateRests, calm: gateCalm}
	g.restart(time.Now())
	return g
}

// empty reports whether nobody is inside or waits.
func (g *gate) empty() bool { return g.inside == 0 && len(g.queue) == 0 }

// isOpen reports whether everybody may go in.
func (g *gate) isOpen() bool { return g.limit == 0 && g.alone == nil }

// hasRoom reports whether one more may go in.
func (g *gate) hasRoom() bool { return g.alone == nil && (g.limit == 0 || g.inside < g.limit) }

// isCalm reports whether it was of no help a moment ago.
func (g *gate) isCalm() bool { return time.Now().Before(g.until) }

// count counts an attempt, and changes the limit when it is time.
func (g *gate) count(began time.Time, conflict bool) {
	g.n++
	g.settled++
	if conflict {
		g.conflicts++
	}
	if began.Before(g.part.began) {
		return // of many that end at the same moment: a part takes as long as an attempt at least
	}
	if g.n-g.part.n >= gatePart {
		g.endPart()
	}
	share := float64(g.conflicts) / float64(g.n)
	if g.limit == 0 {
		if g.n >= gateOpen || g.n >= gateOpen/2 && share > gateStorm {
			g.endOpen(share)
		}
		return
	}
	switch {
	case g.trial && g.before > 0 && g.n >= gateWindow/2 && g.fastest < gateFewer*g.rate.fastest:
		g.judge(share) // it does not even keep up
	case g.n < gateWindow && (g.n < gateFew || time.Since(g.began) < gateSlow):
	case g.trial:
		g.judge(share)
	default:
		g.endWindow(share)
	}
}

// endWindow ends a window of a limit that was found good.
func (g *gate) endWindow(share float64) {
	g.share = (g.share + share) / 2
	if !g.slack {
		now := g.perSecond()
		g.rate = rate{(g.rate.mean + now.mean) / 2, (g.rate.fastest + now.fastest) / 2}
	}
	rest, period := time.Since(g.since), time.Duration(g.period)
	rested := g.settled >= g.period && rest >= period*gateRest || rest >= period*gateRestMax
	if g.waited && !rested {
		g.restart(time.Now())
		return
	}
	g.step()
}

// endPart ends a part of the window.
func (g *gate) endPart() {
	committed := g.n - g.conflicts - (g.part.n - g.part.conflicts)
	g.fastest = max(g.fastest, perSecond(committed, g.part.began))
	g.part.began, g.part.n, g.part.conflicts = time.Now(), g.n, g.conflicts
}

// perSecond is the rate in the window.
func (g *gate) perSecond() rate {
	mean := perSecond(g.n-g.conflicts, g.began)
	return rate{mean, max(mean, g.fastest)} // there may have been no whole part
}

func perSecond(n int, began time.Time) float64 {
	return float64(n) / max(time.Since(began), time.Microsecond).Seconds()
}

// endOpen ends a window of an open gate.
func (g *gate) endOpen(share float64) {
	g.rate, g.share = g.perSecond(), share
	g.restart(time.Now())
	if share > gateCloses && !g.isCalm() {
		g.try(gateFirst)
	}
}

// judge ends a trial.
func (g *gate) judge(share float64) {
	g.trial, g.settled, g.since = false, 0, time.Now()
	var good bool
	now := g.perSecond()
	switch {
	case g.isMore() && (!g.waited || share <= gateFree):
		good = true // towards opening it
	case g.before > 0 && g.slack:
		g.set(g.before) // it says nothing
		return
	case g.isMore():
		good = now.reaches(gateGain, g.rate)
	case g.before > 0:
		good = now.reaches(gateFewer, g.rate)
	default:
		now.mean = now.fastest // those who were not let in but were under way disturbed it
		good = g.waited && now.fastest >= gateFewer*g.rate.fastest
	}
	switch {
	case good:
		if g.before == 0 {
			g.down, g.calm = share > gateCloses, gateCalm
		}
		g.rate, g.share = now, share
		g.period = max(g.period/2, gateRests)
		g.step()
		return
	case g.before == 0:
		g.beCalm()
	default:
		g.down = !g.down
		g.period = min(2*g.period, gatePatient)
	}
	g.set(g.before)
}

// isMore reports whether the trial is of a higher limit.
func (g *gate) isMore() bool { return g.before > 0 && g.limit > g.before }

// beCalm keeps the gate open for a while.
func (g *gate) beCalm() {
	g.until = time.Now().Add(max(g.calm, gateDear*time.Since(g.began)))
	g.calm = min(2*g.calm, gateCalmest)
}

// step begins the next trial, in the direction of the last that was good, or opens the
// gate if nobody has to wait.
func (g *gate) step() {
	switch {
	case !g.waited:
		if g.share > gateCloses {
			g.beCalm() // it collides all the same
		}
		g.set(0)
	case g.down && g.limit > 1:
		g.try(g.limit / 2)
	default:
		g.down = false
		g.try(2 * g.limit)
	}
}

// try begins a trial.
func (g *gate) try(limit int) {
	g.trial, g.before = true, g.limit
	g.set(limit)
}

func (g *gate) set(limit int) {
	g.limit, g.changed = limit, time.Now()
	g.admit()
	g.restart(time.Now())
}

// restart begins a window, as of a time.
func (g *gate) restart(began time.Time) {
	g.n, g.conflicts, g.fastest = 0, 0, 0
	g.began = began
	g.part.began, g.part.n, g.part.conflicts = began, 0, 0
	g.waited, g.slack = len(g.queue) > 0, false
}

// admit lets in who may go in, the longest waiting first.
func (g *gate) admit() {
	for len(g.queue) > 0 && g.hasRoom() {
		w := g.queue[0]
		g.queue = g.queue[1:]
		g.inside++
		close(w.admitted)
	}
	if g.hasRoom() {
		g.slack = true
	}
}
