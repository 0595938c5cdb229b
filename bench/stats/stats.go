// Package stats compares series that were measured in pairs: their ratio, the interval in
// which it is likely to be, and the band of noise inside which a difference says nothing.
package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Percentile returns the value that p of 100 keep to, by the nearest rank. The
// values are in ascending order; of none it is 0.
func Percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Median returns the middle value, or the mean of the two in the middle. There
// must be one.
func Median[T float64 | time.Duration](values []T) T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return middle(sorted)
}

// middle is the median of values in ascending order.
func middle[T float64 | time.Duration](sorted []T) T {
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Estimate is a ratio, and the interval in which it is likely to be.
type Estimate struct{ Median, Low, High float64 }

// String gives all three.
func (e Estimate) String() string { return fmt.Sprintf("%.2f [%.2f, %.2f]", e.Median, e.Low, e.High) }

const resamples = 10_000

// Paired estimates the ratio of two series, of which the values at the same
// place were measured in the same round. The interval, of 95 %, is that of the
// medians of rounds drawn at random. Of a single round it says nothing.
func Paired(values, base []float64, seed uint64) Estimate {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / base[i]
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	medians := make([]float64, resamples)
	drawn := make([]float64, len(ratios))
	for i := range medians {
		for j := range drawn {
			drawn[j] = ratios[rng.IntN(len(ratios))]
		}
		slices.Sort(drawn)
		medians[i] = middle(drawn)
	}
	slices.Sort(medians)
	return Estimate{Median: Median(ratios), Low: medians[resamples*25/1000], High: medians[resamples*975/1000-1]}
}

// Band is how far two measurements of the same thing are apart: ratios from
// 1/Band to Band are ties.
type Band float64

// Noise returns the band of a comparison of a thing with itself: the end of its
// interval that is farther from 1.
func Noise(e Estimate) Band {
	return Band(math.Exp(max(math.Abs(math.Log(e.Low)), math.Abs(math.Log(e.High)))))
}

// String gives both ends.
func (b Band) String() string { return fmt.Sprintf("%.3f to %.3f", 1/b, b) }
