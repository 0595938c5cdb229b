package effects

import "testing"

// moods are expressions over a row of authors, and why they keep a result from
// being kept.
var moods = []struct {
	expr     string
	unkept   string
	volatile bool
}{
	{`random()`, "random is volatile", true},
	{`clock_timestamp()`, "clock_timestamp is volatile", true},
	{`now()`, "now tells the time", true},
	{`age(born)`, "age tells the time", true},
	{`age(born, born)`, "", false},
	{`localtimestamp`, "localtimestamp tells the time", true},
	{`session_user`, "session_user depends on the session", false},
	{`current_schema`, "current_schema depends on the session", false},
	{`current_setting('TimeZone')`, "current_setting depends on the session", false},
	{`born::date`, "date depends on the session", false},
	{`born::time`, "time depends on the session", false},
	{`day::timestamptz`, "timestamptz depends on the session", false},
	{`born + interval '1 day'`, "timestamptz_pl_interval depends on the session", false},
	{`born > day`, "timestamptz_gt_date depends on the session", false},
	{`row(born)::text`, "a cast from record depends on the session", false},
	{`row(id, name)::text`, "", false},
	{`concat(born)`, "concat depends on the session", false},
	{`$1::text::date`, "a cast to date depends on the session", false},
	{`date '01/02/2026'`, "a literal of type date depends on the session", false},
	{`timestamp 'now'`, "a literal of type timestamp without time zone depends on the session", false},
	{`(array_agg(born) OVER ())::text`, "a cast from timestamp with time zone[] depends on the session", false},
	{`born AT TIME ZONE 'UTC'`, "", false},
	{`date_trunc('day', born AT TIME ZONE 'UTC')`, "", false},
	{`date '2026-01-02'`, "", false},
	{`(day + 1)`, "", false},
	{`lower(name) || upper(name)`, "", false},
	{`name ~ '^a' AND name LIKE 'a%'`, "", false},
	{`id::text || '-' || name`, "", false},
	{`score::text`, "a cast from double precision depends on the session", false},
	{`to_json(score)`, "to_json depends on the session", false},
	{`quote_ident(name)`, "quote_ident depends on the session", false},
	{`extract(epoch FROM born)`, "", false},
	{`date_part('EPOCH', born)`, "", false},
	{`extract(hour FROM born)`, "extract depends on the session", false},
	{`date_part($1, born)`, "date_part depends on the session", false},
	{`date_trunc('day', born)`, "date_trunc depends on the session", false},
	{`date_trunc('day', born, 'UTC') IS NULL`, "", false},
	{`date_trunc('day', born, 'Europe/Berlin') IS NULL`, "", false},
	{`concat(id, name, feel)`, "", false},
	{`to_jsonb(day)`, "", false},
	{`json_build_object('a', ARRAY[id], 'b', ROW(id, name))`, "", false},
	{`enum_range(NULL::mood)`, "", false},
	{`CASE WHEN id > 1 THEN coalesce(name, 'x') ELSE nullif(name, 'y') END`, "", false},
	{`md5(name)`, "", false},
	{`name::text[]`, "a cast to text[] depends on the session", false},
	{`'{a,b}'::text[]`, "", false},
	{`'{a,NULL}'::text[]`, "a literal of type text[] depends on the session", false},
	{`ARRAY[name, NULL]`, "", false},
	{`pg_typeof(id)::text`, "a cast from regtype depends on the session", false},
}

func TestWhatDependsOnMoreThanDataIsNotKept(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for _, c := range moods {
		sql := "SELECT " + c.expr + " FROM authors"
		out := analyze(t, a, ":many", sql)
		if out.NotCacheable != c.unkept || out.Volatile != c.volatile || !out.ReadOnly {
			t.Errorf("%s: %q, volatile %v, read-only %v; want %q, %v", c.expr, out.NotCacheable, out.Volatile, out.ReadOnly, c.unkept, c.volatile)
		}
	}
}

// What an aggregate is ordered by decides the order of its values, and is not printed.
func TestTheOrderOfAnAggregateIsNotItsValue(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for sql, want := range map[string]string{
		`SELECT json_agg(name ORDER BY born) FROM authors`:            "",
		`SELECT jsonb_agg(id ORDER BY born, score) FROM authors`:      "",
		`SELECT json_object_agg(id, name ORDER BY born) FROM authors`: "",
		`SELECT string_agg(name, ',' ORDER BY born) FROM authors`:     "",
		`SELECT json_agg(born ORDER BY name) FROM authors`:            "json_agg depends on the session",
		`SELECT json_agg(born ORDER BY born) FROM authors`:            "json_agg depends on the session",
	} {
		if got := analyze(t, a, ":many", sql).NotCacheable; got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// effects of functions that are PostgreSQL's own.
func TestAFunctionWithAnEffectIsNotReadOnly(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for expr, want := range map[string]bool{
		`nextval('tickets')`: false, `setval('tickets', 5)`: false, `set_config('a.b', 'c', true)`: false, `pg_notify('a', 'b')`: false,
		`pg_advisory_lock(1)`: false, `pg_try_advisory_xact_lock(1)`: false, `txid_current()`: false, `pg_current_xact_id()`: false,
		`lo_create(0)`: false, `setseed(0.5)`: false, `add_note(1)`: false, `opaque('x')`: false,
		`random()`: true, `gen_random_uuid()`: true, `pg_sleep(0)`: true, `count_notes()`: true, `twice(2)`: true, `pg_relation_size('notes')`: true,
	} {
		if got := analyze(t, a, ":one", "SELECT "+expr).ReadOnly; got != want {
			t.Errorf("%s: read-only is %v", expr, got)
		}
	}
}
