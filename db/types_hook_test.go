package db

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/db/testdata/typed"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestConfigRegisterTypesIsCalledForEachConnection(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	pg := pgtest.New(t)
	execute(t, pg.Conn(), typedSchema(t))
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 3, Statements: typed.Statements, RegisterTypes: func(ctx context.Context, conn *pgx.Conn) error {
		calls.Add(1)
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("its ctx has no end")
		}
		mood, err := conn.LoadType(ctx, "mood")
		if err == nil {
			mood.Codec = shouting{mood.Codec}
			conn.TypeMap().RegisterType(mood)
		}
		return err
	}})
	fill(t, d, 3)
	if calls.Load() != 3 {
		t.Errorf("%d calls for 3 connections", calls.Load())
	}
	var mood string
	if err := d.QueryRow(t.Context(), "SELECT $1::mood", "ok").Scan(&mood); err != nil || mood != "OK" {
		t.Errorf("the hook's codec gave way: %q, %v", mood, err)
	}
}

type shouting struct{ pgtype.Codec }

func (shouting) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

func (shouting) PlanScan(*pgtype.Map, uint32, int16, any) pgtype.ScanPlan { return shout{} }

type shout struct{}

func (shout) Scan(src []byte, target any) error {
	*target.(*string) = strings.ToUpper(string(src))
	return nil
}

func TestAFailureOfConfigRegisterTypesIsTold(t *testing.T) {
	t.Parallel()
	cause := errors.New("no vector here")
	fails := true
	var mine atomic.Int64
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN() + "&application_name=hook", Name: "shop", MaxConns: 1, RegisterTypes: func(context.Context, *pgx.Conn) error {
		mine.Add(1)
		if fails {
			return cause
		}
		return nil
	}})
	_, err := d.Exec(t.Context(), "SELECT 1")
	var hook *registerTypesError
	if !errors.As(err, &hook) || !errors.Is(err, cause) || err.Error() != `db: connect to "shop": Config.RegisterTypes: no vector here` || mine.Load() != 1 {
		t.Errorf("%v after %d calls", err, mine.Load())
	}
	watcher := pg.Conn()
	eventually(t, "its connection is closed", func() bool {
		return number(t, watcher, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hook'") == 1 // the monitor's
	})
	fails = false
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
	if s := d.stats(); s.NewConns != 1 || s.InUse != 0 || s.Total != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAConnectionThatIsLostInConfigRegisterTypesIsReplaced(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1, RegisterTypes: func(ctx context.Context, conn *pgx.Conn) error {
		if calls.Add(1) == 1 {
			_, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		}
		return nil
	}})
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil || calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}
