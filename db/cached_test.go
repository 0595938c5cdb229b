package db

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// digests returns a registry of the relations as the database has them now, and of one
// that is missing.
func digests(t *testing.T, conn *pgx.Conn, names ...string) *stmt.Registry {
	t.Helper()
	var name, digest string
	found := map[string]string{"not_there": "of another time"}
	rows, _ := conn.Query(t.Context(), generated.SchemaQuery, names)
	if _, err := pgx.ForEachRow(rows, []any{&name, &digest}, func() error { found[name] = digest; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1+len(names) {
		t.Fatalf("digests: %v", found)
	}
	return stmt.NewRegistry(found)
}

// fenced opens a DB whose registry knows the tables a and b as they are.
func fenced(t *testing.T, cfg Config) (*DB, *journal, *pgx.Conn) {
	t.Helper()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE a (n int PRIMARY KEY)", "CREATE TABLE b (n int PRIMARY KEY)",
		"CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
	j := &journal{}
	cfg.DSN, cfg.Name, cfg.Invalidator = pg.DSN(), "shop", j
	if cfg.Statements == nil {
		cfg.Statements = digests(t, conn, "a", "b")
	}
	return start(t, cfg), j, conn
}

const (
	addTrigger  = "CREATE TRIGGER hidden AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION nothing()"
	dropTrigger = "DROP TRIGGER hidden ON a"
)

// why is the reason that d gives.
func why(t *testing.T, d *DB, j stmt.Invalidator) string {
	t.Helper()
	target, why := d.CachedBy(t.Context(), j)
	if target != "shop" {
		t.Errorf("the target is %q", target)
	}
	return why
}

// uncomparable is an Invalidator that cannot be compared.
type uncomparable struct {
	*journal
	_ []int
}

func TestAResultIsCachedByTheInvalidatorOutsideOfTransactions(t *testing.T) {
	t.Parallel()
	d, j, _ := fenced(t, Config{HealthInterval: time.Hour})
	if got := why(t, d, j); got != "" {
		t.Errorf("by its Invalidator: %q", got)
	}
	for name, other := range map[string]stmt.Invalidator{"another": &journal{}, "none": nil, "one of its type": uncomparable{journal: j}} {
		if got := why(t, d, other); got != "not fenced" {
			t.Errorf("by %s: %q", name, got)
		}
	}
	cfg := d.cfg
	cfg.Invalidator = nil
	if got := why(t, start(t, cfg), nil); got != "not fenced" {
		t.Errorf("of a DB without one: %q", got)
	}
	cfg.Invalidator = uncomparable{journal: j}
	if got := why(t, start(t, cfg), cfg.Invalidator); got != "not fenced" {
		t.Errorf("by one that cannot be compared: %q", got)
	}
	inside := &unit.Unit{Op: "x", Pool: d}
	ctx := context.WithValue(t.Context(), unit.Key{}, inside)
	if _, got := d.CachedBy(ctx, j); got != "transaction" {
		t.Errorf("inside: %q", got)
	}
	inside.End()
	if _, got := d.CachedBy(ctx, j); got != "" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestASetIsCachedByDatabase(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	j := &journal{}
	one := Config{DSN: pg.DSN(), Name: "one", Invalidator: j}
	two := Config{DSN: pg.DSN(), Name: "two", Invalidator: j}
	three := Config{DSN: pg.DSN(), Name: "three"}
	s, err := OpenSet(t.Context(), "one", one, two, three)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	d, err := s.DB(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside := context.WithValue(t.Context(), unit.Key{}, &unit.Unit{Op: "x", Pool: d})
	for name, c := range map[string]struct {
		ctx         context.Context
		target, why string
	}{
		"by default":            {t.Context(), "one", ""},
		"by name":               {WithTarget(t.Context(), "two"), "two", ""},
		"in a transaction":      {inside, "one", "transaction"},
		"in one of another":     {WithTarget(inside, "two"), "two", ""},
		"not fenced":            {WithTarget(t.Context(), "three"), "three", "not fenced"},
		"that it does not have": {WithTarget(t.Context(), "four"), "four", "not fenced"},
	} {
		if target, why := s.CachedBy(c.ctx, j); target != c.target || why != c.why {
			t.Errorf("%s: %q, %q", name, target, why)
		}
	}
}

func TestNothingIsCachedWhileTheSchemaDiffers(t *testing.T) {
	t.Parallel()
	log := &lines{}
	d, j, conn := fenced(t, Config{HealthInterval: 10 * time.Millisecond, Logger: logTo(log, slog.LevelInfo)})
	// The first probe has little time here: it may take a second one.
	eventually(t, "the schema as generated", func() bool { return why(t, d, j) == "" })
	execute(t, conn, addTrigger)
	eventually(t, "the trigger of another session", func() bool { return why(t, d, j) == "schema" })
	if text := strings.Join(log.all(), ""); !strings.Contains(text, `level=WARN msg="results are not cached" db=shop "changed since code was generated"=a`+"\n") {
		t.Errorf("log: %s", text)
	}
	if got := j.read(); got != "" {
		t.Errorf("calls: %s", got)
	}
	execute(t, conn, dropTrigger)
	eventually(t, "the schema as it was", func() bool { return why(t, d, j) == "" })
	if got := j.readTo(t, "committed"); got != "before anything; after anything committed" {
		t.Errorf("calls: %s", got)
	}
}

func TestWhatWasReadBeforeIsForgottenWhenTheSchemaFitsAgain(t *testing.T) {
	t.Parallel()
	d, j, conn := fenced(t, Config{HealthInterval: time.Hour})
	execute(t, conn, addTrigger)
	d.redefined()
	eventually(t, "the comparison", func() bool { return strings.HasPrefix(d.Health().Schema, "differs: a") })
	j.look = func(line string) {
		if got := why(t, d, j); line == "before anything" && got != "schema" {
			t.Errorf("before what is cached was announced as void: %q", got)
		}
	}
	execute(t, conn, dropTrigger)
	d.redefined()
	if got := j.readTo(t, "committed"); got != "before anything; after anything committed" {
		t.Errorf("calls: %s", got)
	}
	eventually(t, "the schema as it was", func() bool { return why(t, d, j) == "" })
}

func TestATextThatMayChangeDefinitionsIsFollowedByAComparison(t *testing.T) {
	t.Parallel()
	d, j, _ := fenced(t, Config{HealthInterval: time.Hour})
	var ending []string // the reasons at the end of each write
	j.look = func(line string) {
		if strings.HasPrefix(line, "after") {
			ending = append(ending, why(t, d, j))
		}
	}
	run := func(sql string) func() error {
		return func() error { _, err := d.Exec(t.Context(), sql); return err }
	}
	for _, c := range []struct {
		name string
		use  func() error
		want string
	}{
		{"a write", run("INSERT INTO a VALUES (1)"), ""},
		{"a table", run("CREATE TABLE c ()"), "schema"},
		{"in a text of several", run("INSERT INTO a VALUES (2); alter table c add n int"), "schema"},
		{"a body", run("DO 'BEGIN END'"), "schema"},
		{"a refused one", run("GRANT SELECT ON not_there TO PUBLIC"), "schema"},
		{"in a transaction", func() error {
			return pgx.BeginFunc(t.Context(), begins{d}, func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "COMMENT ON TABLE a IS 'x'")
				if got := why(t, d, j); got != "" {
					t.Errorf("before its COMMIT: %q", got)
				}
				return err
			})
		}, "schema"},
		{"a connection", func() error {
			return d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { return nil })
		}, "schema"},
	} {
		eventually(t, "the last comparison, before "+c.name, func() bool { return why(t, d, j) == "" })
		ending = nil
		err := c.use()
		if len(ending) == 0 || ending[0] != c.want {
			t.Errorf("%s (error %v): %q when it ended, want %q", c.name, err, ending, c.want)
		}
	}
	eventually(t, "the last comparison", func() bool { return why(t, d, j) == "" })
	j.read()
	if _, err := d.Exec(t.Context(), addTrigger); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the comparison", func() bool { return strings.HasPrefix(d.Health().Schema, "differs: a") })
	if got := why(t, d, j); got != "schema" {
		t.Errorf("with a trigger: %q", got)
	}
}

// A comparison that began before a text was run may not have seen what it did.
func TestAComparisonCountsForWhatWasDefinedBefore(t *testing.T) {
	t.Parallel()
	d, j, _ := fenced(t, Config{HealthInterval: time.Hour})
	d.schema.changes.Add(1)
	d.monitor.judgeSchema(d.schema.changes.Load()-1, "")
	if got := why(t, d, j); got != "schema" {
		t.Errorf("after a comparison from before: %q", got)
	}
	d.monitor.judgeSchema(d.schema.changes.Load(), "")
	if got := why(t, d, j); got != "" {
		t.Errorf("after one from then: %q", got)
	}
}

func TestNothingIsCachedUntilTheSchemaWasCompared(t *testing.T) {
	t.Parallel()
	d, j, _ := fenced(t, Config{HealthInterval: time.Hour})
	network := &lossy{text: "WITH extended"} // as the question for digests begins
	network.armed.Store(true)
	late := startOn(t, d.cfg, hooks{dial: network.dial})
	if got := why(t, late, j); got != "schema" || network.armed.Load() {
		t.Errorf("when the server did not answer: %q", got)
	}
	late.redefined()
	eventually(t, "a comparison", func() bool { return why(t, late, j) == "" })
	if got := j.read(); got != "" {
		t.Errorf("calls: %s", got)
	}
}

func TestWithoutAnInvalidatorTheSchemaIsComparedOnce(t *testing.T) {
	t.Parallel()
	d, _, conn := fenced(t, Config{HealthInterval: time.Hour})
	cfg := d.cfg
	cfg.Invalidator, cfg.HealthInterval, cfg.HealthTimeout = nil, 10*time.Millisecond, 0
	plain := start(t, cfg)
	eventually(t, "the comparison", func() bool { return plain.Health().Schema == "differs: not_there" })
	execute(t, conn, addTrigger)
	probed := plain.Health().Probes.Count
	eventually(t, "two more probes", func() bool { return plain.Health().Probes.Count > probed+2 })
	if got := plain.Health().Schema; got != "differs: not_there" {
		t.Errorf("after the change: %s", got)
	}
}
