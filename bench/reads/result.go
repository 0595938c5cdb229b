package reads

import (
	"cmp"
	"slices"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Result is what came of a cell.
type Result struct {
	Cell    Cell
	Missing string // why it has no figures
	Rounds  int
	Metrics []*Metric
	// PerTrip is how many reads of sqlkeel shared a round trip on average; 0 when none did.
	// Shared is the part of all its reads that did.
	PerTrip, Shared float64
	Late            time.Duration // percentile 99 of how late statements of an open loop began
	Offered         [2]float64    // reads and others a second in an open loop
}

// Metric is one figure of all arms, with a value for each round.
type Metric struct {
	Name   string
	Time   bool // seconds; else a rate in a second
	Series map[string][]float64
	seed   uint64
}

// The names of the metrics.
const (
	readRate  = "reads"
	otherRate = "others"
	readP50   = "p50 of reads"
	readP99   = "p99 of reads"
	otherP50  = "p50 of others"
	otherP99  = "p99 of others"
)

// Metric returns that of a name, or nil.
func (r *Result) Metric(name string) *Metric {
	i := slices.IndexFunc(r.Metrics, func(m *Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return r.Metrics[i]
}

// add notes a value of the next round.
func (r *Result) add(name string, time bool, arm string, value float64, seed uint64) {
	m := r.Metric(name)
	if m == nil {
		m = &Metric{Name: name, Time: time, Series: map[string][]float64{}, seed: seed}
		r.Metrics = append(r.Metrics, m)
	}
	m.Series[arm] = append(m.Series[arm], value)
}

// Gain is by how much an arm is better than the pgxpool: 2 is twice as many in a second,
// or half the time.
func (m *Metric) Gain(arm string) stats.Estimate {
	if m.Time {
		return stats.Paired(m.Series[bare], m.Series[arm], m.seed)
	}
	return stats.Paired(m.Series[arm], m.Series[bare], m.seed)
}

// Median is that of an arm.
func (m *Metric) Median(arm string) float64 { return stats.Median(m.Series[arm]) }

// Verdict is how a promise stands.
type Verdict string

// The verdicts, the losses first. A promise is undecided when its figure misses it and
// the end of the interval does not, or when the noise would hide a loss.
const (
	Fails     Verdict = "**no**"
	Undecided Verdict = "undecided"
	Holds     Verdict = "yes"
)

// Claim is a promise of a cell, and what was measured.
type Claim struct {
	Cell    Cell
	Metric  string
	Bar     float64 // the least gain; 1 stands for no worse than the noise
	Gain    stats.Estimate
	Band    stats.Band
	Verdict Verdict
}

// leastRounds are those without which nothing is judged: the interval of fewer says little.
const leastRounds = 5

// claims judges what is promised of all cells, losses first.
func claims(results []*Result) []Claim {
	var all []Claim
	for _, r := range results {
		bar := r.Cell.bar()
		if r.Missing != "" || bar == 0 || r.Rounds < leastRounds {
			continue
		}
		for _, m := range r.Metrics {
			c := Claim{Cell: r.Cell, Metric: m.Name, Bar: bar, Gain: m.Gain(ours), Band: stats.Noise(m.Gain(again))}
			c.Verdict = judge(c.Gain, c.Bar, c.Band)
			all = append(all, c)
		}
	}
	order := []Verdict{Fails, Undecided, Holds}
	slices.SortStableFunc(all, func(a, b Claim) int {
		return cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict))
	})
	return all
}

// widest is the band of noise beyond which "no worse" says nothing.
const widest = 1.5

func judge(gain stats.Estimate, bar float64, band stats.Band) Verdict {
	least := bar
	if bar == 1 {
		least = 1 / float64(band)
	}
	switch {
	case bar == 1 && band > widest && gain.Low < 1 && gain.High >= least:
		return Undecided
	case gain.Median >= least:
		return Holds
	case gain.High >= least:
		return Undecided
	}
	return Fails
}
