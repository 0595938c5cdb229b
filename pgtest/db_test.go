package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestADatabaseIsMigratedAndSeeded(t *testing.T) {
	t.Parallel()
	seed := func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO books VALUES (1, 'Emma')")
		return err
	}
	db := New(t, WithMigrations(books()), WithSeed("one book", seed))
	if got := query[string](t, db.DSN(), "SELECT title FROM books"); got != "Emma" {
		t.Errorf("title %q", got)
	}
	if got := query[int64](t, db.DSN(), "SELECT max(version_id) FROM goose_db_version"); got != 2 {
		t.Errorf("migrated to version %d, want 2", got)
	}
}

func TestADatabaseWithoutOptionsIsEmpty(t *testing.T) {
	t.Parallel()
	db := New(t)
	if got := query[int64](t, db.DSN(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != 0 {
		t.Errorf("%d tables", got)
	}
}

func TestDatabasesAreIsolated(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := New(t, WithMigrations(books()))
			if _, err := db.Conn().Exec(t.Context(), "INSERT INTO books VALUES (1, $1)", fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			if got := query[string](t, db.DSN(), "SELECT string_agg(title, ',') FROM books"); got != fmt.Sprint(i) {
				t.Errorf("books %q, want %d alone", got, i)
			}
		})
	}
}

func TestADatabaseIsDroppedAfterATestThatPassed(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestThatPasses")
	var name string
	fake.run(func() {
		db := New(fake)
		name = db.name
		if err := db.Pool().Ping(context.Background()); err != nil {
			fake.Errorf("%v", err)
		}
		_ = db.Conn()
	})
	if fake.Failed() {
		t.Errorf("the test failed: %q", fake.messages)
	}
	if query[bool](t, serverDSN(t), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name) {
		t.Errorf("database %s is still there", name)
	}
}

func TestTheNameOfADatabaseTellsItsTest(t *testing.T) {
	t.Parallel()
	long := databaseName("TestÜber/" + strings.Repeat("x", 100))
	if len(long) > 63 || !strings.HasPrefix(long, "pgtest_test_ber_xxx") {
		t.Errorf("name %s (%d bytes)", long, len(long))
	}
	if again := databaseName("TestX"); again == databaseName("TestX") {
		t.Errorf("the name %s was given twice", again)
	}
}

func TestAPoolTakesChangesOfItsConfiguration(t *testing.T) {
	t.Parallel()
	pool := New(t).Pool(func(cfg *pgxpool.Config) { cfg.MaxConns = 3 }, func(cfg *pgxpool.Config) {
		cfg.ConnConfig.RuntimeParams["application_name"] = "mine"
	})
	var app string
	if err := pool.QueryRow(t.Context(), "SHOW application_name").Scan(&app); err != nil || app != "mine" {
		t.Errorf("application_name %q, %v", app, err)
	}
	if got := pool.Config().MaxConns; got != 3 {
		t.Errorf("MaxConns %d, want 3", got)
	}
}

func TestWhatIsWrongWithTheOptionsEndsTheTest(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	seed := func(context.Context, *pgx.Conn) error { return boom }
	none := func(context.Context, *pgx.Conn) error { return nil }
	bad := fstest.MapFS{"00001_x.sql": {Data: []byte("-- +goose Up\nCREATE TABEL x ();\n")}}
	for name, c := range map[string]struct {
		options []Option
		want    []string
	}{
		"no file system":       {[]Option{WithMigrations(nil)}, []string{"WithMigrations: fsys is nil"}},
		"migrations twice":     {[]Option{WithMigrations(books()), WithMigrations(books())}, []string{"WithMigrations: given twice"}},
		"no migrations in it":  {[]Option{WithMigrations(fstest.MapFS{"a/1_x.sql": {}})}, []string{"no *.sql file"}},
		"a file that is not":   {[]Option{WithMigrations(unreadable{books()})}, []string{"WithMigrations: ", "unreadable"}},
		"a broken migration":   {[]Option{WithMigrations(bad)}, []string{"migrate: ", "00001_x.sql", "42601"}},
		"a seed without name":  {[]Option{WithSeed("", none)}, []string{"WithSeed: name and fn"}},
		"a seed without work":  {[]Option{WithSeed("x", nil)}, []string{"WithSeed: name and fn"}},
		"seeds twice":          {[]Option{WithSeed("x", none), WithSeed("y", none)}, []string{"WithSeed: given twice"}},
		"a seed that fails":    {[]Option{WithSeed("fails", seed)}, []string{"seed fails: boom"}},
		"a seed without table": {[]Option{WithMigrations(books()), WithSeed("no table", selectFrom("nothing"))}, []string{"seed no table: ", "42P01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeT(t.Name())
			returned := false
			fake.run(func() { New(fake, c.options...); returned = true })
			if !fake.Failed() || returned {
				t.Errorf("failed %t, returned %t", fake.Failed(), returned)
			}
			if err := fake.said(c.want...); err != nil {
				t.Error(err)
			}
		})
	}
}

// unreadable lists files but opens none.
type unreadable struct{ fstest.MapFS }

func (unreadable) Open(string) (fs.File, error)    { return nil, errors.New("unreadable") }
func (unreadable) ReadFile(string) ([]byte, error) { return nil, errors.New("unreadable") }

func selectFrom(table string) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT FROM "+table)
		return err
	}
}

func TestOnlyAURLCanNameAServer(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"host=localhost dbname=x", "mysql://x/y", "postgres://%zz"} {
		if got, err := withDatabase(dsn, "d"); err == nil || !strings.Contains(err.Error(), "TEST_DATABASE_URL") {
			t.Errorf("%s: %s, %v", dsn, got, err)
		}
	}
	got, err := withDatabase("postgresql://u:p%2F@h:1/x?sslmode=disable", "d")
	if err != nil || got != "postgresql://u:p%2F@h:1/d?sslmode=disable" {
		t.Errorf("%s, %v", got, err)
	}
}
