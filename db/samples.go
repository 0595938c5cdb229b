package db

import (
	"slices"
	"sync"
	"time"
)

// samples keeps the last durations of a kind, to take quantiles of.
type samples struct {
	mu    sync.Mutex
	ring  []time.Duration // guarded by mu; full once total reaches its capacity
	total int64           // guarded by mu; how many there ever were
}

func newSamples(size int) *samples { return &samples{ring: make([]time.Duration, 0, size)} }

func (s *samples) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) < cap(s.ring) {
		s.ring = append(s.ring, d)
	} else {
		s.ring[s.total%int64(cap(s.ring))] = d
	}
	s.total++
}

func (s *samples) count() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

func (s *samples) quantiles() percentiles {
	s.mu.Lock()
	list := slices.Clone(s.ring)
	s.mu.Unlock()
	return quantilesOf(list)
}

// quantilesOf sorts list. A quantile is a value of the list, by nearest rank.
func quantilesOf(list []time.Duration) percentiles {
	if len(list) == 0 {
		return percentiles{}
	}
	slices.Sort(list)
	rank := func(percent int) time.Duration { return list[(len(list)*percent+99)/100-1] }
	return percentiles{P50: rank(50), P95: rank(95), P99: rank(99)}
}
