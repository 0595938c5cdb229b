package txn

import "time"

// The operations whose attempts are short share one lane of a gate. One whose attempts
// are long has its own, for the short ones would wait for it. A lane has as many places
// as there can be without too many conflicts: half as many after too many of them, twice
// as many after a while without, and none are counted once they are many. A lane that has
// one place and too many conflicts takes the gate as a whole.
const (
	laneSlow  = 10 * time.Millisecond // from which attempts are long
	laneShort = 0.25                  // share of conflicts that is too high for a lane
	laneLong  = 0.5                   // where attempts are long: while one waits, another one works
	laneGain  = 1.25                  // part of the commits that twice the places must reach
	laneOpen  = 32                    // places with which none are counted

	laneWhile  = 64  // attempts before it has more places, at first
	laneLonger = 512 // and at most: it doubles when more were too many

	laneUseless = 0.75 // part of the share without the gate, with which it is of no use
	laneRests   = 8    // times as long as it was of no use, it stays open
)

// lane is guarded by gates.mu.
type lane struct {
	inside        int     // units
	places        int     // laneOpen: any number; 0: each unit has the gate to itself
	most          float64 // share of conflicts that it may have
	now           float64 // and with these places
	share         share   // of conflicts with these places
	changed       time.Time
	rest          int       // attempts before more places are tried
	more          bool      // they are tried
	before        float64   // share of conflicts when it was closed
	closed, until time.Time // when that was, and before which it is not closed
}

func newLane(most float64) lane { return lane{places: laneOpen, most: most, rest: laneWhile} }

// close begins to count the places, given the share of conflicts without that. It
// reports whether they are counted.
func (l *lane) close(before float64) bool {
	now := time.Now()
	if l.places == laneOpen && now.After(l.until) {
		l.before, l.closed = before, now
		l.set(2)
		l.try(1)
	}
	return l.places < laneOpen
}

// count counts an attempt, and decides on the places when it is time.
func (l *lane) count(began time.Time, conflicts int) {
	if began.Before(l.changed) || l.places == laneOpen {
		return // it began beside others
	}
	l.share.add(conflicts, l.now)
	rested := l.share.n >= l.rest
	switch {
	case l.places > 0 && l.share.tooHigh():
		if l.more {
			l.rest = min(2*l.rest, laneLonger)
		}
		l.set(l.places / 2)
	case l.places == 0 && l.share.n >= laneWhile/2 && l.share.of() >= laneUseless*l.before:
		l.until = time.Now().Add(laneRests * time.Since(l.closed))
		l.set(laneOpen)
	case l.more && l.share.n >= laneWhile/2 && l.share.score < 0: // more were good
		l.rest = laneWhile
		l.widen()
	case !l.more && rested && l.share.score < 0:
		l.widen()
	case l.places == 0 && rested:
		l.rest = min(2*l.rest, laneLonger)
		l.set(laneOpen) // to see whether it is of use
	}
}

// widen tries more places.
func (l *lane) widen() {
	kept := 1 - l.share.of()
	l.set(max(2*l.places, 1))
	l.try(kept)
}

// try has the places stay, given the share of attempts that half of them committed, only
// if more is committed by that, and not too much is lost.
func (l *lane) try(kept float64) { l.more, l.now = true, min(l.most, 1-laneGain/2*kept) }

func (l *lane) set(places int) {
	l.places, l.changed, l.share = min(places, laneOpen), time.Now(), share{}
	l.more, l.now = false, l.most
}

// share is one of conflicts among attempts. The score is how many more there are than a
// given share explains; those of long ago do not count for it.
type share struct {
	n, conflicts int
	score        float64
}

// shareMargin is the score that tells a share from chance.
const shareMargin = 6

func (s *share) add(conflicts int, most float64) {
	s.n++
	s.conflicts += conflicts
	s.score = min(max(s.score+float64(conflicts)-most, -shareMargin), shareMargin)
}

func (s *share) of() float64   { return float64(s.conflicts) / float64(s.n) }
func (s *share) tooHigh() bool { return s.score >= shareMargin }
func (s *share) lowest() bool  { return s.score == -shareMargin }
