package rows

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ways are settings of the planner. A variant runs in the first five of them; the others
// show which sequences a full statement leaves open.
var ways = []string{
	"SET LOCAL plan_cache_mode = force_custom_plan",
	"SET LOCAL plan_cache_mode = force_generic_plan",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 0.1",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashagg = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_nestloop = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_memoize = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off",
	"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_hashagg = off; SET LOCAL enable_material = off",
}

const compared = 5

// outcome is what a statement did.
type outcome struct {
	rows   []string
	tag    string
	digest string // of the tables that it writes, after it
	code   string // SQLSTATE, when it failed
}

func (o outcome) same(p outcome) bool {
	return slices.Equal(o.rows, p.rows) && o.tag == p.tag && o.digest == p.digest && o.code == p.code
}

// alike is same but for the sequence of rows.
func (o outcome) alike(p outcome) bool {
	o.rows, p.rows = slices.Sorted(slices.Values(o.rows)), slices.Sorted(slices.Values(p.rows))
	return o.same(p)
}

// within is alike but for the sequence of what values hold, such as that of an array_agg
// without ORDER BY.
func (o outcome) within(p outcome) bool {
	o.rows, p.rows = letters(o.rows), letters(p.rows)
	return o.alike(p)
}

// letters are rows as the letters of each, sorted.
func letters(rows []string) (list []string) {
	for _, row := range rows {
		list = append(list, string(slices.Sorted(slices.Values([]byte(row)))))
	}
	return list
}

// prepared is a statement on the server with arguments.
type prepared struct {
	name string
	args [][]byte
}

// sequences makes all sequences go on behind the values of rows, always from the same one.
const sequences = "SELECT setval(oid::regclass, 30000) FROM pg_class WHERE relkind = 'S'"

// side runs statements in one transaction, each as if it were the first there.
func (s *schema) side(ctx context.Context, way string, writes []string, list ...prepared) (all []outcome, err error) {
	conn := s.conn.PgConn()
	simple := func(sql string) error {
		_, err := conn.Exec(ctx, sql).ReadAll()
		return err
	}
	if err := simple("BEGIN; SET LOCAL statement_timeout = '3s'; " + way + "; SAVEPOINT start"); err != nil {
		return nil, err
	}
	for i, p := range list {
		if i > 0 {
			if err := simple("ROLLBACK TO start"); err != nil {
				return nil, err
			}
		}
		if len(writes) > 0 {
			if err := simple(sequences); err != nil {
				return nil, err
			}
		}
		o, err := s.execute(ctx, p, writes)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, simple("ROLLBACK")
}

func (s *schema) execute(ctx context.Context, p prepared, writes []string) (o outcome, err error) {
	r := s.conn.PgConn().ExecPrepared(ctx, p.name, p.args, nil, nil).Read()
	if refused := (*pgconn.PgError)(nil); errors.As(r.Err, &refused) {
		return outcome{code: refused.Code}, nil
	}
	if r.Err != nil {
		return o, r.Err
	}
	o.rows, o.tag = texts(r.Rows), r.CommandTag.String()
	if len(writes) > 0 {
		var list []string
		for _, name := range writes {
			list = append(list, "SELECT md5(coalesce(string_agg(x::text, E'\\n' ORDER BY x::text), '')) FROM "+name+" x")
		}
		results, err := s.conn.PgConn().Exec(ctx, strings.Join(list, "; ")).ReadAll()
		if err != nil {
			return o, err
		}
		for _, r := range results {
			o.digest += string(r.Rows[0][0])
		}
	}
	return o, nil
}

// texts writes rows so that NULL is unlike an empty text.
func texts(rows [][][]byte) (list []string) {
	for _, row := range rows {
		var b strings.Builder
		for _, v := range row {
			if v == nil {
				b.WriteString("NULL|")
				continue
			}
			b.WriteString("'" + string(v) + "'|")
		}
		list = append(list, b.String())
	}
	return list
}

func (s *schema) prepare(ctx context.Context, name, sql string) error {
	_, err := s.conn.PgConn().Prepare(ctx, name, sql, nil)
	return err
}

func (s *schema) forget(ctx context.Context, name string) error {
	return s.conn.PgConn().Deallocate(ctx, name)
}

// plans counts the different plans of a statement in the settings.
func (s *schema) plans(ctx context.Context, sql string, args [][]byte) (int, error) {
	seen := map[string]bool{}
	for _, way := range ways[:compared] {
		if _, err := s.conn.PgConn().Exec(ctx, "BEGIN; "+way).ReadAll(); err != nil {
			return 0, err
		}
		r := s.conn.PgConn().ExecParams(ctx, "EXPLAIN (COSTS OFF) "+sql, args, nil, nil, nil).Read()
		if r.Err == nil {
			seen[strings.Join(texts(r.Rows), "\n")] = true
		}
		if _, err := s.conn.PgConn().Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
			return 0, err
		}
	}
	return len(seen), nil
}
