package db

import "time"

// probe is how one question to the server went.
type probe struct {
	at     time.Time
	took   time.Duration
	failed bool
}

// probeLog keeps the probes of the last window, limit of them at most.
type probeLog struct {
	limit int
	list  []probe // oldest first
}

func (l *probeLog) add(p probe) {
	l.list = append(l.list, p)
	old := max(0, len(l.list)-l.limit)
	for p.at.Sub(l.list[old].at) > window {
		old++
	}
	l.list = l.list[old:]
}

// stats sums up the probes that began within the window before now.
func (l *probeLog) stats(now time.Time) probeStats {
	var s probeStats
	var answered []time.Duration
	for _, p := range l.list {
		switch {
		case now.Sub(p.at) > window:
			continue
		case p.failed:
			s.Failed++
		default:
			answered = append(answered, p.took)
		}
		s.Count++
		s.Last = p.at
	}
	if s.Count > 0 {
		s.SuccessRate = float64(s.Count-s.Failed) / float64(s.Count)
	}
	s.Latency = quantilesOf(answered)
	return s
}
