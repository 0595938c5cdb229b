package contention

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// series is what one arm did in all rounds of a workload.
type series struct {
	arm
	missing string               // why it failed; empty when it did not
	samples map[string][]*sample // by class, one a round
	wrong   []string             // effects that are not as reported
}

func newSeries(a arm) *series { return &series{arm: a, samples: map[string][]*sample{}} }

func (s *series) add(r *round, wrong []string) {
	for class, sample := range r.samples {
		s.samples[class] = append(s.samples[class], sample)
	}
	s.wrong = append(s.wrong, wrong...)
}

// fail takes the arm out: its rounds have no counterpart any more.
func (s *series) fail(round int, err error) {
	s.missing, s.samples = fmt.Sprintf("failed in round %d: %v", round, err), nil
}

// result is what came of one class of a workload.
type result struct {
	name  string
	rows  []*row         // in the order of the arms
	noise stats.Estimate // ours to itself; zero when one of the two is missing
	wrong []string
}

// row is one arm in a result.
type row struct {
	arm
	missing string
	samples []*sample
	ratio   stats.Estimate // of our rate to its; zero when ours is missing
	tail    stats.Estimate // of our 99th percentile to its
}

// results compares what the arms did in the rounds that all of them ended.
func results(cfg Config, w workload, all []*series, rounds int) []*result {
	if rounds == 0 {
		return nil
	}
	var found []*result
	for _, class := range append([]string{""}, w.classes...) {
		res := &result{name: strings.TrimSuffix(w.name+": "+class, ": ")}
		for _, s := range all {
			r := &row{arm: s.arm, missing: s.missing}
			if s.missing == "" {
				r.samples = s.samples[class][:rounds]
			}
			res.rows = append(res.rows, r)
			if class == "" {
				for _, what := range s.wrong {
					res.wrong = append(res.wrong, s.name+": "+what)
				}
			}
		}
		res.compare(cfg.Seed)
		found = append(found, res)
	}
	return found
}

// compare works out the ratios.
func (r *result) compare(seed uint64) {
	own := r.with(ours)
	if own == nil {
		return
	}
	for _, other := range r.rows {
		if other.missing == "" {
			other.ratio, other.tail = stats.Paired(own.rates(), other.rates(), seed), stats.Paired(own.tails(), other.tails(), seed)
		}
		if other.role == again {
			r.noise = other.ratio
		}
	}
}

// with returns the arm of a role, if it has run.
func (r *result) with(wanted role) *row {
	i := slices.IndexFunc(r.rows, func(other *row) bool { return other.role == wanted && other.missing == "" })
	if i < 0 {
		return nil
	}
	return r.rows[i]
}

// lastRates is the latest round in short.
func lastRates(all []*series) string {
	var parts []string
	for _, s := range all {
		if n := len(s.samples[""]); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %.0f/s", s.name, s.samples[""][n-1].rate))
		}
	}
	return strings.Join(parts, ", ")
}

func (r *row) rates() []float64 {
	return collect(r.samples, func(s *sample) float64 { return s.rate })
}

// tails are the 99th percentiles, in seconds.
func (r *row) tails() []float64 {
	return collect(r.samples, func(s *sample) float64 { return s.p99.Seconds() })
}

// latency returns the median over the rounds of one of the latencies.
func (r *row) latency(which func(*sample) time.Duration) time.Duration {
	return stats.Median(collect(r.samples, which))
}

// longest is the longest latency of all rounds.
func (r *row) longest() time.Duration {
	return slices.Max(collect(r.samples, func(s *sample) time.Duration { return s.max }))
}

// total adds up a count of all rounds.
func (r *row) total(which func(*sample) int) int {
	n := 0
	for _, sample := range r.samples {
		n += which(sample)
	}
	return n
}

func (r *row) exhausted() int { return r.total(func(s *sample) int { return s.exhausted }) }

func (r *row) retriesPerCommit() float64 {
	committed := r.total(func(s *sample) int { return s.committed })
	return float64(r.total(func(s *sample) int { return s.retries })) / float64(committed)
}

func collect[T any](samples []*sample, which func(*sample) T) []T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = which(s)
	}
	return values
}
