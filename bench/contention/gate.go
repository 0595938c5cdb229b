package contention

import (
	"cmp"
	"fmt"
	"slices"
)

// Verdict says whether a claim about sqlkeel holds in a scenario.
type Verdict struct {
	Scenario Scenario
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
	return fmt.Sprintf("%s  %v: %s: %s", word, v.Scenario, v.Claim, v.Found)
}

// The claims for a contended scenario, as ratios.
const (
	leastToPgbench = 2.0
	leastToBackoff = 1.0
	mostOfTail     = 0.25
)

// widestBand is the noise with which nothing can be judged any more: everything
// would be a tie.
const widestBand = 1.25

// Verdicts judges the claims: under contention twice pgbench's rate, and at
// least the rate of the best arm that waits at a quarter of its 99th percentile;
// without contention no loss against plain pgx. Medians decide, provided that
// the noise is small. What could not be judged does not hold.
func (r *Report) Verdicts() []Verdict {
	var verdicts []Verdict
	for _, res := range r.results {
		own := res.with(ours)[0]
		verdicts = append(verdicts, res.quiet())
		if res.contended() {
			verdicts = append(verdicts, res.againstPgbench(own, r.cfg.Seed))
			verdicts = append(verdicts, res.againstBackoff(own, r.cfg.Seed)...)
		} else {
			verdicts = append(verdicts, res.againstPlain(own))
		}
		verdicts = append(verdicts, res.effects()...)
	}
	return verdicts
}

func (r *result) quiet() Verdict {
	return Verdict{
		r.Scenario, fmt.Sprintf("little enough noise to judge, a band within %g", widestBand),
		r.band <= widestBand, "ties are " + r.band.String(),
	}
}

func (r *result) againstPgbench(own *series, seed uint64) Verdict {
	v := Verdict{Scenario: r.Scenario, Claim: fmt.Sprintf("at least %g times the rate of pgbench", leastToPgbench)}
	arms := r.with(server)
	if len(arms) == 0 {
		v.Found = "pgbench is missing"
		return v
	}
	ratio := paired(own.rates(), arms[0].rates(), seed)
	v.Holds, v.Found = ratio.median >= leastToPgbench, ratio.String()
	return v
}

func (r *result) againstBackoff(own *series, seed uint64) []Verdict {
	best := slices.MaxFunc(r.with(backoff), func(a, b *series) int {
		return cmp.Compare(median(a.rates()), median(b.rates()))
	})
	rate := paired(own.rates(), best.rates(), seed)
	tail := paired(own.tails(), best.tails(), seed)
	return []Verdict{
		{
			r.Scenario, "at least the rate of the best arm that waits, " + best.name,
			rate.median >= leastToBackoff, fmt.Sprintf("%v, %s", rate, r.band.place(rate.median)),
		},
		{
			r.Scenario, fmt.Sprintf("its 99th percentile at most %g times that arm's", mostOfTail),
			tail.median <= mostOfTail, tail.String(),
		},
	}
}

func (r *result) againstPlain(own *series) Verdict {
	return Verdict{
		r.Scenario, "no slower than plain pgx, within the noise",
		own.standing != slower, fmt.Sprintf("%v, %s (ties: %v)", own.ratio, own.standing, r.band),
	}
}

// effects judges what all arms did to the table.
func (r *result) effects() []Verdict {
	exhausted, wrong := 0, 0
	for _, s := range r.series {
		exhausted += s.exhausted()
		wrong += len(s.wrong)
	}
	return []Verdict{
		{r.Scenario, "no transfer was given up", exhausted == 0, fmt.Sprintf("%d were", exhausted)},
		{r.Scenario, "the sum is conserved and every transfer applied once", wrong == 0, fmt.Sprintf("%d rounds with wrong effects", wrong)},
	}
}
