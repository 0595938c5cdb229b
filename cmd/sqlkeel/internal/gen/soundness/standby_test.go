package soundness

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
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
func sendAlone(p *pgconn.Pipeline, before []string, sql string, args ...any) {
	p.SendQueryParams("BEGIN", nil, nil, nil, nil)
	for _, b := range before {
		p.SendQueryParams(b, nil, nil, nil, nil)
	}
	p.SendQueryParams(sql, encoded(args), nil, nil, nil)
	p.SendPipelineSync()
	p.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
	p.SendPipelineSync()
}

// tryStandby runs what is said to be read-only on the standby, if there is one: it
// must run there, and what may be kept must be the same.
func (t *trial) tryStandby(ctx context.Context) error {
	if t.standby == nil {
		return nil
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	var asked []miss
	p := t.lab.standby.StartPipeline(ctx)
	for i, list := range [][]statement{t.scenario.reads, t.scenario.writes} {
		said, role := t.analysis.reads, t.role
		if i == 1 {
			said, role = t.analysis.writes, ""
		}
		for j, s := range list {
			if said[j] == nil || !said[j].ReadOnly {
				continue
			}
			m := miss{read: s, readNth: j, writeNth: -1, write: statement{sql: "(on a standby)"}, writeBy: stmt.Run{Effects: &stmt.Effects{}}}
			m.readBy = stmt.Run{Effects: said[j], Args: s.args[0]}
			if i == 0 {
				m.before = t.before[j][0]
			} else {
				m.readNth, m.writeNth = -1, j
			}
			asked = append(asked, m)
			sendAlone(p, []string{"SET LOCAL ROLE " + cmp.Or(role, "NONE")}, s.sql, s.args[0]...)
		}
	}
	answers, err := collect(p)
	if err != nil {
		return err
	}
	t.tally.onStandby += len(asked)
	for i, m := range asked {
		a := answers[2*i]
		switch {
		case refusedThere(a.err):
			m.after = a.err.Error()
		case a.err == nil && m.readNth >= 0 && m.readBy.Effects.NotCacheable == "" && a.results[2].text != m.before:
			m.after = a.results[2].text
		default:
			continue
		}
		t.misses = append(t.misses, m)
	}
	return nil
}
