package contention

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sqlkeel/sqlkeel/bench/stats"
)

// Verdict says whether a claim about sqlkeel holds in a workload.
type Verdict struct {
	Workload string // with its class
	Claim    string
	Holds    bool
	Found    string // the figures, or why there are none
}

// String is a line for a report.
func (v Verdict) String() string {
	word := "FAILS"
	if v.Holds {
		word = "holds"
	}
	return fmt.Sprintf("%s  %s: %s: %s", word, v.Workload, v.Claim, v.Found)
}

// The claims, as ratios.
const (
	leastRate = 0.85 // of each arm's rate, at the lower end of the interval
	mostTail  = 2.0  // times the 99th percentile of the arm with the lowest
)

// widestBand is the noise with which nothing can be judged any more.
const widestBand = 1.25

// Verdicts judges the claims: against each arm the lower end of the interval of the
// rate's ratio is at least 0.85, retries are at most those of the limit of 4, and the
// 99th percentile is at most twice that of the arm with the lowest. What could not be
// judged does not hold.
func (r *Report) Verdicts() []Verdict {
	var verdicts []Verdict
	for _, res := range r.results {
		verdicts = append(verdicts, res.verdicts()...)
	}
	return append(verdicts, r.effects())
}

func (r *result) verdicts() []Verdict {
	own := r.with(ours)
	if own == nil {
		return []Verdict{{r.name, "sqlkeel was measured", false, "it is missing"}}
	}
	band := stats.Noise(r.noise)
	verdicts := []Verdict{{
		r.name, fmt.Sprintf("little enough noise to judge, a band within %g", widestBand),
		r.noise != (stats.Estimate{}) && band <= widestBand, "noise is " + band.String(),
	}}
	var measured []*row
	for _, other := range r.rows {
		if other.role == ours || other.role == again {
			continue
		}
		v := Verdict{Workload: r.name, Claim: fmt.Sprintf("at least %g of the rate of %s", leastRate, other.name), Found: "it is missing"}
		if other.missing == "" {
			v.Holds, v.Found = other.ratio.Low >= leastRate, other.ratio.String()
			measured = append(measured, other)
		}
		verdicts = append(verdicts, v)
	}
	return append(verdicts, r.retries(own), r.tail(measured))
}

func (r *result) retries(own *row) Verdict {
	v := Verdict{Workload: r.name, Claim: "retries a commit at most those of the limit of 4", Found: "it is missing"}
	if other := r.with(few); other != nil {
		v.Holds = own.retriesPerCommit() <= other.retriesPerCommit()
		v.Found = fmt.Sprintf("%.2f to %.2f", own.retriesPerCommit(), other.retriesPerCommit())
	}
	return v
}

func (r *result) tail(measured []*row) Verdict {
	if len(measured) == 0 {
		return Verdict{r.name, "a 99th percentile in the range of the best", false, "no other arm was measured"}
	}
	best := slices.MinFunc(measured, func(a, b *row) int { return cmp.Compare(stats.Median(a.tails()), stats.Median(b.tails())) })
	return Verdict{
		r.name, fmt.Sprintf("a 99th percentile of at most %g times that of %s", mostTail, best.name),
		best.tail.Median <= mostTail, best.tail.String(),
	}
}

// effects judges what all arms did to the tables.
func (r *Report) effects() Verdict {
	wrong := r.Wrong()
	return Verdict{"all", "no job was given up, and every effect is as reported", len(wrong) == 0, fmt.Sprintf("%d are wrong", len(wrong))}
}
