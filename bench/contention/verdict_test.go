package contention

import (
	"strings"
	"testing"
)

// failing returns the claims that do not hold.
func failing(res *result) string {
	var claims []string
	for _, v := range (&Report{results: []*result{res}}).Verdicts() {
		if !v.Holds {
			claims = append(claims, v.Claim)
		}
	}
	return strings.Join(claims, "; ")
}

func TestEachClaimCanFail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spoil func(rates map[string][]float64, tails, retries map[string]int)
		want  string
	}{
		{"all well", func(map[string][]float64, map[string]int, map[string]int) {}, ""},
		{"an arm is fast", func(rates map[string][]float64, _, _ map[string]int) {
			rates["FOR UPDATE"] = []float64{1800, 2000, 1900}
		}, "at least 0.85 of the rate of FOR UPDATE"},
		{"an arm is fast in one round", func(rates map[string][]float64, _, _ map[string]int) {
			rates["limit of 2"][1] = 2500
		}, "at least 0.85 of the rate of limit of 2"},
		{"an arm is missing", func(rates map[string][]float64, _, _ map[string]int) {
			rates["full jitter"] = nil
		}, "at least 0.85 of the rate of full jitter"},
		{"the limit of 4 is missing", func(rates map[string][]float64, _, _ map[string]int) {
			rates["limit of 4"] = nil
		}, "at least 0.85 of the rate of limit of 4; retries a commit at most those of the limit of 4"},
		{"sqlkeel is missing", func(rates map[string][]float64, _, _ map[string]int) {
			rates["sqlkeel"] = nil
		}, "sqlkeel was measured"},
		{"the second sqlkeel is missing", func(rates map[string][]float64, _, _ map[string]int) {
			rates["sqlkeel again"] = nil
		}, "little enough noise to judge, a band within 1.25"},
		{"the machine is busy", func(rates map[string][]float64, _, _ map[string]int) {
			rates["sqlkeel again"] = []float64{900, 1000, 1100}
		}, "little enough noise to judge, a band within 1.25"},
		{"retries are many", func(_ map[string][]float64, _, retries map[string]int) {
			retries["sqlkeel"] = 31
		}, "retries a commit at most those of the limit of 4"},
		{"the tail is long", func(_ map[string][]float64, tails, _ map[string]int) {
			tails["sqlkeel"] = 81
		}, "a 99th percentile of at most 2 times that of limit of 2"},
	} {
		rates, tails, retries := goodRates(), goodTails(), goodRetries()
		tc.spoil(rates, tails, retries)
		if got := failing(invented(rates, tails, retries)); got != tc.want {
			t.Errorf("%s: failing are %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestWrongEffectsOfAnyArmFail(t *testing.T) {
	t.Parallel()
	const claim = "no job was given up, and every effect is as reported"
	res := invented(goodRates(), goodTails(), goodRetries())
	res.rows[1].samples[0].exhausted = 3
	if got := failing(res); got != claim {
		t.Errorf("failing are %q", got)
	}
	res.rows[1].samples[0].exhausted = 0
	res.wrong = []string{"the sum is 1, it was 2"}
	if got := failing(res); got != claim {
		t.Errorf("failing are %q", got)
	}
}

func TestAVerdictIsALine(t *testing.T) {
	t.Parallel()
	v := Verdict{Workload: "hot rows", Claim: "twice as fast", Holds: true, Found: "2.50 [2.00, 3.00]"}
	if got, want := v.String(), "holds  hot rows: twice as fast: 2.50 [2.00, 3.00]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.Holds = false
	if !strings.HasPrefix(v.String(), "FAILS  ") {
		t.Errorf("%q", v)
	}
}
