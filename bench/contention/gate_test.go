package contention

import (
	"strings"
	"testing"
	"time"
)

// invented is a result whose arms had the rates, a round each, and sqlkeel's and
// the slow backoff arm's 99th percentiles in milliseconds.
func invented(s Scenario, rates map[string][]float64, tails map[string]int) *result {
	list := arms(Config{Pgbench: "/nowhere/pgbench"})
	if rates["pgbench"] != nil {
		list[0].missing = ""
	}
	res := newResult(s, list)
	for _, s := range res.series {
		for _, rate := range rates[s.name] {
			p99 := time.Duration(max(1, tails[s.name])) * time.Millisecond
			s.samples = append(s.samples, &sample{rate: rate, committed: 100, retries: 50, p50: p99 / 2, p99: p99, max: 2 * p99})
		}
	}
	res.compare(1)
	return res
}

func contendedRates() map[string][]float64 {
	return map[string][]float64{
		"pgbench":          {500, 600, 550},
		"plain pgx":        {400, 500, 450},
		"plain pgx again":  {420, 490, 440},
		"full jitter":      {900, 1100, 1000},
		"long exponential": {1400, 1600, 1500},
		"sqlkeel":          {1500, 1700, 1600},
	}
}

func contendedTails() map[string]int { return map[string]int{"long exponential": 400, "sqlkeel": 60} }

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

func TestClaimsUnderContention(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spoil func(rates map[string][]float64, tails map[string]int)
		want  string
	}{
		{"all well", func(map[string][]float64, map[string]int) {}, ""},
		{"pgbench is fast", func(rates map[string][]float64, _ map[string]int) {
			rates["pgbench"] = []float64{800, 900, 850}
		}, "at least 2 times the rate of pgbench"},
		{"pgbench is missing", func(rates map[string][]float64, _ map[string]int) {
			rates["pgbench"] = nil
		}, "at least 2 times the rate of pgbench"},
		{"another arm that waits is the best", func(rates map[string][]float64, tails map[string]int) {
			rates["full jitter"], tails["full jitter"] = []float64{1650, 1750, 1700}, 400
		}, "at least the rate of the best arm that waits, full jitter"},
		{"the machine is busy", func(rates map[string][]float64, _ map[string]int) {
			rates["plain pgx again"] = []float64{200, 300, 250}
		}, "little enough noise to judge, a band within 1.25"},
		{"the tail is long", func(_ map[string][]float64, tails map[string]int) {
			tails["sqlkeel"] = 120
		}, "its 99th percentile at most 0.25 times that arm's"},
	} {
		rates, tails := contendedRates(), contendedTails()
		tc.spoil(rates, tails)
		if got := failing(invented(Scenario{32, 10}, rates, tails)); got != tc.want {
			t.Errorf("%s: failing are %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestWithoutContentionAClaimIsNotToBeSlower(t *testing.T) {
	t.Parallel()
	for _, scenario := range []Scenario{{2, 10}, {32, 1000}} {
		for _, tc := range []struct {
			rates []float64
			holds bool
			word  string
		}{
			{[]float64{400, 500, 450}, true, "tie"},
			{[]float64{800, 900, 950}, true, "faster"},
			{[]float64{300, 350, 300}, false, "slower"},
		} {
			rates := contendedRates()
			rates["sqlkeel"] = tc.rates
			v := (&Report{results: []*result{invented(scenario, rates, contendedTails())}}).Verdicts()[1]
			if v.Holds != tc.holds || !strings.Contains(v.Found, tc.word) {
				t.Errorf("%v: %v, want %s", scenario, v, tc.word)
			}
		}
	}
}

func TestWrongEffectsOfAnyArmFailTheGate(t *testing.T) {
	t.Parallel()
	res := invented(Scenario{32, 10}, contendedRates(), contendedTails())
	res.series[1].samples[0].exhausted = 3
	if got := failing(res); got != "no transfer was given up" {
		t.Errorf("failing are %q", got)
	}
	res.series[1].samples[0].exhausted = 0
	res.series[2].wrong = []string{"the sum is 1, it was 2"}
	if got := failing(res); got != "the sum is conserved and every transfer applied once" {
		t.Errorf("failing are %q", got)
	}
}

func TestAVerdictIsALine(t *testing.T) {
	t.Parallel()
	v := Verdict{Scenario: Scenario{32, 10}, Claim: "twice as fast", Holds: true, Found: "2.50 [2.00, 3.00]"}
	if got, want := v.String(), "holds  32 workers x 10 rows: twice as fast: 2.50 [2.00, 3.00]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v.Holds = false
	if !strings.HasPrefix(v.String(), "FAILS  ") {
		t.Errorf("%q", v)
	}
}
