package txn

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestTheZeroConfigHasDefaults(t *testing.T) {
	t.Parallel()
	cfg := newRunner(t, &fakeDB{}, Config{}, sound).cfg
	if cfg.Logger == nil {
		t.Error("no logger")
	}
	cfg.Logger = nil
	want := Config{
		MaxAttempts: 10, BackoffBase: 5 * time.Millisecond, BackoffMax: 200 * time.Millisecond,
		CommitTimeout: 30 * time.Second, RollbackTimeout: 5 * time.Second,
	}
	if cfg != want {
		t.Errorf("defaults are %+v", cfg)
	}
}

func TestABadConfigIsRefusedByTheNameOfItsField(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]Config{
		"Config.MaxAttempts":     {MaxAttempts: -1},
		"Config.BackoffBase":     {BackoffBase: -1},
		"Config.BackoffMax":      {BackoffBase: time.Second},
		"Config.CommitTimeout":   {CommitTimeout: -time.Second},
		"Config.RollbackTimeout": {RollbackTimeout: -time.Second},
	} {
		_, err := New(&fakeDB{}, cfg)
		wantInvalid(t, err, field)
	}
	_, err := New(&fakeDB{}, Config{BackoffMax: -1})
	wantInvalid(t, err, "Config.BackoffMax")
	_, err = New(nil, Config{})
	wantInvalid(t, err, "Beginner")
}

func TestABadOpIsRefusedBeforeAnythingIsBegun(t *testing.T) {
	t.Parallel()
	db := &fakeDB{}
	r := newRunner(t, db, Config{}, sound)
	for field, op := range map[string]Op{
		"Op.Name":        {},
		"Op.Iso":         {Name: "x", Iso: "chaos"},
		"Op.MaxAttempts": {Name: "x", MaxAttempts: -1},
		"Op.Deferrable":  {Name: "x", Deferrable: true, Iso: pgx.Serializable},
	} {
		wantInvalid(t, Run(t.Context(), r, op, func(context.Context, *Tx) error { return nil }), field)
	}
	if db.begins != 0 {
		t.Errorf("%d transactions were begun", db.begins)
	}
}

func TestMissingArgumentsAreErrorsNotPanics(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{}, Config{}, sound)
	nothing := func(context.Context, *Tx) error { return nil }
	wantInvalid(t, Run(t.Context(), nil, Op{Name: "x"}, nothing), "Runner")
	wantInvalid(t, Run(t.Context(), r, Op{Name: "x"}, nil), "fn")
	_, err := Do[int](t.Context(), r, Op{Name: "x"}, nil)
	wantInvalid(t, err, "fn")
	_, err = Do(t.Context(), nil, Op{Name: "x"}, func(context.Context, *Tx) (int, error) { return 1, nil })
	wantInvalid(t, err, "Runner")
	err = Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error { return tx.Savepoint(ctx, nil) })
	wantInvalid(t, err, "fn")
}

func TestOpBecomesTransactionOptions(t *testing.T) {
	t.Parallel()
	db := &fakeDB{}
	r := newRunner(t, db, Config{}, sound)
	op := Op{Name: "report", Iso: pgx.Serializable, ReadOnly: true, Deferrable: true}
	for _, op := range []Op{op, {Name: "plain"}} {
		if err := Run(t.Context(), r, op, func(context.Context, *Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	want := pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable}
	if db.options[0] != want || db.options[1] != (pgx.TxOptions{}) {
		t.Errorf("options are %+v", db.options)
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Field != field || invalid.Problem == "" {
		t.Errorf("error is %v, want one about %s", err, field)
	}
}
