package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tc := range []struct {
		values []time.Duration
		p      int
		want   time.Duration
	}{
		{hundred, 1, 1},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred[:10], 50, 5},
		{hundred[:10], 99, 10},
		{hundred[:3], 50, 2},
		{hundred[:1], 50, 1},
		{hundred[:1], 0, 1},
		{nil, 99, 0},
	} {
		if got := Percentile(tc.values, tc.p); got != tc.want {
			t.Errorf("percentile %d of %d values = %d, want %d", tc.p, len(tc.values), got, tc.want)
		}
	}
}

func TestMedianLeavesItsValuesAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 4}, 4},
		{[]float64{9, 1, 4, 2}, 3},
	} {
		before := slices.Clone(tc.values)
		if got := Median(tc.values); got != tc.want {
			t.Errorf("median of %v = %v, want %v", tc.values, got, tc.want)
		}
		if !slices.Equal(tc.values, before) {
			t.Errorf("median made %v of %v", tc.values, before)
		}
	}
}

func TestAPairedRatioDoesNotSeeWhatChangesBothOfAPair(t *testing.T) {
	t.Parallel()
	base := []float64{100, 10, 1000, 50}
	twice := []float64{200, 20, 2000, 100}
	if got, want := Paired(twice, base, 1), (Estimate{2, 2, 2}); got != want {
		t.Errorf("ratio = %v, want %v", got, want)
	}
}

func TestAPairedRatioIsTheMedianOfRatios(t *testing.T) {
	t.Parallel()
	// Not the ratio of the medians, which is 2/3.
	got := Paired([]float64{1, 2, 30}, []float64{1, 3, 10}, 1)
	if got.Median != 1 {
		t.Errorf("ratio = %v, want 1", got)
	}
	if got.Low != 2.0/3 || got.High != 3 {
		t.Errorf("interval = %v, want that of all ratios", got)
	}
}

func TestTheIntervalIsDecidedByTheSeed(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	values, base := make([]float64, 15), make([]float64, 15)
	for i := range values {
		values[i], base[i] = 1+rng.Float64(), 1
	}
	first := Paired(values, base, 3)
	if second := Paired(values, base, 3); first != second {
		t.Errorf("the same seed gave %v and %v", first, second)
	}
	if !(1 < first.Low && first.Low < first.Median && first.Median < first.High && first.High < 2) {
		t.Errorf("interval = %v", first)
	}
}

// The interval of the median of 15 numbers is known: in 95 % of cases the true
// median is between the 4th and the 12th.
func TestTheIntervalHoldsTheTruthAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	const trials = 60
	rng := rand.New(rand.NewPCG(11, 11))
	held := 0
	for trial := range trials {
		values, base := make([]float64, 15), make([]float64, 15)
		for i := range values {
			values[i], base[i] = math.Exp(rng.NormFloat64()/10), 1
		}
		if e := Paired(values, base, uint64(trial)); e.Low <= 1 && 1 <= e.High {
			held++
		}
	}
	if held < trials*88/100 {
		t.Errorf("%d of %d intervals hold the truth, want about 95 %%", held, trials)
	}
}

func TestASingleRoundHasNoInterval(t *testing.T) {
	t.Parallel()
	if got, want := Paired([]float64{3}, []float64{2}, 1), (Estimate{1.5, 1.5, 1.5}); got != want {
		t.Errorf("ratio = %v, want %v", got, want)
	}
}

func TestTheBandReachesToTheFartherEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		e    Estimate
		want float64
	}{
		{Estimate{1, 0.8, 1.1}, 1.25},
		{Estimate{1, 0.95, 1.2}, 1.2},
		{Estimate{0.9, 0.8, 0.95}, 1.25},
		{Estimate{1, 1, 1}, 1},
	} {
		if got := float64(Noise(tc.e)); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("band of %v = %v, want %v", tc.e, got, tc.want)
		}
	}
}
