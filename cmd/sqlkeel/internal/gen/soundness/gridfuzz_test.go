package soundness

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// spread is how a run of places is made: a full run puts each expression into every
// place, and a short one more expressions into a few.
type spread struct {
	places, expressions int
	share               float64
}

func spreadOf(places int) spread {
	if places < 5000 {
		return spread{places, 12, 0.1}
	}
	return spread{places, 8, 1}
}

// What is said of an expression in a statement is said of it in every place, what is
// said to be read-only runs on a standby, and what may be kept is the same later in
// another session. SQLKEEL_FUZZ_PLACES says how many places and SQLKEEL_FUZZ_SEED which:
// `make soundness PLACES=10000 SEED=1`.
func TestWhatIsSaidOfAnExpressionIsSaidInEveryPlace(t *testing.T) {
	t.Parallel()
	r := &gridRun{seed: uint64(setting(t, "SEED", 1)), spread: spreadOf(setting(t, "PLACES", 500)), analyse: generator}
	r.run(t, newServers(t).lab(t))
	t.Log(r.tally.String())
	wrong := slices.DeleteFunc(slices.Clone(r.faults), fault.vague)
	for _, f := range wrong[:min(5, len(wrong))] {
		t.Errorf("%s", f)
	}
	if len(wrong) > 0 {
		t.Errorf("%d faults:%s", len(wrong), tableOf(wrong))
	}
	if err := r.tally.verdict(); err != nil {
		t.Errorf("%v%s", err, tableOf(slices.DeleteFunc(r.faults, func(f fault) bool { return !f.vague() })))
	}
}

// gridRun tries one grid after the other.
type gridRun struct {
	seed    uint64
	spread  spread
	analyse analyst
	tally   gridTally
	faults  []fault
}

func (r *gridRun) run(t *testing.T, l *lab) {
	t.Helper()
	for number := 0; r.tally.places < r.spread.places; number++ {
		got, err := l.tryGrid(t.Context(), newGrid(r.seed, number, r.spread.expressions, r.spread.share), r.analyse)
		if err != nil {
			t.Fatalf("seed %d, grid %d: %v", r.seed, number, err)
		}
		r.tally.plus(got.tally)
		r.faults = append(r.faults, got.faults...)
	}
}

// verdict is an error when too much is unknown, or when so little was shown that the
// absence of faults means nothing.
func (t *gridTally) verdict() error {
	var errs []error
	bound := func(what string, n int, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %.1f %% of the places", what, share(n, t.places)))
		}
	}
	bound("unknown, at most 3 allowed", t.unknown, share(t.unknown, t.places) <= 3)
	bound("said to do more than the statement does, at most 5 allowed", t.coarse, share(t.coarse, t.places) <= 5)
	bound("seen to write, at least 20 wanted", t.wrote, share(t.wrote, t.places) >= 20)
	bound("run on the standby, at least 10 wanted", t.readOnly, share(t.readOnly, t.places) >= 10)
	bound("run in another session, at least 1 wanted", t.kept, share(t.kept, t.places) >= 1)
	bound("refused by PostgreSQL, at most half as many allowed", t.refused, t.refused*2 < t.places)
	return errors.Join(errs...)
}

// tableOf lists faults by their kind and place.
func tableOf(faults []fault) string {
	byPlace := map[string][]string{}
	for _, f := range faults {
		key := f.what + " | " + f.site.place.name
		if !slices.Contains(byPlace[key], f.site.expression.String()) {
			byPlace[key] = append(byPlace[key], f.site.expression.String())
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(byPlace)) {
		b.WriteString("\n" + key + " | " + strings.Join(byPlace[key], "; "))
	}
	return b.String()
}

// A run whose analyst says that everything may change anything shows nothing.
func TestSayingEverythingOfAllPlacesIsNotEnough(t *testing.T) {
	t.Parallel()
	r := &gridRun{seed: 1, spread: spread{places: 100, expressions: 4, share: 0.1}, analyse: everything}
	r.run(t, newServer(t).lab(t))
	if err := r.tally.verdict(); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("%v: %s", err, r.tally.String())
	}
}

func TestOneSeedMakesOneGrid(t *testing.T) {
	t.Parallel()
	text := func(g *grid) string {
		var b strings.Builder
		for _, r := range g.rows {
			for _, s := range r.sites {
				b.WriteString(s.script() + s.statement().sql + "\n")
			}
		}
		return b.String()
	}
	a := text(newGrid(3, 14, 4, 0.5))
	if text(newGrid(3, 14, 4, 0.5)) != a {
		t.Error("the same seed and number made two grids")
	}
	if text(newGrid(4, 14, 4, 0.5)) == a {
		t.Error("two seeds made the same grid")
	}
}
