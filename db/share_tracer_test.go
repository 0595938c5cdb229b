package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// spans is a tracer that counts, and panics for one statement.
type spans struct {
	mu      sync.Mutex
	started map[int]int // by the reads that share
	ended   []error
	panics  string
}

type spanKey struct{}

func (s *spans) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started[SharedBy(ctx)]++
	if conn.PgConn().PID() == 0 || s.panics != "" && data.SQL == s.panics {
		panic("a tracer")
	}
	return context.WithValue(ctx, spanKey{}, data.SQL)
}

func (s *spans) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Value(spanKey{}) == nil || conn.PgConn().IsBusy() {
		panic("not the context of the start")
	}
	s.ended = append(s.ended, data.Err)
}

func TestEachSharedReadHasASpan(t *testing.T) {
	t.Parallel()
	tracer := &spans{started: map[int]int{}}
	s := share(t, Config{Tracer: tracer})
	tracer.started, tracer.ended = map[int]int{}, nil
	fails := func() error { return s.QueryRow(t.Context(), itemHalf, 13).Scan(new(int)) }
	s.together(t, append([]func() error{fails}, s.reads(t, 1, 2, 3)...)...) // which are sent again
	failed := 0
	for _, err := range tracer.ended {
		if err != nil {
			failed++
		}
	}
	if len(tracer.started) != 1 || tracer.started[4] != 4 || len(tracer.ended) != 4 || failed != 1 {
		t.Errorf("started %v, ended %v", tracer.started, tracer.ended)
	}
	if SharedBy(t.Context()) != 1 {
		t.Error("a read alone is one")
	}
}

func TestATracersPanicIsThatOfItsRead(t *testing.T) {
	t.Parallel()
	tracer := &spans{started: map[int]int{}}
	s := share(t, Config{Tracer: tracer})
	tracer.panics = itemNote
	calls := append(s.reads(t, 1, 2, 3), func() (err error) {
		defer func() { err = fmt.Errorf("%v", recover()) }()
		return s.QueryRow(t.Context(), itemNote, 2).Scan(new(string), new(string))
	})
	for i, err := range s.together(t, calls...) {
		if i == 3 && err.Error() != "a tracer" || i != 3 && err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
}

// faultyTracer is a tracer that ends its goroutine or panics at a step.
type faultyTracer struct {
	at   atomic.Pointer[string]
	with func()
}

func (b *faultyTracer) step(name string) {
	if at := b.at.Load(); at != nil && *at == name {
		b.with()
	}
}

func (b *faultyTracer) arm(step string) { b.at.Store(&step) }

func (b *faultyTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	b.step("start")
	return ctx
}

func (b *faultyTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {
	b.step("end")
}

func (b *faultyTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	b.step("acquire")
	return ctx
}

func (b *faultyTracer) TraceAcquireEnd(context.Context, *pgxpool.Pool, pgxpool.TraceAcquireEndData) {}

func TestABrokenTracerLeavesNothingTaken(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(){"panic": func() { panic("a tracer") }, "Goexit": runtime.Goexit} {
		for _, step := range []string{"start", "end", "acquire"} {
			t.Run(name+" at "+step, func(t *testing.T) {
				t.Parallel()
				tracer := &faultyTracer{with: with}
				s := share(t, Config{Tracer: tracer})
				tracer.arm(step)
				done := make(chan struct{}, 3)
				for i := range 3 {
					go func() {
						defer func() {
							_ = recover()
							done <- struct{}{}
						}()
						_, _ = s.name(t.Context(), i+1)
					}()
					eventually(t, "a read that waits", func() bool { return s.waiters() == i+1 })
				}
				s.free()
				for range 3 {
					receive(t, "the end of a read", done)
				}
				tracer.arm("")
				if _, err := s.name(t.Context(), 1); err != nil {
					t.Error(err)
				}
				eventually(t, "all given back", func() bool { got := s.stats(); return got.InUse == 0 && got.Waiting == 0 })
				if q := &s.shares.queue; q.readers != 0 || q.running != 0 || len(s.slots) != 0 {
					t.Errorf("%d readers, %d running, %d slots", q.readers, q.running, len(s.slots))
				}
			})
		}
	}
}

// endings is a tracer whose first end panics.
type endings struct{ started, ended atomic.Int64 }

func (e *endings) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	e.started.Add(1)
	return ctx
}

func (e *endings) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {
	if e.ended.Add(1) == 1 {
		panic("a tracer")
	}
}

func TestAllSpansEndWhenATracerPanics(t *testing.T) {
	t.Parallel()
	tracer := new(endings)
	s := share(t, Config{Tracer: tracer})
	tracer.ended.Store(0)
	started := tracer.started.Load()
	for i, err := range s.together(t, s.reads(t, 1, 2, 3)...) {
		if err != nil {
			t.Errorf("read %d: %v", i, err)
		}
	}
	if n, ended := tracer.started.Load()-started, tracer.ended.Load(); n != 3 || ended != 3 {
		t.Errorf("%d spans began, %d ended", n, ended)
	}
}

// keeper is a tracer that keeps the arguments until the end, as pgx's tracelog does.
type keeper struct {
	mu    sync.Mutex
	ended []error
}

type argsKey struct{}

func (*keeper) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, argsKey{}, data.Args)
}

func (k *keeper) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	k.mu.Lock()
	defer k.mu.Unlock()
	args, _ := ctx.Value(argsKey{}).([]any)
	if len(args) == 1 {
		if id, ok := args[0].(*int); ok && *id == 3 {
			k.ended = append(k.ended, data.Err)
		}
	}
}

// A caller that left may change its arguments, which the race detector watches.
func TestTheSpanOfACallerThatLeavesEndsBefore(t *testing.T) {
	t.Parallel()
	tracer := new(keeper)
	s := share(t, Config{Tracer: tracer})
	s.batch(t).once(t) // its text is prepared, so that the batch below sends it
	lock := s.pg.Conn()
	execute(t, lock, "BEGIN", "LOCK TABLE items")
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan int, 1)
	id := 3
	calls := append(s.reads(t, 1, 2), func() error {
		err := s.QueryRow(ctx, itemName, &id).Scan(new(int), new(string))
		tracer.mu.Lock()
		ended := len(tracer.ended)
		tracer.mu.Unlock()
		id = 4
		left <- ended
		return err
	})
	unlocked := make(chan struct{})
	go func() {
		defer close(unlocked)
		eventually(t, "a batch that waits for the lock", func() bool { return number(t, lock, "SELECT count(*) "+lockWaiters) > 0 })
		leave()
		if ended := receive(t, "the leaver's end", left); ended != 1 {
			t.Errorf("%d spans of the leaver ended before it left", ended)
		}
		execute(t, lock, "COMMIT")
	}()
	for i, err := range s.together(t, calls...) {
		if (i == 2) != errors.Is(err, context.Canceled) {
			t.Errorf("read %d: %v", i, err)
		}
	}
	receive(t, "the end of the lock", unlocked)
	if len(tracer.ended) != 1 || !errors.Is(tracer.ended[0], context.Canceled) {
		t.Errorf("the leaver's spans ended with %v", tracer.ended)
	}
}

// beside is a tracer whose caller leaves while it has the arguments.
type beside struct {
	leave func()
	left  atomic.Bool
	early atomic.Bool
}

type besideKey struct{}

func (b *beside) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if ctx.Value(besideKey{}) == nil {
		return ctx
	}
	b.leave()
	stacks := make([]byte, 1<<20)
	for !b.left.Load() && !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("traceEnd(")) {
		runtime.Gosched()
	}
	b.early.Store(b.left.Load())
	return ctx
}

func (*beside) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestACallerThatLeavesWaitsForTheTracerOfItsArguments(t *testing.T) {
	t.Parallel()
	tracer := new(beside)
	s := share(t, Config{Tracer: tracer})
	ctx, leave := context.WithCancel(context.WithValue(t.Context(), besideKey{}, 1))
	tracer.leave = leave
	s.together(t, append(s.reads(t, 1, 2), func() error {
		_, err := s.name(ctx, 3)
		tracer.left.Store(true)
		return err
	})...)
	if tracer.early.Load() {
		t.Error("it left while the tracer had its arguments")
	}
}

func TestOnlyReadsThatAreSentHaveASpan(t *testing.T) {
	t.Parallel()
	tracer := &spans{started: map[int]int{}}
	s := share(t, Config{Tracer: tracer})
	tracer.started, tracer.ended = map[int]int{}, nil
	s.shares.texts.Delete(itemNote)
	s.together(t, append(s.reads(t, 1, 2, 3), func() error { return s.QueryRow(t.Context(), itemNote, 2).Scan(new(string), new(string)) })...)
	if len(tracer.started) != 2 || tracer.started[3] != 3 || tracer.started[1] != 1 {
		t.Errorf("started %v", tracer.started)
	}
	for _, err := range tracer.ended {
		if err != nil {
			t.Errorf("a span ended with %v", err)
		}
	}
}
