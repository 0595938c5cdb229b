package rivals

import "testing"

// invented is a result in which pgx takes 100 in each round, and 99 to 101 when it is
// asked again.
func invented(rounds int, ours, theirs float64) *Result {
	base, own, other := &Row{Arm: "pgx"}, &Row{Arm: Ours}, &Row{Arm: "other"}
	for i := range rounds {
		base.times, base.again = append(base.times, 100), append(base.again, float64(99+i%3))
		own.times, other.times = append(own.times, ours), append(other.times, theirs)
	}
	r := &Result{Rowset: []*Row{base, own, other}}
	r.compare(1)
	return r
}

func TestADifferenceWithinTheNoiseIsATie(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rounds       int
		ours, theirs float64
		want         Verdict
	}{
		{9, 50, 100, Ahead},
		{9, 100, 50, Behind},
		{9, 100, 100.5, Tie},
		{9, 100.5, 100, Tie},
		{4, 50, 100, Open}, // too few rounds
	} {
		r := invented(tc.rounds, tc.ours, tc.theirs)
		if got := r.Verdict(r.Row("other")); got != tc.want {
			t.Errorf("%v to %v in %d rounds: %q, want %q (band %v)", tc.ours, tc.theirs, tc.rounds, got, tc.want, r.Band)
		}
		if got := r.Verdict(r.Row(Ours)); got != Open {
			t.Errorf("against itself: %q", got)
		}
	}
}

func TestWithoutTheBaseOrOursNothingIsJudged(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"pgx", Ours} {
		r := &Result{}
		for _, row := range invented(9, 50, 100).Rowset {
			row := &Row{Arm: row.Arm, times: row.times, again: row.again}
			if row.Arm == missing {
				row.Missing = "it failed"
			}
			r.Rowset = append(r.Rowset, row)
		}
		r.compare(1)
		if got := r.Verdict(r.Row("other")); got != Open {
			t.Errorf("without %s: %q", missing, got)
		}
	}
}
