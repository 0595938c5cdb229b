package effects

import "testing"

// moods are expressions over a row of authors, and why they keep a result from
// being kept; the mutant believes that they do not.
var moods = []struct {
	expr     string
	unkept   string
	volatile bool
	mutant   mutant
}{
	{`random()`, "random is volatile", true, forgetsVolatile},
	{`clock_timestamp()`, "clock_timestamp is volatile", true, forgetsVolatile},
	{`now()`, "now tells the time", true, forgetsVolatile},
	{`age(born)`, "age tells the time", true, forgetsVolatile},
	{`age(born, born)`, "", false, sound},
	{`localtimestamp`, "localtimestamp tells the time", true, sound},
	{`session_user`, "session_user depends on the session", false, sound},
	{`current_schema`, "current_schema depends on the session", false, sound},
	{`current_setting('TimeZone')`, "current_setting depends on the session", false, forgetsSession},
	{`born::date`, "date depends on the session", false, forgetsSession},
	{`born::time`, "time depends on the session", false, forgetsSession},
	{`day::timestamptz`, "timestamptz depends on the session", false, forgetsSession},
	{`born + interval '1 day'`, "timestamptz_pl_interval depends on the session", false, forgetsSession},
	{`born > day`, "timestamptz_gt_date depends on the session", false, forgetsSession},
	{`row(born)::text`, "a cast from record depends on the session", false, sound},
	{`concat(born)`, "concat depends on the session", false, forgetsSession},
	{`$1::text::date`, "a cast to date depends on the session", false, sound},
	{`date '01/02/2026'`, "a literal of type date depends on the session", false, sound},
	{`timestamp 'now'`, "a literal of type timestamp without time zone depends on the session", false, sound},
	{`(array_agg(born) OVER ())::text`, "a cast from timestamp with time zone[] depends on the session", false, sound},
	{`born AT TIME ZONE 'UTC'`, "", false, sound},
	{`date_trunc('day', born AT TIME ZONE 'UTC')`, "", false, sound},
	{`date '2026-01-02'`, "", false, sound},
	{`(day + 1)`, "", false, sound},
	{`lower(name) || upper(name)`, "", false, sound},
	{`name ~ '^a' AND name LIKE 'a%'`, "", false, sound},
	{`id::text || '-' || score::text`, "", false, sound},
	{`concat(id, name, feel)`, "", false, sound},
	{`to_jsonb(day)`, "", false, sound},
	{`json_build_object('a', ARRAY[id], 'b', ROW(id, name))`, "", false, sound},
	{`enum_range(NULL::mood)`, "", false, sound},
	{`CASE WHEN id > 1 THEN coalesce(name, 'x') ELSE nullif(name, 'y') END`, "", false, sound},
	{`md5(name)`, "", false, sound},
	{`pg_typeof(id)::text`, "a cast from regtype depends on the session", false, sound},
}

func TestWhatDependsOnMoreThanDataIsNotKept(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for _, c := range moods {
		sql := "SELECT " + c.expr + " FROM authors"
		a.mutant = sound
		out := analyze(t, a, ":many", sql)
		if out.Unkept != c.unkept || out.Volatile != c.volatile || !out.ReadOnly {
			t.Errorf("%s: %q, volatile %v, read-only %v; want %q, %v", c.expr, out.Unkept, out.Volatile, out.ReadOnly, c.unkept, c.volatile)
		}
		if a.mutant = c.mutant; a.mutant != sound && analyze(t, a, ":many", sql).Unkept == c.unkept {
			t.Errorf("%s: the mutant knows it too", c.expr)
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
