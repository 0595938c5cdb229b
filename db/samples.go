package db

import (
	"slices"
	"sync/atomic"
	"time"
)

// samples keeps the last durations of a kind, to take quantiles of. It has no lock, as
// each use of a connection adds one: beside that, a reader may see an older one.
type samples struct {
	ring  []atomic.Int64 // nanoseconds
	total atomic.Int64   // how many there ever were
}

func newSamples(size int) *samples { return &samples{ring: make([]atomic.Int64, size)} }

func (s *samples) add(d time.Duration) {
	s.ring[(s.total.Add(1)-1)%int64(len(s.ring))].Store(int64(d))
}

func (s *samples) count() int64 { return s.total.Load() }

func (s *samples) quantiles() percentiles {
	list := make([]time.Duration, min(s.count(), int64(len(s.ring))))
	for i := range list {
		list[i] = time.Duration(s.ring[i].Load())
	}
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
