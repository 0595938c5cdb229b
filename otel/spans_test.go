package keelotel

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/sqlkeel/sqlkeel/txn"
)

func TestACommittedUnitIsASpanOverOneAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t)
	if err := txn.Run(t.Context(), l.runner, txn.Op{Name: "add"}, add); err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		add outcome=committed attempt.count=1
		  add attempt attempt.number=1 outcome=committed`)
	equal(t, "metrics", l.metrics(), `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=add,db.system.name=postgresql: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=add,db.system.name=postgresql,sqlkeel.txn.outcome=committed: 1`)
}

func TestARetriedConflictIsAnAttemptAndTheUnitIsNoError(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := txn.Run(t.Context(), l.runner, txn.Op{Name: "add", Iso: pgx.RepeatableRead}, func(ctx context.Context, tx *txn.Tx) error {
		if tx.Attempt() == 1 {
			return fmt.Errorf("not now: %v", l.conflict(ctx, tx)) // the cause is hidden, and counts
		}
		return add(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		add outcome=committed attempt.count=2
		  add attempt attempt.number=1 error.type=40001 db.response.status_code=40001 outcome=aborted retry_delay
		  add attempt attempt.number=2 outcome=committed`)
	equal(t, "metrics", l.metrics(), `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=add,db.system.name=postgresql: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=add,db.response.status_code=40001,db.system.name=postgresql,error.type=40001,sqlkeel.txn.outcome=aborted: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=add,db.system.name=postgresql,sqlkeel.txn.outcome=committed: 1
		sqlkeel.txn.retries ({attempt}) db.namespace=shop,db.operation.name=add,db.system.name=postgresql: 1`)
}

func TestAnAbortedUnitIsAnErrorAndTellsNoData(t *testing.T) {
	t.Parallel()
	l := setup(t)
	op := txn.Op{
		Name: "insert", Commit: txn.Idempotent, Key: "hidden-key", ConflictKey: "hidden-account",
		Settings: map[string]string{"app.tenant": "hidden-tenant"},
	}
	err := txn.Run(t.Context(), l.runner, op, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO items VALUES ($1, 1), ($1, 2)`, "hidden-row")
		return err
	})
	if err == nil {
		t.Fatal("no error")
	}
	spans, metrics := l.tree(), l.metrics()
	equal(t, "spans", spans, `
		insert error.type=23505 db.response.status_code=23505 outcome=aborted attempt.count=1 (Error)
		  insert attempt attempt.number=1 error.type=23505 db.response.status_code=23505 outcome=aborted`)
	equal(t, "metrics", metrics, `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=insert,db.response.status_code=23505,db.system.name=postgresql,error.type=23505: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=insert,db.response.status_code=23505,db.system.name=postgresql,error.type=23505,sqlkeel.txn.outcome=aborted: 1`)
	everything := spans + metrics
	for _, s := range l.spans.Ended() {
		everything += fmt.Sprint(s.Attributes(), s.Events(), s.Status(), s.Links())
	}
	if strings.Contains(everything, "hidden") {
		t.Errorf("told: %s", everything)
	}
}

func TestWhatAFunctionRefusesHasTheNameOfItsError(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := txn.Run(t.Context(), l.runner, txn.Op{Name: "find"}, func(ctx context.Context, tx *txn.Tx) error {
		var n int
		return tx.QueryRow(ctx, `SELECT n FROM items WHERE name = 'z'`).Scan(&n)
	})
	if !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		find error.type=pgx.ErrNoRows outcome=aborted attempt.count=1 (Error)
		  find attempt attempt.number=1 error.type=pgx.ErrNoRows outcome=aborted`)
}

func TestAnAttemptIsNamedByWhatBrokeItAndTheUnitByWhatDoReturns(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := txn.Run(t.Context(), l.runner, txn.Op{Name: "insert"}, func(ctx context.Context, tx *txn.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO items VALUES ('a', 2)`); err != nil {
			return Refusal{}
		}
		return nil
	})
	if err != (Refusal{}) {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		insert error.type=keelotel.Refusal outcome=aborted attempt.count=1 (Error)
		  insert attempt attempt.number=1 error.type=23505 db.response.status_code=23505 outcome=aborted`)
}

func TestSpansEndWhenTheFunctionDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){
		"panic":  func() { panic("hidden") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }()
				_ = txn.Run(t.Context(), l.runner, txn.Op{Name: "leave"}, func(context.Context, *txn.Tx) error {
					leave()
					return nil
				})
			}()
			<-done
			equal(t, "spans", l.tree(), `
		leave error.type=txn.ErrNotReturned outcome=aborted attempt.count=1 (Error)
		  leave attempt attempt.number=1 error.type=txn.ErrNotReturned outcome=aborted`)
			equal(t, "metrics", l.metrics(), `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=leave,db.system.name=postgresql,error.type=txn.ErrNotReturned: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=leave,db.system.name=postgresql,error.type=txn.ErrNotReturned,sqlkeel.txn.outcome=aborted: 1`)
		})
	}
}

func TestPartsOfATransactionHaveNoSpans(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := txn.Run(t.Context(), l.runner, txn.Op{Name: "outer"}, func(ctx context.Context, tx *txn.Tx) error {
		for _, nest := range []txn.Propagation{txn.Join, txn.Savepoint} {
			if err := txn.Run(ctx, l.runner, txn.Op{Name: "inner", Propagation: nest}, add); err != nil {
				return err
			}
		}
		return tx.Savepoint(ctx, func(ctx context.Context) error { return add(ctx, tx) })
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		outer outcome=committed attempt.count=1
		  outer attempt attempt.number=1 outcome=committed`)
}

func TestStatementsBelongToTheirAttemptAndHooksToTheUnit(t *testing.T) {
	t.Parallel()
	l := setup(t)
	user := l.cfg.TracerProvider.Tracer("user")
	span := func(ctx context.Context, name string) context.Context {
		ctx, s := user.Start(ctx, name)
		s.End()
		return ctx
	}
	root, request := user.Start(t.Context(), "request")
	err := txn.Run(root, l.runner, txn.Op{Name: "add"}, func(ctx context.Context, tx *txn.Tx) error {
		span(ctx, "statement")
		tx.AfterCommit(func(ctx context.Context) { span(ctx, "hook") })
		if tx.Attempt() == 1 {
			return txn.Retryable(errors.New("once more"))
		}
		return tx.Savepoint(ctx, func(ctx context.Context) error {
			span(ctx, "in a part")
			return nil
		})
	})
	request.End()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		request
		  add outcome=committed attempt.count=2
		    add attempt attempt.number=1 error.type=*errors.errorString outcome=aborted retry_delay
		      statement
		    add attempt attempt.number=2 outcome=committed
		      statement
		      in a part
		    hook`)
}

func TestAUnitOnAnotherDatabaseIsBelowTheAttemptItIsIn(t *testing.T) {
	t.Parallel()
	l, other := setup(t), setup(t)
	observer := l.observer()
	first, second := l.over(l.pool, observer), l.over(other.pool, observer)
	err := txn.Run(t.Context(), first, txn.Op{Name: "outer"}, func(ctx context.Context, _ *txn.Tx) error {
		return txn.Run(ctx, second, txn.Op{Name: "inner"}, add)
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		outer outcome=committed attempt.count=1
		  outer attempt attempt.number=1 outcome=committed
		    inner outcome=committed attempt.count=1
		      inner attempt attempt.number=1 outcome=committed`)
}

func TestALostCommitIsUnknownOrTakesTimeToResolve(t *testing.T) {
	t.Parallel()
	l := setup(t)
	surface := l.over(&losing{Pool: l.pool}, l.observer())
	var unknown *txn.CommitUnknownError
	if err := txn.Run(t.Context(), surface, txn.Op{Name: "lose"}, add); !errors.As(err, &unknown) {
		t.Fatal(err)
	}
	resolve := l.over(&losing{Pool: l.pool}, l.observer())
	if err := txn.Run(t.Context(), resolve, txn.Op{Name: "find out", Commit: txn.Resolve}, add); err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), `
		lose error.type=*txn.CommitUnknownError outcome=unknown attempt.count=1 (Error)
		  lose attempt attempt.number=1 error.type=*txn.CommitUnknownError outcome=unknown
		find out outcome=committed attempt.count=1
		  find out attempt attempt.number=1 outcome=committed resolve_time`)
	equal(t, "metrics", l.metrics(), `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=find out,db.system.name=postgresql: 1
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=lose,db.system.name=postgresql,error.type=*txn.CommitUnknownError: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=find out,db.system.name=postgresql,sqlkeel.txn.outcome=committed: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=lose,db.system.name=postgresql,error.type=*txn.CommitUnknownError,sqlkeel.txn.outcome=unknown: 1
		sqlkeel.txn.resolve_time (s) db.namespace=shop,db.operation.name=find out,db.system.name=postgresql,sqlkeel.txn.outcome=committed: 1
		sqlkeel.txn.unknown_outcomes ({unit}) db.namespace=shop,db.operation.name=lose,db.system.name=postgresql: 1`)
}

func TestAUnitThatIsNotSampledIsMeasured(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.cfg.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(l.spans), sdktrace.WithSampler(sdktrace.NeverSample()))
	r := l.over(l.pool, l.observer())
	err := txn.Run(t.Context(), r, txn.Op{Name: "add"}, func(ctx context.Context, tx *txn.Tx) error {
		if !trace.SpanContextFromContext(ctx).IsValid() {
			t.Error("the trace's id is not passed on")
		}
		return add(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "spans", l.tree(), "")
	equal(t, "metrics", l.metrics(), `
		db.client.operation.duration (s) db.namespace=shop,db.operation.name=add,db.system.name=postgresql: 1
		sqlkeel.txn.attempts ({attempt}) db.namespace=shop,db.operation.name=add,db.system.name=postgresql,sqlkeel.txn.outcome=committed: 1`)
}
