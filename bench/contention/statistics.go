package contention

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// percentile returns the value that p of 100 keep to, by the nearest rank. The
// values are in ascending order; of none it is 0.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// median returns the middle value, or the mean of the two in the middle. There
// must be one.
func median[T float64 | time.Duration](values []T) T {
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

// estimate is a ratio, and the interval in which it is likely to be.
type estimate struct{ median, low, high float64 }

// String gives all three.
func (e estimate) String() string { return fmt.Sprintf("%.2f [%.2f, %.2f]", e.median, e.low, e.high) }

const resamples = 10_000

// paired estimates the ratio of two series, of which the values at the same
// place were measured in the same round. The interval, of 95 %, is that of the
// medians of rounds drawn at random. Of a single round it says nothing.
func paired(values, base []float64, seed uint64) estimate {
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
	return estimate{median: median(ratios), low: medians[resamples*25/1000], high: medians[resamples*975/1000-1]}
}

// band is how far two measurements of the same thing are apart: ratios from
// 1/band to band are ties.
type band float64

// noise returns the band of a comparison of a thing with itself: the end of its
// interval that is farther from 1.
func noise(e estimate) band {
	return band(math.Exp(max(math.Abs(math.Log(e.low)), math.Abs(math.Log(e.high)))))
}

// String gives both ends.
func (b band) String() string { return fmt.Sprintf("%.3f to %.3f", 1/b, b) }
