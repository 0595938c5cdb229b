package txn

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// The statements of these tests, and what is known of them.
const (
	addItem  = `INSERT INTO items VALUES ($1, 0)`
	addMove  = `INSERT INTO moves VALUES ($1, 0)`
	readItem = `SELECT n FROM items WHERE id = $1`
)

var known = stmt.Join(
	stmt.Declare(addItem, stmt.Effects{Writes: []string{"items"}, WriteKeys: []stmt.RowKey{{Relation: "items", Column: "id", Param: 1}}}),
	stmt.Declare(addMove, stmt.Effects{Writes: []string{"moves"}}),
	stmt.Declare(readItem, stmt.Effects{Reads: []string{"items"}, ReadOnly: true}),
)

// ledger is an Invalidator that writes down its calls.
type ledger struct {
	mu     sync.Mutex
	calls  []string
	before func() // called by BeforeWrite when it is not nil
	after  func()
}

func (l *ledger) add(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

// BeforeWrite writes down what is written.
func (l *ledger) BeforeWrite(target string, writes []stmt.Run) {
	l.add("before " + target + ": " + tables(writes))
	if l.before != nil {
		l.before()
	}
}

// AfterWrite writes down what was written, and the outcome.
func (l *ledger) AfterWrite(target string, writes []stmt.Run, o stmt.Outcome) {
	l.add("after " + target + ": " + tables(writes) + " " + o.String())
	if l.after != nil {
		l.after()
	}
}

// take returns the calls since the last take, and without the target.
func (l *ledger) take(target string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []string
	for _, call := range l.calls {
		list = append(list, strings.Replace(call, target+": ", "", 1))
	}
	l.calls = nil
	return list
}

// tables are the relations that are written, in order; "*" is anything.
func tables(writes []stmt.Run) string {
	var list []string
	for _, w := range writes {
		if w.Anything {
			list = append(list, "*")
		}
		list = append(list, w.Writes...)
	}
	return strings.Join(list, " ")
}

// notified is a lab whose Runner has a ledger.
type notified struct {
	*lab
	*ledger
}

func setupNotified(t *testing.T, changes ...func(*pgxpool.Config)) *notified {
	t.Helper()
	l := &notified{setup(t, changes...), &ledger{}}
	l.runner = newRunner(t, l.pool, Config{Statements: known, Invalidator: l.ledger, Target: "shop", BackoffBase: 1, BackoffMax: 1})
	return l
}

// wantCalls fails the test unless the Invalidator was called so.
func (l *notified) wantCalls(what string, want ...string) {
	l.t.Helper()
	if got := l.take("shop"); !slices.Equal(got, want) {
		l.t.Errorf("%s: calls %q, want %q", what, got, want)
	}
}

// action is what a function of a transaction does.
type action func(context.Context, *Tx) error

func runs(sql string, args ...any) action {
	return func(ctx context.Context, tx *Tx) error { _, err := tx.Exec(ctx, sql, args...); return err }
}

// all runs functions one after another.
func all(steps ...action) action {
	return func(ctx context.Context, tx *Tx) error {
		for _, s := range steps {
			if err := s(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}
}

func fails(context.Context, *Tx) error { return errBoom }

func TestTheInvalidatorIsNotifiedOfWhatATransactionWrites(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	batch := func(ctx context.Context, tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(addItem, 1)
		b.Queue(readItem, 1)
		b.Queue(addMove, 1)
		return tx.SendBatch(ctx, b).Close()
	}
	load := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"moves"}, []string{"a", "b"}, pgx.CopyFromRows([][]any{{1, 1}}))
		return err
	}
	bridged := func(fn func(ctx context.Context, tx pgx.Tx) error, does ...stmt.Effects) action {
		return func(ctx context.Context, tx *Tx) error { return fn(ctx, tx.PgxTx(does...)) }
	}
	send := func(sql string, args ...any) func(context.Context, pgx.Tx) error {
		return func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, sql, args...); return err }
	}
	jobs := stmt.Effects{Writes: []string{"jobs"}}
	nested := func(how Propagation, fn action) action {
		return func(ctx context.Context, tx *Tx) error {
			return Run(ctx, tx.runner, Op{Name: "inner", Propagation: how}, fn)
		}
	}
	for name, tc := range map[string]struct {
		fn   action
		op   Op
		want []string
	}{
		"commit":           {fn: all(runs(addItem, 1), runs(addMove, 1)), want: []string{"before items moves", "after items moves committed"}},
		"rollback":         {fn: all(runs(addItem, 1), fails)},
		"nothing written":  {fn: runs(readItem, 1)},
		"an unknown text":  {fn: runs(`INSERT INTO items VALUES (1, 1)`), want: []string{"before *", "after * committed"}},
		"read only":        {fn: runs(`SELECT 1`), op: Op{ReadOnly: true}},
		"a rewritten text": {fn: runs(`INSERT INTO moves VALUES (@a, 0)`, pgx.NamedArgs{"a": 1}), want: []string{"before *", "after * committed"}},
		"Query": {fn: func(ctx context.Context, tx *Tx) error {
			rows, err := tx.Query(ctx, addMove, 1)
			rows.Close()
			return err
		}, want: []string{"before moves", "after moves committed"}},
		"a batch":             {fn: func(ctx context.Context, tx *Tx) error { return batch(ctx, tx.PgxTx()) }, want: []string{"before items moves", "after items moves committed"}},
		"COPY":                {fn: bridged(load), want: []string{"before *", "after * committed"}},
		"a bridge":            {fn: bridged(send(`INSERT INTO moves VALUES (1, 1)`)), want: []string{"before *", "after * committed"}},
		"a declared bridge":   {fn: bridged(send(`INSERT INTO moves VALUES (1, 1)`), jobs), want: []string{"before jobs", "after jobs committed"}},
		"a known one there":   {fn: bridged(send(addMove, 1), jobs), want: []string{"before moves", "after moves committed"}},
		"COPY, declared":      {fn: bridged(load, jobs), want: []string{"before jobs", "after jobs committed"}},
		"a bridge that reads": {fn: bridged(send(`SELECT 1`), stmt.Effects{})},
		"large objects": {fn: bridged(func(ctx context.Context, tx pgx.Tx) error {
			objects := tx.LargeObjects()
			_, err := objects.Create(ctx, 0)
			return err
		}), want: []string{"before *", "after * committed"}},
		"joined":      {fn: all(runs(addItem, 1), nested(Join, runs(addMove, 1))), want: []string{"before items moves", "after items moves committed"}},
		"a savepoint": {fn: all(runs(addItem, 1), nested(Savepoint, runs(addMove, 1))), want: []string{"before items moves", "after items moves committed"}},
		"one rolled back": {fn: all(runs(addItem, 1), func(ctx context.Context, tx *Tx) error {
			_ = nested(Savepoint, all(runs(addMove, 1), fails))(ctx, tx)
			return nil
		}), want: []string{"before items moves", "after items moves committed"}},
		"only a savepoint": {fn: nested(Savepoint, runs(readItem, 1))},
		"a retry": {fn: func(ctx context.Context, tx *Tx) error {
			if tx.Attempt() == 1 {
				return errors.Join(runs(addMove, 1)(ctx, tx), Retryable(errBoom))
			}
			return runs(addItem, 1)(ctx, tx)
		}, want: []string{"before items", "after items committed"}},
		"a failed COMMIT": {fn: runs(`INSERT INTO once VALUES (1), (1)`), want: []string{"before *", "after * aborted"}},
	} {
		l.exec(`TRUNCATE items, moves; CREATE TABLE IF NOT EXISTS once (x int, UNIQUE (x) DEFERRABLE INITIALLY DEFERRED)`)
		tc.op.Name = "x"
		hooks := 0
		_ = Run(t.Context(), l.runner, tc.op, func(ctx context.Context, tx *Tx) error {
			tx.AfterCommit(func(context.Context) { hooks++ })
			return tc.fn(ctx, tx)
		})
		l.wantCalls(name, tc.want...)
	}
}

func TestTheInvalidatorIsNotifiedBeforeCommitIsSentAndBeforeAnyHook(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	l.before = func() { l.add(fmt.Sprint("rows ", l.rows())) }
	l.after = l.before
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		tx.AfterCommit(func(context.Context) { l.add("hook") })
		return runs(addItem, 1)(ctx, tx)
	})
	l.wantCalls(fmt.Sprint(err), "before items", "rows 0", "after items committed", "rows 1", "hook")
}

func TestAnUnknownOutcomeIsFollowedByTheDefiniteOne(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setupNotified(t, net.attach)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	for name, tc := range map[string]struct {
		fate fate
		op   Op
		last string
	}{
		"committed":               {cutAfter, Op{Commit: Resolve}, "committed"},
		"aborted":                 {cutBefore, Op{Commit: Resolve}, "aborted"},
		"committed, by its key":   {cutAfter, Op{Commit: Idempotent, Key: "a"}, "committed"},
		"aborted, by its key":     {cutBefore, Op{Commit: Idempotent, Key: "b"}, "aborted"},
		"ended before its answer": {late, Op{Commit: Resolve}, "aborted"},
	} {
		l.exec(`TRUNCATE items`)
		l.take("shop")
		net.plan(tc.fate)
		tc.op.Name = "x"
		err := Run(bounded(t), l.runner, tc.op, runs(addItem, 1))
		net.release()
		want := []string{"before items", "after items unknown"}
		if tc.last != "" {
			want = append(want, "after items "+tc.last)
		}
		l.wantCalls(fmt.Sprint(name, ": ", err), want...)
	}
}

func TestARetryAfterALostCommitHasWritesOfItsOwn(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setupNotified(t, net.attach)
	net.plan(cutBefore)
	err := Run(bounded(t), l.runner, Op{Name: "x", Commit: Resolve, RetryLost: true}, func(ctx context.Context, tx *Tx) error {
		return runs([]string{addItem, addMove}[tx.Attempt()-1], 1)(ctx, tx)
	})
	l.wantCalls(fmt.Sprint(err), "before items", "after items unknown", "after items aborted", "before moves", "after moves committed")
}

func TestWhatAFunctionCommittedItselfIsUnknown(t *testing.T) {
	t.Parallel()
	l := setupNotified(t, prepared)
	for name, out := range map[string]func() error{
		"returned": func() error { return nil }, "failed": func() error { return errBoom },
		"panicked": func() error { panic(errBoom) }, "ended": func() error { runtime.Goexit(); return nil },
	} {
		l.exec(`TRUNCATE items`)
		_, _, _ = leave(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			_ = runs(addItem, 1)(ctx, tx)
			_ = runs("a")(ctx, tx)
			return out()
		})
		l.wantCalls(name, "before items *", "after items * unknown", "after items * ended") // the session has answered
	}
}

func TestAFunctionThatDoesNotReturnWritesNothing(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	for name, out := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		_, _, _ = leave(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			err := runs(addItem, 1)(ctx, tx)
			out()
			return err
		})
		l.wantCalls(name)
	}
}

// A tracer ends the goroutine between COMMIT and its return.
func TestACommitThatDoesNotReturnIsUnknown(t *testing.T) {
	t.Parallel()
	b := &bomb{at: "commit", atEnd: true}
	l := setupNotified(t, b.attach)
	b.arm()
	err := recovered(func() error { return Run(t.Context(), l.runner, Op{Name: "x"}, runs(addItem, 1)) })
	l.wantCalls(fmt.Sprint(err), "before items", "after items unknown", "after items ended") // the session has answered
}

func TestAnInvalidatorThatPanicsFailsNoCommit(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	l.before, l.after = func() { panic(errBoom) }, func() { panic(errBoom) }
	err := Run(t.Context(), l.runner, Op{Name: "x"}, runs(addItem, 1))
	if err != nil || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
	l.wantCalls("panic", "before items", "after items committed")
	l.before, l.after = runtime.Goexit, nil
	_, _, _ = leave(t.Context(), l.runner, Op{Name: "x"}, runs(addItem, 2))
	if n := l.rows(); n != 1 || l.pool.Stat().AcquiredConns() != 0 {
		t.Errorf("%d rows after Goexit, %d connections in use", n, l.pool.Stat().AcquiredConns())
	}
	l.wantCalls("Goexit", "before items", "after items aborted")
}

// kinds returns a Beginner of each kind over the lab's database, and what it is called.
func (l *notified) kinds(t *testing.T) map[string]*Runner {
	t.Helper()
	cfg := db.Config{DSN: l.db.DSN(), Name: "shop", Statements: known, Invalidator: l.ledger}
	d, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	other := cfg
	other.Name = "other"
	set, err := db.OpenSet(t.Context(), "other", cfg, other)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(d.Close(bounded(t)), set.Close(bounded(t))) })
	bare := Config{Statements: known, Invalidator: l.ledger, Target: "shop"}
	return map[string]*Runner{
		"pool": newRunner(t, l.pool, bare), "conn": newRunner(t, l.db.Conn(), bare), "other": newRunner(t, wrapped{l.pool}, bare),
		"db": newRunner(t, d, Config{}), "set": newRunner(t, set, Config{}),
	}
}

func TestEveryBeginnerIsNotifiedWithItsTarget(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	for kind, r := range l.kinds(t) {
		l.exec(`TRUNCATE items`)
		if err := Run(db.WithTarget(t.Context(), "shop"), r, Op{Name: "x"}, all(runs(addItem, 1), runs(readItem, 1))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		l.wantCalls(kind, "before items", "after items committed")
	}
	byDefault := newRunner(t, l.pool, Config{Statements: known, Invalidator: l.ledger})
	err := Run(t.Context(), byDefault, Op{Name: "x"}, runs(addMove, 1))
	name := l.pool.Config().ConnConfig.Database
	if got := l.take(name); err != nil || !slices.Equal(got, []string{"before moves", "after moves committed"}) {
		t.Errorf("by default: calls %q, want the target %q", got, name)
	}
}

func TestWhatOfDBConfigIsGivenAgainIsRefused(t *testing.T) {
	t.Parallel()
	set := &fakeSet{}
	for field, cfg := range map[string]Config{
		"Config.Statements": {Statements: known}, "Config.Invalidator": {Invalidator: &ledger{}}, "Config.Target": {Target: "x"},
	} {
		_, err := New(set, cfg)
		wantInvalid(t, err, field)
	}
}

// The values of a write's arguments name the rows that it changed, also when the caller
// uses them again.
func TestTheWritesHaveTheValuesOfTheirKeys(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	var seen []stmt.Run
	r := newRunner(t, l.pool, Config{Statements: known, Invalidator: keeping{&seen}})
	id := new(int64)
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		for *id = range int64(3) {
			if _, err := tx.Exec(ctx, addItem, id); err != nil {
				return err
			}
		}
		return nil
	})
	var ids []any
	for _, run := range seen {
		ids = append(ids, run.Args[0])
	}
	if err != nil || !slices.Equal(ids, []any{int64(0), int64(1), int64(2)}) {
		t.Errorf("keys %v, error %v", ids, err)
	}
}

// keeping is an Invalidator that keeps the writes.
type keeping struct{ seen *[]stmt.Run }

// BeforeWrite keeps them.
func (k keeping) BeforeWrite(_ string, writes []stmt.Run) { *k.seen = slices.Clone(writes) }

// AfterWrite does nothing.
func (keeping) AfterWrite(string, []stmt.Run, stmt.Outcome) {}

// filtered is a statement with an optional filter, whose variants tell themselves apart.
func filtered() (*stmt.Registry, string) {
	const sql = "SELECT 'all', $1::int"
	v := &generated.Variants{
		Params:   []generated.Param{{Param: 1, Values: []generated.Value{{Kind: generated.Null}}, Read: generated.Pointer[int]}},
		Segments: []generated.Segment{{Text: "SELECT 'pruned'"}, {Absent: 1, Text: ", ", Param: 1, Type: "int"}},
	}
	return stmt.NewRegistry(nil, stmt.Statement{Name: "Filtered", SQL: sql, Variants: v, Effects: stmt.Effects{ReadOnly: true}}), sql
}

func TestTheVariantIsSentInTransactionsToo(t *testing.T) {
	t.Parallel()
	l := setup(t)
	registry, sql := filtered()
	r := newRunner(t, l.pool, Config{Statements: registry})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		var word string
		if err := tx.QueryRow(ctx, sql, (*int)(nil)).Scan(&word); err != nil || word != "pruned" {
			return fmt.Errorf("QueryRow: %q, %w", word, err)
		}
		batch := &pgx.Batch{}
		batch.Queue(sql, (*int)(nil))
		results := tx.SendBatch(ctx, batch)
		if err := results.QueryRow().Scan(&word); err != nil || word != "pruned" {
			return fmt.Errorf("batch: %q, %w", word, err)
		}
		return results.Close()
	})
	if err != nil {
		t.Error(err)
	}
}
