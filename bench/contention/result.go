package contention

import (
	"fmt"
	"strings"
	"time"
)

// series is what one arm did in all rounds of a scenario.
type series struct {
	arm
	samples []*sample // one a round; none of an arm that is missing or failed
	wrong   []string  // effects that are not as reported

	ratio    estimate // of its rate to the baseline's
	standing standing
}

// result is a scenario and what came of it.
type result struct {
	Scenario
	series []*series // in the order of the arms
	band   band
	noise  estimate // of the baseline to itself
}

func newResult(s Scenario, arms []arm) *result {
	res := &result{Scenario: s}
	for _, a := range arms {
		res.series = append(res.series, &series{arm: a})
	}
	return res
}

// with returns the arms of a role that have run.
func (r *result) with(wanted role) []*series {
	var found []*series
	for _, s := range r.series {
		if s.role == wanted && s.missing == "" {
			found = append(found, s)
		}
	}
	return found
}

// compare works out the band, then where each arm stands.
func (r *result) compare(seed uint64) {
	base := r.with(baseline)[0].rates()
	r.noise = paired(r.with(again)[0].rates(), base, seed)
	r.band = noise(r.noise)
	for _, s := range r.series {
		if s.missing == "" {
			s.ratio = paired(s.rates(), base, seed)
			s.standing = r.band.place(s.ratio.median)
		}
	}
}

// lastRates is the latest round in short.
func (r *result) lastRates() string {
	var parts []string
	for _, s := range r.series {
		if s.missing == "" {
			parts = append(parts, fmt.Sprintf("%s %.0f/s", s.name, s.samples[len(s.samples)-1].rate))
		}
	}
	return strings.Join(parts, ", ")
}

// fail takes the arm out: its rounds have no counterpart any more.
func (s *series) fail(round int, err error) {
	s.missing, s.samples = fmt.Sprintf("failed in round %d: %v", round, err), nil
}

func (s *series) rates() []float64 {
	return collect(s.samples, func(s *sample) float64 { return s.rate })
}

// tails are the 99th percentiles, in seconds.
func (s *series) tails() []float64 {
	return collect(s.samples, func(s *sample) float64 { return s.p99.Seconds() })
}

// latency returns the median over the rounds of one of the latencies.
func (s *series) latency(which func(*sample) time.Duration) time.Duration {
	return median(collect(s.samples, which))
}

// longest is the longest latency of all rounds.
func (s *series) longest() time.Duration {
	var longest time.Duration
	for _, sample := range s.samples {
		longest = max(longest, sample.max)
	}
	return longest
}

// total adds up a count of all rounds.
func (s *series) total(which func(*sample) int) int {
	n := 0
	for _, sample := range s.samples {
		n += which(sample)
	}
	return n
}

func (s *series) exhausted() int { return s.total(func(s *sample) int { return s.exhausted }) }

func (s *series) retriesPerCommit() float64 {
	committed := s.total(func(s *sample) int { return s.committed })
	return float64(s.total(func(s *sample) int { return s.retries })) / float64(committed)
}

func collect[T any](samples []*sample, which func(*sample) T) []T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = which(s)
	}
	return values
}
