package db

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// The other uses hold all of theirs in these tests.

func TestReadsThatRunAloneHaveTheirOwnConnections(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 3, ReadConns: 1, AcquireTimeout: time.Second})
	defer s.free()
	p := s.shares.known[s.cfg.Statements.Lookup(itemName)]
	for _, limit := range []int64{int64(time.Second), never} {
		p.Store(limit)
		if _, err := s.name(t.Context(), 1); err != nil {
			t.Errorf("at a pace of %d: %v", limit, err)
		}
	}
	var id int
	var name string
	if err := s.QueryRow(t.Context(), itemName, pgx.QueryExecModeExec, 1).Scan(&id, &name); err != nil {
		t.Errorf("with options: %v", err)
	}
	if _, err := s.Exec(t.Context(), itemName, 1); err != nil {
		t.Errorf("by Exec: %v", err)
	}
}

func TestAReadOfADyingConnectionStaysOnTheirOwn(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 3, ReadConns: 1, AcquireTimeout: 5 * time.Second})
	defer s.free()
	lock := s.pg.Conn()
	execute(t, lock, "BEGIN", "LOCK TABLE items")
	failed := make(chan error, 1)
	go func() {
		_, err := s.name(t.Context(), 1)
		failed <- err
	}()
	eventually(t, "a read that waits for the lock", func() bool { return number(t, lock, "SELECT count(*) "+lockWaiters) > 0 })
	execute(t, lock, "SELECT pg_terminate_backend(pid, 10000) "+lockWaiters, "COMMIT")
	if err := receive(t, "a row", failed); err != nil {
		t.Error(err)
	}
	if n := s.stats().Replays; n != 1 {
		t.Errorf("%d replays", n)
	}
}

// The monitor found a pooler that shares sessions, behind which no reads share.
func TestNoConnectionIsKeptForReadsBehindAPooler(t *testing.T) {
	t.Parallel()
	s := share(t, Config{MaxConns: 3, ReadConns: 1, AcquireTimeout: time.Second})
	s.free()
	pooler := Transaction
	s.between.Store(&pooler)
	for _, text := range []string{itemName, "SELECT 1"} {
		var open []pgx.Rows
		for range 3 {
			rows, err := s.Query(t.Context(), text, []any{1}[:strings.Count(text, "$")]...)
			if err != nil {
				t.Errorf("%s beside %d others: %v", text, len(open), err)
			}
			open = append(open, rows)
		}
		for _, rows := range open {
			rows.Close()
		}
	}
}

func TestReadConnsNeedReadsThatShare(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://localhost:1/shop"
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"a mode":     {Config{ExecMode: pgx.QueryExecModeExec}, "ExecMode"},
		"the DSN":    {Config{DSN: dsn + "?default_query_exec_mode=exec"}, "default_query_exec_mode"},
		"no cache":   {Config{DSN: dsn + "?statement_cache_capacity=0"}, "statement_cache_capacity"},
		"a pooler":   {Config{Pooler: Transaction}, "pooler"},
		"ShareReads": {Config{ShareReads: 1}, "ShareReads"},
		"no reads":   {Config{Statements: stmt.Declare(itemName, stmt.Effects{ReadOnly: true})}, "unique key"},
	} {
		cfg := c.cfg
		cfg.MaxConns, cfg.ReadConns, cfg.ConnectAttempts = 4, 2, 1
		if cfg.DSN == "" {
			cfg.DSN = dsn
		}
		if cfg.Statements == nil {
			cfg.Statements = unique(itemName)
		}
		_, err := Open(t.Context(), cfg)
		var config *ConfigError
		if !errors.As(err, &config) || config.Field != "ReadConns" || !strings.Contains(config.Problem, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
