package txn

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
)

func TestTheZeroConfigHasDefaults(t *testing.T) {
	t.Parallel()
	cfg := newRunner(t, &fakeDB{}, Config{}).cfg
	if cfg.Logger == nil {
		t.Error("no logger")
	}
	cfg.Logger = nil
	want := Config{
		MaxAttempts: 10, BackoffBase: 5 * time.Millisecond, BackoffMax: 200 * time.Millisecond,
		RetryBudget: 500, CommitTimeout: 30 * time.Second, ResolveTimeout: 30 * time.Second, RollbackTimeout: 5 * time.Second,
		Markers: "public.sqlkeel_commits", MarkerRetention: 7 * 24 * time.Hour,
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
		"Config.ResolveTimeout":  {ResolveTimeout: -time.Second},
		"Config.RetryBudget":     {RetryBudget: -1},
		"Config.MarkerRetention": {MarkerRetention: time.Second},
		"Config.Markers":         {Markers: "a.b.c"},
	} {
		_, err := New(&fakeDB{}, cfg)
		wantInvalid(t, err, field)
	}
	for _, table := range []string{"a", "a.", ".", "a.b\x00", "a.\xff", "a." + strings.Repeat("x", 41)} {
		_, err := New(&fakeDB{}, Config{Markers: table})
		wantInvalid(t, err, "Config.Markers")
	}
	_, err := New(&fakeDB{}, Config{BackoffMax: -1})
	wantInvalid(t, err, "Config.BackoffMax")
	for _, nothing := range []Beginner{
		nil, (*pgxpool.Pool)(nil), (*pgxpool.Conn)(nil), (*pgx.Conn)(nil), (*db.DB)(nil), (*db.Set)(nil), (*fakeDB)(nil), beginnerFunc(nil),
	} {
		_, err := New(nothing, Config{})
		wantInvalid(t, err, "Beginner")
	}
}

func TestABadOpIsRefusedBeforeAnythingIsBegun(t *testing.T) {
	t.Parallel()
	db := &fakeDB{}
	r := newRunner(t, db, Config{})
	for field, ops := range map[string][]Op{
		"Op.Name":        {{}},
		"Op.Iso":         {{Name: "x", Iso: "chaos"}},
		"Op.MaxAttempts": {{Name: "x", MaxAttempts: -1}},
		"Op.Propagation": {{Name: "x", Propagation: 9}},
		"Op.Commit":      {{Name: "x", Commit: 9}, {Name: "x", Commit: Resolve, ReadOnly: true}},
		"Op.Key": {
			{Name: "x", Key: "k"}, {Name: "x", Commit: Idempotent}, {Name: "x", Commit: Idempotent, Key: "a\x00"},
			{Name: "x", Commit: Idempotent, Key: "\xff"}, {Name: "x", Commit: Idempotent, Key: strings.Repeat("k", 256)},
		},
		"Op.StatementTimeout": {{Name: "x", StatementTimeout: -1}, {Name: "x", StatementTimeout: 1000 * time.Hour}},
		"Op.LockTimeout":      {{Name: "x", LockTimeout: -1}},
		`Op.Settings[""]`:     {{Name: "x", Settings: map[string]string{"": "v"}}},
		`Op.Settings["a."]`:   {{Name: "x", Settings: map[string]string{"a.": "v"}}},
		`Op.Settings["a.b"]`:  {{Name: "x", Settings: map[string]string{"a.b": "\x00"}}, {Name: "x", Settings: map[string]string{"a.b": "\xff"}}},
		`Op.Settings["search_path"]`: {
			{Name: "x", Settings: map[string]string{"search_path": "a,,b"}}, {Name: "x", Settings: map[string]string{"search_path": `"a`}},
			{Name: "x", Settings: map[string]string{"search_path": "a b"}}, {Name: "x", Settings: map[string]string{"search_path": `"a"b`}},
		},
	} {
		for _, op := range ops {
			wantInvalid(t, Run(t.Context(), r, op, func(context.Context, *Tx) error { return nil }), field)
		}
	}
	if db.begins != 0 {
		t.Errorf("%d transactions were begun", db.begins)
	}
}

func TestMissingArgumentsAreErrorsNotPanics(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{}, Config{})
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
	r := newRunner(t, db, Config{})
	op := Op{Name: "report", Iso: pgx.Serializable, ReadOnly: true}
	for _, op := range []Op{op, {Name: "plain"}} {
		if err := Run(t.Context(), r, op, func(context.Context, *Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	want := pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly}
	if db.options[0] != want || db.options[1] != (pgx.TxOptions{}) {
		t.Errorf("options are %+v", db.options)
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *ConfigError
	if !errors.As(err, &invalid) || invalid.Field != field || invalid.Problem == "" {
		t.Errorf("error is %v, want one about %s", err, field)
	}
}
