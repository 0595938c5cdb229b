package txn

import "time"

// Operations whose attempts are short share the places of one lane of a gate, and those
// whose attempts are long the places of another, for the short ones would wait for them.
// The number of places is fixed: with three, hot rows and hot tables commit about as much
// as with any other number. See bench/contention.
const (
	laneSlow  = 10 * time.Millisecond // from which attempts are long
	laneShort = 3                     // places for short attempts
	laneLong  = 4                     // for long ones: while one waits, another one works

	laneWhile   = 64  // attempts in which a lane shows whether it is of use
	laneUseless = 0.9 // part of the share of conflicts before, with which it is not
	laneRests   = 8   // times as long as it was of no use, it stays open
)

// lane is guarded by gates.mu.
type lane struct {
	limit         int     // places
	inside        int     // that are taken
	shut          bool    // places are counted
	n, conflicts  int     // attempts that began since, of late
	useless       bool    // so were those before them
	before        float64 // share of conflicts when it was shut
	since, reopen time.Time
}

// close begins to count the places, given the share of conflicts without that. It
// reports whether they are counted.
func (l *lane) close(before float64) bool {
	if now := time.Now(); !l.shut && now.After(l.reopen) {
		l.shut, l.before, l.since = true, before, now
		l.n, l.conflicts, l.useless = 0, 0, false
	}
	return l.shut
}

// count counts an attempt. A lane in which attempts collide as often as without it is
// opened: what they collide with does not pass it. Other operations may come to pass it
// only now, so that it is looked at twice.
func (l *lane) count(began time.Time, conflicts int) {
	if !l.shut || began.Before(l.since) {
		return
	}
	l.n++
	l.conflicts += conflicts
	if l.n < laneWhile {
		return
	}
	useless := float64(l.conflicts) >= laneUseless*l.before*float64(l.n)
	if useless && l.useless {
		l.shut, l.reopen = false, time.Now().Add(laneRests*time.Since(l.since))
	}
	l.n, l.conflicts, l.useless = 0, 0, useless
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
