package gen_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// drifted makes a folder in which Generate ran and would change every file now,
// and remove one.
func drifted(t *testing.T) (dir string, o gen.Options) {
	t.Helper()
	dir, o = generated(t, "filters")
	for _, name := range []string{"statements_gen.go", "constraints_gen.go", "orphan_gen.go"} {
		put(t, filepath.Join(dir, "queries", name), header+"\npackage queries\n")
	}
	return dir, o
}

// unique returns a name that no other run of the tests on this server has.
func unique(name string) string { return name + "_" + strings.ToLower(rand.Text()) }

// parametersOf returns the DSN with other parts.
func parametersOf(t *testing.T, dsn string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// Whatever the failure, Generate and Check say the same, and nothing is written.
func TestNothingIsWrittenWhenTheServerIsOfNoUse(t *testing.T) {
	t.Parallel()
	dir, o := drifted(t)
	before := tree(t, dir)
	for name, c := range map[string]struct{ dsn, want string }{
		"nobody listens":       {"postgres://someone:s3cr3t@127.0.0.1:1/x", "connect to the server for a scratch database: "},
		"nobody has the name":  {"host=nowhere.invalid user=someone password=s3cr3t dbname=x", "connect to the server for a scratch database: "},
		"a URL that is none":   {"postgres://someone:s3cr3t@127.0.0.1:port/x", "the DSN for the scratch database "},
		"words that are none":  {"host=127.0.0.1 user=someone password=s3cr3t sslmode=perhaps", "the DSN for the scratch database "},
		"a parameter unquoted": {"user=someone password='s3cr3t", "the DSN for the scratch database "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := gen.Options{Config: o.Config, DSN: c.dsn}
			_, err := gen.Generate(t.Context(), o)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("generate: %v", err)
			}
			var list gen.Problems
			if _, err := gen.Check(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), c.want) || errors.As(err, &list) {
				t.Errorf("check: %v", err)
			}
			sameTree(t, dir, before)
		})
	}
}

func TestARoleThatMayNotCreateDatabasesIsToldWhatToDoAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	dir, o := drifted(t)
	conn := pgtest.New(t).Conn()
	role := unique("powerless")
	if _, err := conn.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 's3cr3t'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), "DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	o.DSN = parametersOf(t, o.DSN, func(u *url.URL) { u.User = url.UserPassword(role, "s3cr3t") })
	before := tree(t, dir)
	_, err := gen.Generate(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), `run ALTER ROLE "`+role+`" CREATEDB there`) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
	sameTree(t, dir, before)
}

// midway waits, on the server, until the schema of a session is being applied, and
// returns its database.
func midway(t *testing.T, application string) (database string) {
	t.Helper()
	conn := pgtest.New(t).Conn()
	const wait = `DO $$ BEGIN
		FOR i IN 1..1000 LOOP
			EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'APPLICATION' AND query LIKE '%pg_sleep(600)%');
			PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
		END LOOP; END $$`
	if _, err := conn.Exec(t.Context(), strings.ReplaceAll(wait, "APPLICATION", application)); err != nil {
		t.Fatal(err)
	}
	err := conn.QueryRow(t.Context(), "SELECT datname FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%pg_sleep(600)%'", application).Scan(&database)
	if err != nil {
		t.Fatal(err)
	}
	return database
}

func exists(t *testing.T, database string) (there bool) {
	t.Helper()
	if err := pgtest.New(t).Conn().QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&there); err != nil {
		t.Fatal(err)
	}
	return there
}

func TestACancelledContextDropsTheDatabaseAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	dir, o := drifted(t)
	put(t, filepath.Join(dir, "schema/002.sql"), "DO $$ BEGIN PERFORM pg_sleep(600); END $$;\n")
	name := unique("cancelled")
	o.DSN = parametersOf(t, o.DSN, func(u *url.URL) { u.RawQuery += "&application_name=" + name })
	before := tree(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := gen.Generate(ctx, o)
		ended <- err
	}()
	database := midway(t, name)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if exists(t, database) {
		t.Errorf("%s is still there", database)
	}
	sameTree(t, dir, before)
	if _, err := gen.Generate(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
	sameTree(t, dir, before)
}

// Every kind of mistake at once: all of them are reported, in the order of files,
// lines and columns, each once.
func TestAllProblemsAreToldAtOnceInOrder(t *testing.T) {
	t.Parallel()
	dir, o := drifted(t)
	for _, change := range [][3]string{
		{"books.sql.go", "DELETE FROM authors WHERE id", "DELETE FROM authors WHERE nobody"},
		{"books.sql", "DELETE FROM authors WHERE id", "DELETE FROM authors WHERE nobody"},
		{"books.sql", "name FROM authors", "name, 1 FROM authors"},
		{"books.sql", "-- name: FindBooks", "-- @shard\n-- name: FindBooks"},
		{"books.sql", "-- name: CountBooks :one", "-- name: CountBooks :one\n-- @replica max_lag=0s\n-- @cache ttl=never"},
		{"books.sql", "-- name: AddAuthor :one", "-- name: AddAuthor :many"},
	} {
		replace(t, filepath.Join(dir, "queries", change[0]), change[1], change[2])
	}
	put(t, filepath.Join(dir, "queries/hand.go"), "package queries\n\nvar Statements int\n")
	put(t, filepath.Join(dir, "queries/broken.sql.go"), "// Code generated by sqlc. DO NOT EDIT.\n\npackage queries\n\nfunc (\n")
	before := tree(t, dir)
	_, err := gen.Generate(t.Context(), o)
	want := []string{
		"queries/books.sql:2:16: GetAuthor: the generated code has another text from here on",
		"queries/books.sql:4:4: FindBooks: unknown annotation @shard",
		"queries/books.sql:17:4: CountBooks: @replica may say",
		"queries/books.sql:18:4: CountBooks: @cache has ttl=never, which is no duration above 0",
		`queries/books.sql:23:27: DeleteAuthor: column "nobody" does not exist`,
		"queries/books.sql:25:1: AddAuthor: it is :many here and :one in queries/books.sql.go",
		"queries/broken.sql.go:5:8: this is no valid Go",
		"queries/hand.go:3:5: the name Statements is needed",
	}
	got := strings.Split(problems(t, dir, err), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d problems\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	sameTree(t, dir, before)
	if _, checkErr := gen.Check(t.Context(), o); checkErr == nil || checkErr.Error() != err.Error() {
		t.Errorf("check says something else: %v", checkErr)
	}
}

func replace(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %q", path, from)
	}
	put(t, path, strings.Replace(string(text), from, to, 1))
}
