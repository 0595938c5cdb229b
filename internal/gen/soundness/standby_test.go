package soundness

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// visitor is the role to which policies apply, and stranger one that may do all.
const (
	visitor  = "visitor"
	stranger = "stranger"
)

// servers are a server and its standby, for a test to make labs on.
type servers struct {
	primary, standby *pgtest.Server
	labs             int
}

// newServer is a server without a standby.
func newServer(t testing.TB, opts ...pgtest.ServerOption) *servers {
	t.Helper()
	return &servers{primary: pgtest.NewServer(t, append(opts, pgtest.WithSetting("max_locks_per_transaction", "1024"))...)}
}

func newServers(t testing.TB) *servers {
	t.Helper()
	s := newServer(t, pgtest.WithSetting("synchronous_standby_names", "*"), pgtest.WithSetting("synchronous_commit", "off"))
	s.standby = s.primary.NewStandby()
	return s
}

// lab makes a lab in a database of its own, which the standby has too.
func (s *servers) lab(t testing.TB) *lab {
	t.Helper()
	admin := dial(t, s.primary, "postgres").PgConn()
	if s.labs++; s.labs == 1 {
		if _, err := admin.Exec(t.Context(), "CREATE ROLE visitor IN ROLE pg_read_all_data, pg_write_all_data; CREATE ROLE stranger SUPERUSER").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	name := fmt.Sprintf("lab%d", s.labs)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name).ReadAll(); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, s.primary, name)
	l := &lab{runs: conn.PgConn(), looks: conn}
	l.begin(t)
	if s.standby == nil {
		return l
	}
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.standby = dial(t, s.standby, name).PgConn()
	if _, err := l.standby.Exec(t.Context(), here).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t testing.TB, s *pgtest.Server, database string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = database
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// settle returns when the standby has all that was committed.
func (l *lab) settle(ctx context.Context) error {
	for _, sql := range []string{
		unhurried, "SET synchronous_commit = remote_apply", "SELECT pg_logical_emit_message(true, '', '')", "RESET synchronous_commit", hurried,
	} {
		if err := l.do(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// sendAlone sends a statement in a transaction that is rolled back, with what comes
// before it.
func sendAlone(p *pgconn.Pipeline, before []string, sql string) {
	p.SendQueryParams("BEGIN", nil, nil, nil, nil)
	for _, b := range before {
		p.SendQueryParams(b, nil, nil, nil, nil)
	}
	p.SendQueryParams(sql, nil, nil, nil, nil)
	p.SendPipelineSync()
	p.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
	p.SendPipelineSync()
}
