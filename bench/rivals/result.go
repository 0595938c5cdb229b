package rivals

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Ours is the name of the arm that the others are compared with.
const Ours = "sqlkeel"

// Result is what came of one workload.
type Result struct {
	Name, About, Group string
	Callers, Rows      int
	Cache              bool
	Rowset             []*Row // in the order of the arms
	Noise              stats.Estimate
	Band               stats.Band // of noise; 0 when it is not known
}

// Row is one arm in a Result.
type Row struct {
	Arm     string
	Missing string  // why it has no figures
	Wrong   bool    // it is missing because it failed
	PerOp   float64 // nanoseconds, the median over the rounds
	// Ratio is its time to that of the first arm; Own is that of sqlkeel to its.
	Ratio, Own stats.Estimate
	Counted    bool // the next two are known
	Trips      int
	Statements int
	Allocs     float64
	Old        float64 // per cent of the reads that were old; below 0: not asked

	times []float64 // one a round, in nanoseconds
	again []float64 // those of the second run of the first arm
}

// Verdict is how sqlkeel stands to another arm.
type Verdict string

// The verdicts. A tie is a difference that the noise may have made.
const (
	Ahead  Verdict = "ahead"
	Tie    Verdict = "tie"
	Behind Verdict = "behind"
	Open   Verdict = "" // not to be judged
)

// Verdict judges sqlkeel against a row.
func (r *Result) Verdict(row *Row) Verdict {
	switch {
	case row.Arm == Ours || row.Own == (stats.Estimate{}) || r.Band == 0:
		return Open
	case row.Own.High < 1/float64(r.Band):
		return Ahead
	case row.Own.Low > float64(r.Band):
		return Behind
	}
	return Tie
}

// Row returns that of an arm that has figures, or nil.
func (r *Result) Row(arm string) *Row {
	i := slices.IndexFunc(r.Rowset, func(row *Row) bool { return row.Arm == arm && row.Missing == "" })
	if i < 0 {
		return nil
	}
	return r.Rowset[i]
}

// leastRounds are those without which nothing is judged: the interval of fewer says little.
const leastRounds = 5

// compare works out the ratios.
func (r *Result) compare(seed uint64) {
	base, own := r.Rowset[0], r.Row(Ours)
	if base.Missing == "" {
		r.Noise = stats.Paired(base.again, base.times, seed)
		if len(base.times) >= leastRounds {
			r.Band = stats.Noise(r.Noise)
		}
	}
	for _, row := range r.Rowset {
		if row.Missing != "" {
			continue
		}
		row.PerOp = stats.Median(row.times)
		if base.Missing == "" {
			row.Ratio = stats.Paired(row.times, base.times, seed)
		}
		if own != nil {
			row.Own = stats.Paired(own.times, row.times, seed)
		}
	}
}
