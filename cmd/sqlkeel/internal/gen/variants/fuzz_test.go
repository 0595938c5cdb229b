package variants

import (
	"cmp"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

var (
	count = flag.Int("variants.n", 150, "random statements of TestRandomStatementsReturnTheSameWhenPruned")
	seed  = flag.Uint64("variants.seed", 1, "their seed")
)

// round is one random statement on trial.
type round struct {
	*testbed
	maker
	sql     string
	plan    *Plan
	remarks []*project.Problem
}

// next makes a statement that PostgreSQL takes.
func (b *testbed) next(t testing.TB, rng *rand.Rand) *round {
	t.Helper()
	for {
		r := &round{testbed: b, maker: maker{rng: rng}}
		if r.sql = r.statement(); rng.IntN(3) == 0 {
			r.sql = odd(rng, r.sql)
		}
		if _, err := b.conn.PgConn().Prepare(t.Context(), "", r.sql, nil); err != nil || len(r.params) == 0 {
			continue // such as one parameter in places of two types
		}
		types := make([]string, len(r.params))
		for i, p := range r.params {
			types[i] = cmp.Or(p.goType, "*string")
		}
		r.plan, r.remarks = b.find(t, ":many", r.sql, types...)
		return r
	}
}

// args makes arguments of a variant.
func (r *round) args(t testing.TB, mask generated.Mask) []any {
	return arguments(t, r.plan, mask, func(i int) any {
		p := r.params[i]
		if p.values == nil {
			list := samples[p.goType]
			return list[r.rng.IntN(len(list))]
		}
		return &p.values[r.rng.IntN(len(p.values))]
	})
}

// run compares all variants with the full statement, each in a transaction of its own
// that is rolled back.
func (r *round) run(t testing.TB) (difference string, variants int) {
	t.Helper()
	reg := registry(t, r.plan)
	for _, m := range r.plan.Masks() {
		d, rewritten, err := r.compare(t, reg, r.args(t, m))
		if err != nil {
			return err.Error(), variants
		}
		if d != "" {
			return d, variants
		}
		if rewritten {
			variants++
		}
	}
	return "", variants
}

// tables is what the tables hold, as one row.
const tables = `SELECT (SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) FROM t), (SELECT md5(string_agg(u::text, '|' ORDER BY u.id)) FROM u)`

func (r *round) compare(t testing.TB, reg *stmt.Registry, args []any) (string, bool, error) {
	text, left := reg.Lookup(r.sql).Rewrite(args)
	var results [2]result
	for i, run := range []struct {
		sql  string
		args []any
	}{{r.sql, args}, {text, left}} {
		err := pgx.BeginFunc(t.Context(), r.conn, func(tx pgx.Tx) (err error) {
			if results[i], err = query(t.Context(), r.conn, 0, run.sql, run.args); err != nil {
				return err
			}
			if strings.HasPrefix(r.sql, "SELECT") {
				return tx.Rollback(t.Context())
			}
			after, err := query(t.Context(), r.conn, 0, tables, nil)
			if err != nil {
				return err
			}
			results[i].rows = append(results[i].rows, after.rows...)
			return tx.Rollback(t.Context())
		})
		if err != nil && err != pgx.ErrTxClosed && err != pgx.ErrTxCommitRollback {
			return "", false, err
		}
	}
	return unequal(results[0], results[1], r.exact), text != r.sql, nil
}

func TestRandomStatementsReturnTheSameWhenPruned(t *testing.T) {
	t.Parallel()
	b := setup(t, randomSchema)
	rng := rand.New(rand.NewPCG(*seed, 0))
	pruned, variants := 0, 0
	for i := range *count {
		if i%2 == 0 {
			b.exec(t, "SET plan_cache_mode = "+[]string{"auto", "force_generic_plan"}[i/2%2])
		}
		r := b.next(t, rng)
		for _, remark := range r.remarks {
			t.Logf("%s\n%v", r.sql, remark)
		}
		if r.plan == nil {
			continue
		}
		d, n := r.run(t)
		if d != "" {
			t.Errorf("seed %d, statement %d: %s\nis not\n%s", *seed, i, d, r.sql)
		}
		if want := min(len(r.plan.Masks()), generated.MaxVariants); d == "" && n < want {
			t.Errorf("%d of %d variants ran: %s", n, want, r.sql)
		}
		pruned, variants = pruned+1, variants+n
	}
	t.Logf("%d of %d statements were pruned, in %d variants", pruned, *count, variants)
	if pruned < *count*2/3 {
		t.Errorf("only %d of %d were pruned", pruned, *count)
	}
}
