package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// calling is an Invalidator that adds its calls to a list.
type calling struct{ calls *[]string }

// BeforeWrite adds "before".
func (c calling) BeforeWrite(string, []stmt.Run) { *c.calls = append(*c.calls, "before") }

// AfterWrite adds "after" and the outcome.
func (c calling) AfterWrite(_ string, _ []stmt.Run, o stmt.Outcome) {
	*c.calls = append(*c.calls, "after "+o.String())
}

func TestHooksRunOnceAfterTheOutcome(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		out  func(tx *Tx) error
		want []string
	}{
		"committed":           {func(*Tx) error { return nil }, []string{"before", "after committed", "commit 1", "commit 2"}},
		"failed":              {func(*Tx) error { return errBoom }, []string{"rollback 1 boom", "rollback 2 boom"}},
		"committed the third": {func(tx *Tx) error { return Retryable(fmt.Errorf("%d", tx.Attempt())) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls []string
			r := newRunner(t, &fakeDB{}, Config{BackoffBase: 1, BackoffMax: 1, Invalidator: calling{&calls}})
			err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				n := tx.Attempt()
				if tc.want == nil {
					n *= 10
				}
				if _, err := tx.Exec(ctx, "a write"); err != nil {
					return err
				}
				for i := range 2 {
					tx.AfterCommit(func(context.Context) { calls = append(calls, fmt.Sprint("commit ", n+i)) })
					tx.AfterRollback(func(_ context.Context, err error) { calls = append(calls, fmt.Sprint("rollback ", n+i, " ", err)) })
				}
				if tc.want == nil && tx.Attempt() == 3 {
					return nil
				}
				return tc.out(tx)
			})
			want := tc.want
			if want == nil {
				want = []string{"before", "after committed", "commit 30", "commit 31"}
			}
			if !slices.Equal(calls, want) {
				t.Errorf("calls %q, want %q, error %v", calls, want, err)
			}
		})
	}
}

func TestAnUnknownOutcomeRunsNoHooksAndIsReported(t *testing.T) {
	t.Parallel()
	var calls []string
	r := newRunner(t, &fakeDB{commit: func(int) error { return errBoom }}, Config{Invalidator: calling{&calls}})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		tx.AfterCommit(func(context.Context) { calls = append(calls, "commit") })
		tx.AfterRollback(func(context.Context, error) { calls = append(calls, "rollback") })
		_, err := tx.Exec(ctx, "a write")
		return err
	})
	var unknown *CommitUnknownError
	if !errors.As(err, &unknown) || !slices.Equal(calls, []string{"before", "after unknown"}) {
		t.Errorf("calls %q, error %v", calls, err)
	}
}

func TestAHookThatPanicsOrEndsItsGoroutineStopsNoOther(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for name, out := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		log.Reset()
		var calls []int
		r := newRunner(t, &fakeDB{}, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		returned, panicked, err := leave(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			for i := range 3 {
				tx.AfterCommit(func(context.Context) {
					calls = append(calls, i)
					if i == 1 {
						out()
					}
				})
			}
			return nil
		})
		if !slices.Equal(calls, []int{0, 1, 2}) || panicked != nil || err != nil || returned != (name == "panic") {
			t.Errorf("%s: calls %v, returned %t, panicked %v, error %v", name, calls, returned, panicked, err)
		}
		if name == "panic" && !strings.Contains(log.String(), "a hook panicked") {
			t.Errorf("log: %s", &log)
		}
	}
}

func TestAHookMayUseTheDatabaseAlsoWhenTheContextHasEnded(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, l.runner, Op{Name: "outer"}, func(_ context.Context, tx *Tx) error {
		tx.AfterRollback(func(ctx context.Context, err error) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the hook was told %v", err)
			}
			if err := Run(ctx, l.runner, Op{Name: "inner"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 1) }); err != nil {
				t.Error(err)
			}
		})
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

func TestRollbackHooksRunWhenTheFunctionDoesNotReturn(t *testing.T) {
	t.Parallel()
	var told error
	r := newRunner(t, &fakeDB{}, Config{})
	_, panicked, _ := leave(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
		tx.AfterRollback(func(_ context.Context, err error) { told = err })
		panic(errBoom)
	})
	if panicked != errBoom || !errors.Is(told, ErrNotReturned) {
		t.Errorf("panicked %v, the hook was told %v", panicked, told)
	}
}

// FuzzHooksFollowTheirParts runs random nestings of parts, with hooks in between,
// and compares with what a simple model says: the hooks of parts that were kept,
// all the way up, are called once and in order.
func FuzzHooksFollowTheirParts(f *testing.F) {
	for _, program := range []string{"h", "(h)", "(h!", "h(h(h!h)h", "((h)(h!)h", "(((((h!!!!!h", "h((h)!h)?", "(h?h)h?", "(h)?"} {
		f.Add([]byte(program))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		if err := followProgram(t, program); err != nil {
			t.Error(err)
		}
	})
}

func TestHooksOfAPartThatWasRolledBackAreDropped(t *testing.T) {
	t.Parallel()
	if err := followProgram(t, []byte("h(h)(h(h)!h(h")); err != nil {
		t.Error(err)
	}
}

// program is what the bytes say: h gives a hook, ( begins a part, ) ends it, ! ends it
// with an error, and ? has the attempt repeated, once each. Parts that are open at
// the end are kept.
type program struct {
	text  []byte
	again map[int]bool // the ? that were met
	next  int          // number of the next hook
	calls []int
}

func followProgram(t *testing.T, text []byte) error {
	r := newRunner(t, &fakeDB{}, Config{MaxAttempts: 1 << 20, RetryBudget: 1 << 30, BackoffBase: 1, BackoffMax: 1})
	p := &program{text: text, again: map[int]bool{}}
	var model []int
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		_, kept, _, err := p.part(ctx, tx, 0)
		model = kept
		return err
	})
	if err != nil {
		return err
	}
	if !slices.Equal(p.calls, model) {
		return fmt.Errorf("%s: hooks %v were called, the model says %v", text, p.calls, model)
	}
	return nil
}

// part follows the text from i to the part's end. It returns where that is, the hooks
// that were kept, whether the part is to fail, and an error to repeat the attempt.
func (p *program) part(ctx context.Context, tx *Tx, i int) (end int, kept []int, fails bool, err error) {
	for ; i < len(p.text); i++ {
		switch p.text[i] {
		case 'h':
			n := p.next
			p.next++
			kept = append(kept, n)
			tx.AfterCommit(func(context.Context) { p.calls = append(p.calls, n) })
			tx.AfterRollback(func(context.Context, error) { p.calls = append(p.calls, -n-1) })
		case '(':
			var inner []int
			failed := tx.Savepoint(ctx, func(ctx context.Context) error {
				i, inner, fails, err = p.part(ctx, tx, i+1)
				if fails {
					return errBoom
				}
				return err
			})
			if err != nil {
				return i, nil, false, err
			}
			if failed == nil {
				kept = append(kept, inner...)
			}
		case ')':
			return i, kept, false, nil
		case '!':
			return i, kept, true, nil
		case '?':
			if !p.again[i] {
				p.again[i] = true
				return i, nil, false, Retryable(errBoom)
			}
		}
	}
	return i, kept, false, nil
}
