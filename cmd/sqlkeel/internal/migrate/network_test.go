package migrate

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// proxied returns a Migrator that reaches db through a network that can fail.
func proxied(t *testing.T, db testDB) (*Migrator, *pgtest.Proxy) {
	t.Helper()
	config, err := pgx.ParseConfig(db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(config.Host, "/") {
		t.Fatal("these tests need a server on TCP: give TEST_DATABASE_URL a host name")
	}
	proxy := pgtest.NewProxy(t, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
	m := migrator(t, testDB{dsn: proxy.DSN(db.dsn)}, twoTables())
	m.tune.grace = 100 * time.Millisecond
	return m, proxy
}

func TestACancelledUpEndsAlthoughTheNetworkIsSilent(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"CREATE TABLE books", "commit", "INSERT INTO goose_db_version"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			m, proxy := proxied(t, migratedTo(t, 1))
			ctx, cancel := context.WithCancel(within(t))
			m.tune.onStatement = func(sql string) {
				if strings.HasPrefix(sql, where) {
					proxy.Hang()
					cancel()
				}
			}
			run, err := m.Up(ctx)
			if !errors.Is(err, context.Canceled) || run.Version != 1 || len(run.Steps) != 0 {
				t.Errorf("Up = %+v, %v", run, err)
			}
			var failed *MigrationError
			if !errors.As(err, &failed) || failed.Unknown != (where == "commit") {
				t.Errorf("whether it was committed is unknown: %t", failed.Unknown)
			}
		})
	}
}

func TestAWaitForTheLockEndsAlthoughTheNetworkIsSilent(t *testing.T) {
	t.Parallel()
	db := database(t)
	if _, err := connect(t, db).Exec(t.Context(), "SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	m, proxy := proxied(t, db)
	ctx, cancel := context.WithCancel(within(t))
	tries := 0
	m.tune.onStatement = func(sql string) {
		if !strings.Contains(sql, "try_advisory_lock") {
			return
		}
		if tries++; tries == 2 {
			proxy.Hang()
			cancel()
		}
	}
	if _, err := m.Up(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Up = %v", err)
	}
}

func TestACutConnectionEndsTheRun(t *testing.T) {
	t.Parallel()
	db := migratedTo(t, 0)
	m, proxy := proxied(t, db)
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "CREATE TABLE books") {
			proxy.Cut()
		}
	}
	run, err := m.Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || failed.Version != 2 || run.Version != 1 {
		t.Errorf("Up = %+v, %v", run, err)
	}
	if got := versions(t, db); got != "0 1" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestALostSessionIsNotReplacedByOneWithoutTheLock(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	s, err := m.open(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.lock(t.Context(), time.Second); err != nil || lockFree(t, db) {
		t.Fatalf("lock = %v", err)
	}
	exec(t, db, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'sqlkeel migrate' AND datname = current_database()")
	if _, err := s.history(); err == nil {
		t.Error("the session is alive")
	}
	if _, err := s.history(); !errors.Is(err, errSessionLost) {
		t.Errorf("history = %v, want %v", err, errSessionLost)
	}
}

func TestAWrongPasswordIsOneClearError(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	conn := connect(t, testDB{dsn: server.DSN()})
	db := testDB{dsn: server.DSN(), conn: conn}
	exec(t, db, "CREATE ROLE clerk LOGIN PASSWORD 'right'")
	rules := one[string](t, db, "SHOW hba_file")
	if err := os.WriteFile(rules, []byte("host all clerk all scram-sha-256\nhost all all all trust\nlocal all all trust\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A restart reads the file at once; a reload takes effect at a time of its own.
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	server.Start()
	err := upWith(t, server.DSN(), func(c *pgx.ConnConfig) { c.User = "clerk" })
	want := server.Addr() + ` refused user "clerk": check user and password in the database URL: password authentication failed for user "clerk" (SQLSTATE 28P01)`
	if err == nil || err.Error() != want {
		t.Errorf("Up = %v\nwant %s", err, want)
	}
	wantNoSecret(t, err)
	if err := upWith(t, server.DSN(), func(c *pgx.ConnConfig) { c.User, c.Password = "clerk", "right" }); err == nil || errors.As(err, new(*ConnectError)) {
		t.Errorf("with the right password: %v, want no privilege to create tables", err)
	}
}
