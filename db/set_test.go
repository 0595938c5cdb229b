package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// startSet opens a Set over databases of their own, with these names, the first
// being the default. Each has a table that says which one it is.
func startSet(t *testing.T, names ...string) *Set {
	t.Helper()
	var configs []Config
	for _, name := range names {
		pg := pgtest.New(t)
		execute(t, pg.Conn(), "CREATE TABLE me (name text)", fmt.Sprintf("INSERT INTO me VALUES ('%s')", name))
		configs = append(configs, Config{Name: name, DSN: pg.DSN(), MaxConns: 2})
	}
	s, err := openSet(t.Context(), hooks{}, names[0], configs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// whoAmI asks by every way that a Set has.
func whoAmI(ctx context.Context, s *Set) (string, error) {
	const sql = "SELECT name FROM me"
	names, errs := make([]string, 7), make([]error, 7)
	errs[0] = s.QueryRow(ctx, sql).Scan(&names[0])
	tag, err := s.Exec(ctx, sql)
	names[1], errs[1] = names[0], err
	if tag.RowsAffected() != 1 {
		errs[1] = errors.Join(err, fmt.Errorf("Exec: %v", tag))
	}
	rows, _ := s.Query(ctx, sql)
	names[2], errs[2] = pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	target, err := s.Unit(ctx)
	if errs[3] = err; err == nil {
		names[3] = target.Name
	}
	d, err := s.DB(ctx)
	if err == nil {
		err = d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error { return conn.QueryRow(ctx, sql).Scan(&names[4]) })
	}
	errs[4] = err
	tx, err := s.BeginTx(ctx, pgx.TxOptions{})
	if errs[5] = err; err == nil {
		errs[5] = errors.Join(tx.QueryRow(ctx, sql).Scan(&names[5]), tx.Commit(ctx))
	}
	batch := &pgx.Batch{}
	batch.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(&names[6]) })
	errs[6] = s.SendBatch(ctx, batch).Close()
	for i, name := range names {
		if name != names[0] {
			return "", fmt.Errorf("way %d leads to %q and way 0 to %q: %w", i, name, names[0], errs[i])
		}
	}
	return names[0], errors.Join(errs...)
}

// strays counts the uses that went to another database than their ctx named.
func strays(t *testing.T) int {
	t.Helper()
	names := []string{"a", "b", "c"}
	s := startSet(t, names...)
	var mu sync.Mutex
	wrong := 0
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			for j := range 4 {
				want := names[(i+j)%3]
				got, err := whoAmI(WithTarget(t.Context(), want), s)
				mu.Lock()
				if got != want || err != nil {
					wrong++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return wrong
}

func TestConcurrentUsesWithDifferentTargetsDoNotMix(t *testing.T) {
	t.Parallel()
	if n := strays(t); n != 0 {
		t.Errorf("%d uses went astray", n)
	}
}

func TestWithoutATargetTheDefaultIsUsed(t *testing.T) {
	t.Parallel()
	s := startSet(t, "main", "archive")
	if name, err := whoAmI(t.Context(), s); name != "main" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	if got := s.Target(t.Context()); got != "main" {
		t.Errorf("Target: %q", got)
	}
	ctx := WithTarget(WithTarget(t.Context(), "main"), "archive")
	if got := s.Target(ctx); got != "archive" {
		t.Errorf("the inner target is not used: %q", got)
	}
	d, err := s.DB(ctx)
	if err != nil || d.Health().Target != "archive" {
		t.Errorf("DB: %v", err)
	}
}

func TestAnUnknownTargetIsRefusedWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	s := startSet(t, "main", "archive")
	ctx := WithTarget(t.Context(), "elsewhere")
	refused := func(what string, err error) {
		t.Helper()
		var unknown *unknownTargetError
		if !errors.Is(err, ErrUnknownTarget) || !errors.As(err, &unknown) || unknown.Target != "elsewhere" || !strings.Contains(err.Error(), "known are archive, main") {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := s.Exec(ctx, "SELECT 1")
	refused("Exec", err)
	rows, err := s.Query(ctx, "SELECT 1")
	refused("Query", err)
	refused("rows", rows.Err())
	refused("QueryRow", s.QueryRow(ctx, "SELECT 1").Scan())
	_, err = s.CopyFrom(ctx, pgx.Identifier{"me"}, []string{"name"}, pgx.CopyFromRows(nil))
	refused("CopyFrom", err)
	refused("SendBatch", s.SendBatch(ctx, &pgx.Batch{}).Close())
	_, err = s.Unit(ctx)
	refused("Unit", err)
	_, err = s.BeginTx(ctx, pgx.TxOptions{})
	refused("Begin", err)
}

func TestASetCopiesAndWritesToo(t *testing.T) {
	t.Parallel()
	s := startSet(t, "main", "archive")
	ctx := WithTarget(t.Context(), "archive")
	if n, err := s.CopyFrom(ctx, pgx.Identifier{"me"}, []string{"name"}, pgx.CopyFromRows([][]any{{"x"}})); n != 1 || err != nil {
		t.Errorf("CopyFrom: %d, %v", n, err)
	}
	if tag, err := s.Exec(ctx, "DELETE FROM me"); tag.RowsAffected() != 2 || err != nil {
		t.Errorf("Exec: %v, %v", tag, err)
	}
	if name, err := whoAmI(t.Context(), s); name != "main" || err != nil {
		t.Errorf("the default has %q, %v", name, err)
	}
}

func TestASetOpensAllOrNothing(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t) // whose check for sessions left is part of this test
	missing := strings.Replace(pg.DSN(), "/pgtest_", "/missing_", 1)
	_, err := OpenSet(t.Context(), "good", Config{Name: "good", DSN: pg.DSN()}, Config{Name: "bad", DSN: missing})
	var failed *openError
	if !errors.As(err, &failed) || failed.Target != "bad" || pgerr.Code(err) != "3D000" {
		t.Errorf("error %v", err)
	}
	if err != nil && (!strings.Contains(err.Error(), `"bad"`) || strings.Contains(err.Error(), `"good"`)) {
		t.Errorf("error %v", err)
	}
}

func TestASetThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (*Set, error){
		"given twice": func() (*Set, error) {
			return OpenSet(t.Context(), "a", Config{Name: "a", DSN: someDSN}, Config{Name: "a", DSN: someDSN})
		},
		"is not given":          func() (*Set, error) { return OpenSet(t.Context(), "b", Config{Name: "a", DSN: someDSN}) },
		`"shop" is given twice`: func() (*Set, error) { return OpenSet(t.Context(), "shop", Config{DSN: someDSN}, Config{DSN: someDSN}) },
		`target "a"`:            func() (*Set, error) { return OpenSet(t.Context(), "a", Config{Name: "a"}) },
	} {
		s, err := open()
		var bad *ConfigError
		if s != nil || !errors.As(err, &bad) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
