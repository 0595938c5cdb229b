package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// helperVar makes this test binary another package's test process: one that uses
// a database, does not stop what it started, and exits.
const helperVar = "PGTEST_TEST_HELPER"

func TestMain(m *testing.M) {
	if seed := os.Getenv(helperVar); seed != "" {
		otherProcess(seed)
		os.Exit(0)
	}
	os.Exit(Main(m))
}

// otherProcess prints the server's DSN and the number of rows in its database.
func otherProcess(seed string) {
	fake := newFakeT("TestInAnotherProcess")
	fake.run(func() {
		db := New(fake, WithMigrations(books()), WithSeed(seed, addOneBook))
		var n int
		if err := db.Conn().QueryRow(context.Background(), "SELECT count(*) FROM books").Scan(&n); err != nil {
			fake.Fatalf("%v", err)
		}
		fmt.Println(db.admin, n)
	})
	if fake.Failed() {
		fmt.Println(fake.messages)
	}
}

func addOneBook(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "INSERT INTO books VALUES ((SELECT count(*) FROM books), 'Emma')")
	return err
}

// runOther runs another process and returns what it printed.
func runOther(t *testing.T, seed, dsn string, env ...string) (server, rows string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TEST_DATABASE_URL=") })
	cmd.Env = append(cmd.Env, helperVar+"="+seed, "TEST_DATABASE_URL="+dsn)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	server, rows, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !ok {
		t.Fatalf("the other process said %q", out)
	}
	return server, rows
}

func TestAProcessThatStopsNothingLeavesNoServerBehind(t *testing.T) {
	t.Parallel()
	server, rows := runOther(t, "alone", "")
	if rows != "1" {
		t.Errorf("%s rows, want 1", rows)
	}
	addr, err := address(server)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	err = until(ctx, func() (bool, error) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return true, nil
		}
		return false, conn.Close()
	})
	if err != nil {
		t.Errorf("%s still listens", addr)
	}
}

func TestProcessesOnOneServerShareTemplates(t *testing.T) {
	t.Parallel()
	dsn := serverDSN(t)
	seed := "shared " + randomHex(4)
	templates := func() int64 {
		return query[int64](t, dsn, "SELECT count(*) FROM pg_database WHERE datname = $1", templateOf(t, dsn, seed))
	}
	if got := templates(); got != 0 {
		t.Fatalf("%d templates before anybody asked", got)
	}
	for range 2 {
		// A second seeding of the same template would add a second book.
		if server, rows := runOther(t, seed, dsn); server != dsn || rows != "1" {
			t.Errorf("on %s there are %s rows, want 1 on %s", server, rows, dsn)
		}
		if got := templates(); got != 1 {
			t.Errorf("%d templates, want 1", got)
		}
	}
}

func TestANamedServerIsUsedWhicheverProviderIsForced(t *testing.T) {
	t.Parallel()
	dsn := serverDSN(t)
	if server, _ := runOther(t, "forced "+randomHex(4), dsn, "SQLKEEL_PG_PROVIDER=local"); server != dsn {
		t.Errorf("the process used %s, want %s", server, dsn)
	}
}

func templateOf(t *testing.T, dsn, seed string) string {
	t.Helper()
	admin := connect(t, dsn)
	defer func() { _ = admin.Close(context.Background()) }()
	sum, err := (&template{migrations: books(), seedName: seed}).digest(sessionOf(admin)...)
	if err != nil {
		t.Fatal(err)
	}
	return templateName(sum)
}
