package rows

import (
	"math/rand/v2"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
)

// TestNoVariantOfAnotherStateIsTaken offers variants for other states than their own.
// What is taken has to return the same rows for arguments of that state.
func TestNoVariantOfAnotherStateIsTaken(t *testing.T) {
	t.Parallel()
	var n tally
	pairs, equal, taken := 0, 0, 0
	list, others := projects()
	for _, config := range list {
		for _, s := range open(t, config) {
			if len(s.subjects) == 0 {
				continue
			}
			tr := s.trial(t, setting(t, "SEED", 1), &n)
			rng := rand.New(rand.NewPCG(uint64(setting(t, "SEED", 1)), 15))
			for range setting(t, "PAIRS", 100) {
				tr.other(s.subjects[rng.IntN(len(s.subjects))], rng, &pairs, &equal, &taken)
			}
		}
	}
	t.Logf("%d pairs, %d of them of one text; fold took %d of the rest: %+v", pairs, equal, taken, n)
	if !others && (pairs == 0 || equal == pairs) {
		t.Error("nothing was tried")
	}
}

// other tries the variant of one state of a statement in another.
func (r *trial) other(s *subject, rng *rand.Rand, pairs, equal, taken *int) {
	ctx, v := r.t.Context(), s.plan.Stmt()
	a, b := s.anyMask(rng), s.anyMask(rng)
	if a == b {
		return
	}
	*pairs++
	text, params := v.Assemble(a)
	if own, _ := v.Assemble(b); own == text {
		*equal++
		return
	}
	compiled, err := r.analyzer.Compile(ctx, []string{s.SQL, text})
	r.check(err)
	if fold.New(r.catalog, compiled[0].Query).Differs(compiled[1].Query, params, s.assume(b)) != "" {
		return
	}
	*taken++
	r.t.Logf("%s: the variant of %b is that of %b too:\n%s", s.Name, a, b, text)
	r.check(r.prepare(ctx, "full", s.SQL))
	r.check(r.prepare(ctx, "variant", text))
	d := r.pool.drawer(s, r.tables)
	for range 5 {
		args := d.arguments(b)
		r.one(ctx, d, text, params, args)
	}
	r.check(r.forget(ctx, "variant"))
	r.check(r.forget(ctx, "full"))
}
