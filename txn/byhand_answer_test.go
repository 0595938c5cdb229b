package txn

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// prepared prepares statements under names that do not tell what they do.
func prepared(cfg *pgxpool.Config) {
	cfg.MaxConns = 1
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		for name, sql := range hidden {
			if _, err := conn.Prepare(ctx, name, sql); err != nil {
				return err
			}
		}
		return nil
	}
}

var hidden = map[string]string{
	"a": "commit", "b": "commit and chain", "c": "rollback", "d": "rollback and chain", "e": "; end and chain", "f": "begin", "g": "start transaction", "h": "abort -- to",
}

// readers read what a name in a text's place does, each to the end.
var readers = map[string]func(ctx context.Context, tx *Tx, name string) error{
	"Exec":  senders["Exec"],
	"Query": senders["Query"],
	"Query, to the end": func(ctx context.Context, tx *Tx, name string) error {
		rows, _ := tx.Query(ctx, name)
		for rows.Next() {
		}
		return rows.Err()
	},
	"QueryRow":         senders["QueryRow"],
	"SendBatch":        senders["SendBatch"],
	"a lone statement": func(ctx context.Context, tx *Tx, name string) error { return tx.SendBatch(ctx, batchOf(name)).Close() },
	"SendBatch, Exec": func(ctx context.Context, tx *Tx, name string) error {
		results := tx.SendBatch(ctx, batchOf(name, "select 1"))
		_, err := results.Exec()
		return errors.Join(err, results.Close())
	},
	"SendBatch, Query": func(ctx context.Context, tx *Tx, name string) error {
		results := tx.SendBatch(ctx, batchOf("select 1", name))
		_, err := results.Exec()
		rows, _ := results.Query()
		rows.Close()
		return errors.Join(err, rows.Err(), results.Close())
	},
	"SendBatch, QueryRow": func(ctx context.Context, tx *Tx, name string) error {
		results := tx.SendBatch(ctx, batchOf(name))
		err := results.QueryRow().Scan()
		return errors.Join(err, results.Close())
	},
	"a callback": func(ctx context.Context, tx *Tx, name string) error {
		batch := batchOf("select 1")
		batch.Queue(name).Exec(func(pgconn.CommandTag) error { return nil })
		batch.Queue("select 1").QueryRow(func(row pgx.Row) error { return row.Scan(new(int)) })
		return tx.SendBatch(ctx, batch).Close()
	},
	"a callback that reads rows": func(ctx context.Context, tx *Tx, name string) error {
		batch := &pgx.Batch{}
		batch.Queue(name).Query(func(rows pgx.Rows) error {
			for rows.Next() {
			}
			return nil
		})
		return tx.SendBatch(ctx, batch).Close()
	},
}

func TestWhatTheTextDoesNotTellTheServerDoes(t *testing.T) {
	t.Parallel()
	l := setup(t, prepared)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	n := 0
	for way, send := range readers {
		t.Run(way, func(t *testing.T) {
			for name, sql := range hidden {
				l.exec("truncate items, moves, sqlkeel_commits")
				observer := &spy{}
				r := newRunner(t, l.pool, Config{Observer: observer})
				hooks := 0
				op := []Op{{Name: "x"}, {Name: "x", Commit: Resolve}, order("k")}[n%3]
				n++
				err := Run(t.Context(), r, op, func(ctx context.Context, tx *Tx) error {
					tx.AfterCommit(func(context.Context) { hooks++ })
					tx.AfterRollback(func(context.Context, error) { hooks++ })
					if err := insert(ctx, tx, 1); err != nil {
						return err
					}
					if err := send(ctx, tx, name); !isEndedByHand(err) || !strings.Contains(err.Error(), "may be committed") {
						t.Errorf("%s: the call returns %v", sql, err)
					}
					refusals(t, ctx, tx)
					return nil
				})
				if !isEndedByHand(err) || !strings.Contains(err.Error(), "may be committed") || !isUnknown(err) {
					t.Errorf("%s: Run returns %v", sql, err)
				}
				if n := l.number("select count(*) from items where id = 2"); n != 0 || hooks != 0 {
					t.Errorf("%s: %d rows of what came later, %d hooks", sql, n, hooks)
				}
				if len(observer.attempts) != 1 || observer.units[0].Outcome != stmt.Unknown {
					t.Errorf("%s: attempts %v, unit %v", sql, observer.attempts, observer.units)
				}
			}
		})
	}
}

// refusals finds that nothing more is sent.
func refusals(t *testing.T, ctx context.Context, tx *Tx) {
	const add = "insert into items values (2, 0) returning id"
	for way, send := range senders {
		if err := send(ctx, tx, add); !isEndedByHand(err) || !isMisuse(err) {
			t.Errorf("%s goes on: %v", way, err)
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{2, 2}}))
	part := tx.Savepoint(ctx, func(context.Context) error { t.Error("a savepoint goes on"); return nil })
	for _, err := range []error{err, part, tx.SendBatch(ctx, &pgx.Batch{}).Close()} {
		if !isEndedByHand(err) || !isMisuse(err) {
			t.Errorf("it goes on: %v", err)
		}
	}
}

// A transaction that is over inside of a savepoint is over.
func TestASavepointDoesNotHideTheEnd(t *testing.T) {
	t.Parallel()
	l := setup(t, prepared)
	for name, sql := range hidden {
		for returned, result := range map[string]error{"nil": nil, "an error": errBoom} {
			l.exec("truncate items")
			err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				err := tx.Savepoint(ctx, func(ctx context.Context) error {
					_, _ = tx.Exec(ctx, name)
					return result
				})
				if err == nil || result != nil && !errors.Is(err, result) {
					t.Errorf("%s, %s: the savepoint returns %v", sql, returned, err)
				}
				return insert(ctx, tx, 1)
			})
			if !isEndedByHand(err) || l.rows() != 0 {
				t.Errorf("%s, %s: %d rows, %v", sql, returned, l.rows(), err)
			}
		}
	}
}

func TestTheErrorOfTheFunctionIsKeptBesideTheEnd(t *testing.T) {
	t.Parallel()
	l := setup(t, prepared)
	for _, result := range []error{errBoom, Retryable(errBoom), serverError("40001"), &CommitUnknownError{Op: "inner", Err: errBoom}} {
		attempts := 0
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			attempts++
			_, _ = tx.Exec(ctx, "b")
			return result
		})
		if attempts != 1 || !isEndedByHand(err) || !errors.Is(err, result) {
			t.Errorf("%d attempts, error %v", attempts, err)
		}
	}
}

func TestAFunctionThatPanicsAfterTheEndDoesNotCountAsRolledBack(t *testing.T) {
	t.Parallel()
	l := setup(t, prepared)
	observer := &spy{}
	rolledBack := false
	_, panicked, _ := leave(t.Context(), newRunner(t, l.pool, Config{Observer: observer}), Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		tx.AfterRollback(func(context.Context, error) { rolledBack = true })
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		_, _ = tx.Exec(ctx, "a")
		panic(errBoom)
	})
	if panicked != errBoom || rolledBack || observer.units[0].Outcome != stmt.Unknown || l.rows() != 1 {
		t.Errorf("panic %v, rolled back %t, unit %v", panicked, rolledBack, observer.units)
	}
}

func TestOverDBTheServersWordCountsToo(t *testing.T) {
	t.Parallel()
	l := setup(t)
	d, err := db.Open(t.Context(), db.Config{DSN: l.db.DSN(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.WithoutCancel(t.Context())) }()
	err = d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		for name, sql := range hidden {
			if _, err := conn.Prepare(ctx, name, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, d, Config{})
	for way, send := range readers {
		for name, sql := range hidden {
			err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				if err := send(ctx, tx, name); !isEndedByHand(err) {
					t.Errorf("%s, %s: the call returns %v", way, sql, err)
				}
				refusals(t, ctx, tx)
				return nil
			})
			if !isEndedByHand(err) {
				t.Errorf("%s, %s: Run returns %v", way, sql, err)
			}
		}
	}
}

// The state of the session is asked before each statement: here the connection was
// used beside the transaction.
func TestANewStatementIsNotSentOutsideOfTheTransaction(t *testing.T) {
	t.Parallel()
	l := setup(t)
	conn := l.db.Conn()
	r := newRunner(t, conn, Config{})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		if _, err := conn.Exec(ctx, "insert into items values (1, 0); commit"); err != nil {
			return err
		}
		refusals(t, ctx, tx)
		return nil
	})
	if !isEndedByHand(err) || !isUnknown(err) || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}
