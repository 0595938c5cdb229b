package pgtest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var errBoom = errors.New("boom")

const (
	getBook  = "-- name: GetBook :one\nSELECT 1"
	listBook = "-- name: ListBooks :many\nSELECT 1 UNION ALL SELECT 2"
)

// ways are all the ways to send a statement, reduced to their error.
var ways = map[string]func(ctx context.Context, e Executor) error{
	"Exec": func(ctx context.Context, e Executor) error {
		_, err := e.Exec(ctx, getBook)
		return err
	},
	"Query": func(ctx context.Context, e Executor) error {
		rows, err := e.Query(ctx, getBook)
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	},
	"QueryRow": func(ctx context.Context, e Executor) error {
		var n int
		return e.QueryRow(ctx, getBook).Scan(&n)
	},
	"SendBatch": func(ctx context.Context, e Executor) error {
		b := &pgx.Batch{}
		b.Queue("SELECT 0")
		b.Queue(getBook)
		return e.SendBatch(ctx, b).Close()
	},
}

func TestEveryWayToSendAStatementCanFailWithoutAServer(t *testing.T) {
	t.Parallel()
	for name, send := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := NewFaulty(nil)
			f.Fail("GetBook", errBoom)
			for range 2 {
				if err := send(t.Context(), f); !errors.Is(err, errBoom) {
					t.Errorf("got %v, want boom", err)
				}
			}
			if got := f.Calls("GetBook"); got != 2 {
				t.Errorf("%d calls, want 2", got)
			}
			f.Reset()
			if err := send(t.Context(), f); !errors.Is(err, ErrNoServer) {
				t.Errorf("without a rule: %v, want ErrNoServer", err)
			}
		})
	}
}

func TestEveryWayToSendAStatementReachesTheServerWithoutARule(t *testing.T) {
	t.Parallel()
	pool := New(t).Pool()
	f := NewFaulty(pool)
	f.Fail("AnotherStatement", errBoom)
	for name, send := range ways {
		if err := send(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pool.Exec(t.Context(), "CREATE TABLE books (id int)"); err != nil {
		t.Fatal(err)
	}
	rows := pgx.CopyFromRows([][]any{{1}, {2}})
	if n, err := f.CopyFrom(t.Context(), pgx.Identifier{"books"}, []string{"id"}, rows); n != 2 || err != nil {
		t.Errorf("CopyFrom: %d, %v", n, err)
	}
	f.Fail("COPY books", errBoom)
	if _, err := f.CopyFrom(t.Context(), pgx.Identifier{"books"}, []string{"id"}, pgx.CopyFromRows(nil)); !errors.Is(err, errBoom) {
		t.Errorf("CopyFrom: %v, want boom", err)
	}
}

func TestARuleForOneCallAppliesToThatCall(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	f.FailNth("GetBook", 3, errBoom)
	f.FailNth("GetBook", 0, errBoom) // none
	var failed []int
	for i := range 5 {
		if _, err := f.Exec(t.Context(), getBook); errors.Is(err, errBoom) {
			failed = append(failed, i+1)
		}
		_, _ = f.Exec(t.Context(), listBook) // does not count
	}
	if len(failed) != 1 || failed[0] != 3 {
		t.Errorf("failed calls %v, want the third alone", failed)
	}
	f.FailOnce("GetBook", errBoom)
	for i, want := range []error{errBoom, ErrNoServer} {
		if _, err := f.Exec(t.Context(), getBook); !errors.Is(err, want) {
			t.Errorf("call %d: %v, want %v", i, err, want)
		}
	}
}

func TestACodeIsAServersError(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	f.FailCodeOnce("GetBook", "40001")
	f.FailCode(AnyStatement, "57014")
	for i, want := range []string{"40001", "57014", "57014"} {
		_, err := f.Exec(t.Context(), getBook)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != want {
			t.Errorf("call %d: %v, want %s", i, err, want)
		}
	}
	if _, err := f.Exec(t.Context(), "SELECT 1"); err == nil || f.Calls("SELECT 1") != 1 || f.Calls(AnyStatement) != 4 {
		t.Errorf("%v after %d calls of it and %d in all", err, f.Calls("SELECT 1"), f.Calls(AnyStatement))
	}
}

func TestACutLooksLikeABrokenConnection(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	f.Cut("GetBook")
	var n int
	if err := f.QueryRow(t.Context(), getBook).Scan(&n); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected EOF", err)
	}
	if err := f.QueryRow(t.Context(), getBook).Scan(&n); !errors.Is(err, ErrNoServer) {
		t.Errorf("the next call: %v", err)
	}
}

func TestAHeldCallWaitsForItsRelease(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	arrived, release := f.Hold("GetBook")
	f.Fail("GetBook", errBoom) // after the wait
	ended := make(chan error, 1)
	go func() { _, err := f.Exec(t.Context(), getBook); ended <- err }()
	<-arrived
	select {
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	release()
	release()
	if err := <-ended; !errors.Is(err, errBoom) {
		t.Errorf("got %v, want boom", err)
	}
}

func TestAHeldCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	arrived, _ := f.Hold(AnyStatement)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := f.Exec(ctx, getBook); ended <- err }()
	<-arrived
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestResetReleasesHeldCalls(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	arrived, _ := f.Hold("GetBook")
	ended := make(chan error, 1)
	go func() { _, err := f.Exec(t.Context(), getBook); ended <- err }()
	<-arrived
	f.Reset()
	if err := <-ended; !errors.Is(err, ErrNoServer) {
		t.Errorf("got %v, want ErrNoServer", err)
	}
}

func TestAFaultyIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 50 {
				f.FailOnce("GetBook", errBoom)
				_, _ = f.Exec(t.Context(), getBook)
			}
		})
	}
	work.Wait()
	if got := f.Calls("GetBook"); got != 400 {
		t.Errorf("%d calls, want 400", got)
	}
}

func TestWhatAFailedStatementReturnsIsSafeToUse(t *testing.T) {
	t.Parallel()
	f := NewFaulty(nil)
	f.Fail(AnyStatement, errBoom)
	rows, err := f.Query(t.Context(), "SELECT 1")
	if !errors.Is(err, errBoom) || !errors.Is(rows.Err(), errBoom) || !errors.Is(f.QueryRow(t.Context(), "SELECT 1").Scan(), errBoom) {
		t.Errorf("Query: %v", err)
	}
	rows.Close()
	if rows.Next() || rows.RawValues() != nil || rows.Conn() != nil || rows.TypeMap() != nil ||
		rows.FieldDescriptions() != nil || rows.CommandTag().RowsAffected() != 0 {
		t.Error("failed rows hold something")
	}
	if _, err := rows.Values(); !errors.Is(err, errBoom) {
		t.Errorf("Values: %v", err)
	}
	queued := &pgx.Batch{}
	queued.Queue("SELECT 1")
	batch := f.SendBatch(t.Context(), queued)
	_, execErr := batch.Exec()
	_, queryErr := batch.Query()
	for _, err := range []error{execErr, queryErr, batch.QueryRow().Scan(), batch.Close()} {
		if !errors.Is(err, errBoom) {
			t.Errorf("batch: %v", err)
		}
	}
	if batch.Tx() != nil {
		t.Error("a failed batch has a transaction")
	}
}
