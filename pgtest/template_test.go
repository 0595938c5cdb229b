package pgtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
)

func digestOf(t *testing.T, tmpl template, version string) string {
	t.Helper()
	sum, err := tmpl.digest(version)
	if err != nil {
		t.Fatal(err)
	}
	return string(sum[:])
}

func TestTemplatesDifferInEverythingThatShapesADatabase(t *testing.T) {
	t.Parallel()
	changed, renamed, more := books(), books(), books()
	changed["00001_books.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;\n")}
	renamed["00003_authors.sql"] = renamed["00002_authors.sql"]
	delete(renamed, "00002_authors.sql")
	more["00003_x.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;\n")}
	seen := map[string]string{}
	for name, sum := range map[string]string{
		"empty":              digestOf(t, template{}, "18"),
		"migrations":         digestOf(t, template{migrations: books()}, "18"),
		"another server":     digestOf(t, template{migrations: books()}, "15"),
		"a changed file":     digestOf(t, template{migrations: changed}, "18"),
		"a renamed file":     digestOf(t, template{migrations: renamed}, "18"),
		"one more file":      digestOf(t, template{migrations: more}, "18"),
		"a seed":             digestOf(t, template{migrations: books(), seedName: "a"}, "18"),
		"another seed":       digestOf(t, template{migrations: books(), seedName: "b"}, "18"),
		"parts run together": digestOf(t, template{seedName: "8"}, "1"),
	} {
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}
		seen[sum] = name
	}
	other := books()
	other["README.md"] = &fstest.MapFile{Data: []byte("not a migration")}
	if digestOf(t, template{migrations: other}, "18") != digestOf(t, template{migrations: books()}, "18") {
		t.Error("a file that is no migration changes the digest")
	}
}

// builds counts how often a template is built when n ask for it at a time. A
// builder waits for a second one, but not longer than limit.
func builds(t *testing.T, seedName string, n int, limit time.Duration) int64 {
	t.Helper()
	var built atomic.Int64
	second := make(chan struct{})
	seed := func(context.Context, *pgx.Conn) error {
		if built.Add(1) == 2 {
			close(second)
		}
		select {
		case <-second:
		case <-time.After(limit):
		}
		return nil
	}
	dsn := serverDSN(t)
	var work sync.WaitGroup
	for range n {
		work.Go(func() {
			conn, err := pgx.Connect(context.Background(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close(context.Background()) }()
			tmpl := template{seedName: seedName, seed: seed}
			if _, err := tmpl.ensure(context.Background(), conn); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	return built.Load()
}

func TestATemplateIsBuiltOnceHoweverManyAskForIt(t *testing.T) {
	t.Parallel()
	if got := builds(t, "once "+randomHex(4), 6, 300*time.Millisecond); got != 1 {
		t.Errorf("built %d times, want once", got)
	}
}

func TestAFailedTemplateLeavesNothingAndIsBuiltTheNextTime(t *testing.T) {
	t.Parallel()
	admin := connect(t, serverDSN(t))
	defer func() { _ = admin.Close(context.Background()) }()
	fails := true
	tmpl := template{seedName: "sometimes " + randomHex(4), seed: func(context.Context, *pgx.Conn) error {
		if fails {
			return errors.New("not today")
		}
		return nil
	}}
	if _, err := tmpl.ensure(t.Context(), admin); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Fatalf("got %v, want the seed's error", err)
	}
	sum, err := tmpl.digest(sessionOf(admin)...)
	if err != nil {
		t.Fatal(err)
	}
	if got := query[int64](t, serverDSN(t), "SELECT count(*) FROM pg_database WHERE datname LIKE $1", templateName(sum)+"%"); got != 0 {
		t.Errorf("%d databases of the failed template are left", got)
	}
	fails = false
	name, err := tmpl.ensure(t.Context(), admin)
	if err != nil || name != templateName(sum) {
		t.Errorf("the next time: %s, %v", name, err)
	}
}

func TestATemplateThatAnotherBuiltMeanwhileIsTaken(t *testing.T) {
	t.Parallel()
	admin := connect(t, serverDSN(t))
	defer func() { _ = admin.Close(context.Background()) }()
	name := "pgtest_template_race_" + randomHex(4)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+quote(name)); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = admin.Exec(context.Background(), "DROP DATABASE "+quote(name)) }()
	if err := (&template{}).build(t.Context(), admin, name); err != nil {
		t.Errorf("build: %v", err)
	}
	if got := query[int64](t, serverDSN(t), "SELECT count(*) FROM pg_database WHERE datname LIKE $1", name+"%"); got != 1 {
		t.Errorf("%d databases, want the other's alone", got)
	}
}
