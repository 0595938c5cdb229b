package rows

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// tally counts what was run.
type tally struct {
	statements, variants, cases, found, runs, writes, plans, planned int
	// open are runs whose sequence the full statement leaves open, and which it also
	// returns in some setting; other those of which it does not, with the same rows.
	// limited are those with other rows of a tie, and the same ones without LIMIT; inside
	// those with values that hold the same in another sequence.
	open, other, limited, inside int
	// errors are runs that failed alike. lenient are those in which only the full
	// statement failed, and eager those in which only the variant did: neither says in
	// which sequence conditions are evaluated, so that one may not reach what fails.
	// unsteady are those in which the full statement differs from itself, and slow those
	// that were stopped.
	errors, lenient, eager, unsteady, slow, differences int
}

// trial runs the variants of one schema.
type trial struct {
	*schema
	t      testing.TB
	pool   *pool
	tables map[string]*table
	tally  *tally
}

func (s *schema) trial(t testing.TB, seed int, n *tally) *trial {
	t.Helper()
	p := s.pool(t, rand.New(rand.NewPCG(uint64(seed), 14)))
	return &trial{schema: s, t: t, pool: p, tables: s.fill(t, p, setting(t, "COUNT", 200)), tally: n}
}

// TestEveryVariantReturnsWhatItsFullStatementDoes runs the statements of the projects in
// SQLKEEL_ROWS_PROJECT, or of the repository. Each variant gets SQLKEEL_ROWS_ROUNDS
// arguments.
func TestEveryVariantReturnsWhatItsFullStatementDoes(t *testing.T) {
	t.Parallel()
	var n tally
	list, others := projects()
	for _, config := range list {
		for _, s := range open(t, config) {
			tr := s.trial(t, setting(t, "SEED", 1), &n)
			for _, sub := range s.subjects {
				tr.statement(sub, setting(t, "ROUNDS", 1))
			}
		}
	}
	t.Logf("%+v", n)
	if !others && (n.variants < 100 || n.found*4 < n.cases) {
		t.Errorf("%d variants, and only %d of %d cases found rows", n.variants, n.found, n.cases)
	}
}

func (r *trial) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// tooSlow is the SQLSTATE of a statement that was stopped.
const tooSlow = "57014"

// statement runs all variants of a statement, or those before too many were stopped.
func (r *trial) statement(s *subject, rounds int) {
	ctx, v := r.t.Context(), s.plan.Stmt()
	r.check(r.prepare(ctx, "full", s.SQL))
	r.tally.statements++
	d, slow := r.pool.drawer(s, r.tables), r.tally.slow
	for i, m := range s.plan.Masks() {
		if r.tally.slow > slow+3 {
			r.t.Logf("%s is too slow", s.Name)
			break
		}
		text, params := v.Assemble(m)
		r.check(r.prepare(ctx, "variant", text))
		r.tally.variants++
		for range rounds {
			args := r.promising(ctx, d, m)
			r.one(ctx, d, text, params, args)
			if i < 4 {
				n, err := r.plans(ctx, s.SQL, args)
				r.check(err)
				r.tally.plans, r.tally.planned = r.tally.plans+n, r.tally.planned+1
			}
		}
		r.check(r.forget(ctx, "variant"))
	}
	r.check(r.forget(ctx, "full"))
}

// promising draws arguments of a variant a few times, until the full statement finds rows.
func (r *trial) promising(ctx context.Context, d *drawer, m generated.Mask) (args [][]byte) {
	for range 6 {
		args = d.arguments(m)
		all, err := r.side(ctx, ways[0], nil, prepared{"full", args})
		r.check(err)
		if all[0].code == tooSlow || len(all[0].rows) > 0 || d.Command != ":many" && d.Command != ":one" && !strings.HasSuffix(all[0].tag, " 0") {
			break
		}
	}
	return args
}

// pick returns the arguments that a variant still has.
func pick(args [][]byte, params []int) [][]byte {
	picked := make([][]byte, len(params))
	for i, n := range params {
		picked[i] = args[n-1]
	}
	return picked
}

// one compares a variant with its full statement for some arguments.
func (r *trial) one(ctx context.Context, s *drawer, text string, params []int, args [][]byte) {
	n, left := r.tally, pick(args, params)
	n.cases++
	if len(s.result.Writes) > 0 {
		n.writes++
	}
	var fulls, variants []outcome
	for _, way := range ways[:compared] {
		both, err := r.side(ctx, way, s.result.Writes, prepared{"full", args}, prepared{"variant", left})
		r.check(err)
		if both[0].code == tooSlow || both[1].code == tooSlow {
			n.slow++
			return
		}
		fulls, variants, n.runs = append(fulls, both[0]), append(variants, both[1]), n.runs+1
	}
	if len(fulls[0].rows) > 0 || s.Command != ":many" && s.Command != ":one" && !strings.HasSuffix(fulls[0].tag, " 0") {
		n.found++
	}
	for i := range fulls {
		if fulls[i].code != "" {
			n.errors++
		}
		if fulls[i].same(variants[i]) {
			continue
		}
		r.judge(ctx, s, text, params, args, fulls[i], variants[i])
		return
	}
}

// judge says what a difference is.
func (r *trial) judge(ctx context.Context, s *drawer, text string, params []int, args [][]byte, full, variant outcome) {
	n := r.tally
	twice, err := r.side(ctx, ways[0], s.result.Writes, prepared{"full", args}, prepared{"full", args})
	r.check(err)
	if !twice[0].same(twice[1]) {
		n.unsteady++
		return
	}
	if full.code != "" && variant.code == "" {
		n.lenient++
		r.t.Logf("%s: only the full statement fails with %s: %s", s.Name, full.code, show(args))
		return
	}
	if full.code == "" && strings.HasPrefix(variant.code, "22") { // a value that cannot be cast, say
		n.eager++
		r.t.Logf("%s: only the variant fails with %s: %s", s.Name, variant.code, show(args))
		return
	}
	steady := true
	for _, way := range ways {
		again, err := r.side(ctx, way, s.result.Writes, prepared{"full", args})
		r.check(err)
		if again[0].same(variant) {
			n.open++
			return
		}
		steady = steady && again[0].same(full)
	}
	if full.alike(variant) && !steady {
		n.other++
		return
	}
	if full.within(variant) && !full.alike(variant) {
		n.inside++
		if steady {
			r.t.Logf("%s: values in another sequence, which is one in all plans of the full statement", s.Name)
		}
		return
	}
	whole := s.unlimited(args)
	all, err := r.side(ctx, ways[0], s.result.Writes, prepared{"full", whole}, prepared{"variant", pick(whole, params)})
	r.check(err)
	if show(whole) != show(args) && all[0].code == "" && all[0].alike(all[1]) {
		n.limited++
		return
	}
	n.differences++
	r.t.Errorf("%s: arguments %s\nfull %s\nvariant %s\n%s\n%s", s.Name, show(args), full.show(), variant.show(), s.SQL, text)
}

func show(args [][]byte) string {
	return strings.Join(texts([][][]byte{args}), "")
}

func (o outcome) show() string {
	return fmt.Sprintf("%s %s %s %d rows\n  %s", o.code, o.tag, o.digest, len(o.rows), strings.Join(o.rows[:min(10, len(o.rows))], "\n  "))
}

// anyMask returns one of the proven ones.
func (s *subject) anyMask(rng *rand.Rand) generated.Mask {
	list := s.plan.Masks()
	return list[rng.IntN(len(list))]
}
