package cache

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func explode(context.Context, int64) (int64, error) { panic(io.ErrUnexpectedEOF) }

func leave(context.Context, int64) (int64, error) {
	runtime.Goexit()
	return 1, nil
}

func TestAPanicOfTheLoaderIsAnErrorForAllWaiters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		load   func(context.Context, int64) (int64, error)
		goexit bool
		frame  string
	}{
		"panic":  {explode, false, "cache.explode"},
		"Goexit": {leave, true, "cache.leave"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newView[int64, int64](t, newCache(t, Config{MaxLoads: 1}))
				released := make(chan struct{})
				load := func(ctx context.Context, args int64) (int64, error) {
					<-released
					return c.load(ctx, args)
				}
				waiters := []<-chan answer{ask(t.Context(), v, 1, load), ask(t.Context(), v, 1, load)}
				synctest.Wait()
				close(released)
				for _, w := range waiters {
					a := <-w
					if !errors.Is(a.err, ErrLoadPanic) || a.value != 0 {
						t.Fatalf("got %v", a)
					}
					text := a.err.Error()
					if strings.Contains(text, "Goexit") != c.goexit || !strings.Contains(text, `view "view"`) || !strings.Contains(text, c.frame) {
						t.Errorf("error without view, cause or the loader's stack: %v", a.err)
					}
					if errors.Is(a.err, io.ErrUnexpectedEOF) == c.goexit {
						t.Errorf("the value of panic is found in the error: %v", c.goexit)
					}
				}
				if got := get(t, v, 1, (&source{}).load); got != 0 {
					t.Errorf("then got %d", got)
				}
				if s := v.stats(); s.LoadErrors != 1 || s.Loads != 2 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestAPanicOfNotFoundIsAnErrorToo(t *testing.T) {
	t.Parallel()
	v := newViewWith[int64](t, newCache(t, Config{}), ViewConfig[int64]{NotFound: func(error) bool { panic("unsure") }})
	_, err := v.Get(t.Context(), target, 1, func(context.Context, int64) (int64, error) { return 0, errBroken })
	if !errors.Is(err, ErrLoadPanic) || !strings.Contains(err.Error(), "unsure") {
		t.Errorf("error %v", err)
	}
}

func TestALoadEndsAtTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newView[int64, int64](t, newCache(t, Config{LoadTimeout: time.Second}))
		start := time.Now()
		_, err := v.Get(t.Context(), target, 1, func(ctx context.Context, _ int64) (int64, error) {
			<-ctx.Done()
			return 1, errors.Join(errBroken, ctx.Err())
		})
		if d := time.Since(start); d != time.Second {
			t.Errorf("it took %v", d)
		}
		for _, want := range []error{ErrLoadTimeout, context.DeadlineExceeded, errBroken} {
			if !errors.Is(err, want) {
				t.Errorf("error %v is not %v", err, want)
			}
		}
		if want := `cache: view "view": load timed out after 1s: `; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s...", err, want)
		}
	})
}

func TestALoadThatGetsNoTurnTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newView[int64, int64](t, newCache(t, Config{LoadTimeout: time.Second, MaxLoads: 1}))
		released := make(chan struct{})
		slow := ask(t.Context(), v, 1, func(context.Context, int64) (int64, error) {
			<-released // heeds no context
			return 7, nil
		})
		synctest.Wait()
		_, err := v.Get(t.Context(), target, 2, func(context.Context, int64) (int64, error) {
			t.Error("ran without a turn")
			return 0, nil
		})
		if want := `cache: view "view": load timed out after 1s: wait for one of 1 turns: context deadline exceeded`; !errors.Is(err, ErrLoadTimeout) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		close(released)
		if a := <-slow; a != (answer{7, nil}) {
			t.Errorf("a late result is lost: %v", a)
		}
	})
}

func TestAWaiterEndsWithItsOwnContextAndTheLoadGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newView[int64, int64](t, newCache(t, Config{}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := v.Get(ctx, target, 1, func(context.Context, int64) (int64, error) {
			pass(time.Minute)
			return 7, nil
		})
		if want := `cache: view "view": wait for a load: context deadline exceeded`; !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if errors.Is(err, ErrLoadTimeout) {
			t.Error("the caller's timeout is taken for the load's")
		}
		pass(time.Minute)
		if got := get(t, v, 1, nil); got != 7 {
			t.Errorf("got %d, want what was loaded for nobody", got)
		}
	})
}

func TestALoadHasTheValuesOfItsCallersContext(t *testing.T) {
	t.Parallel()
	type mark struct{}
	v := newView[int64, int64](t, newCache(t, Config{}))
	ctx := context.WithValue(t.Context(), mark{}, int64(7))
	var inner context.Context
	got, err := v.Get(ctx, target, 1, func(ctx context.Context, _ int64) (int64, error) {
		inner = ctx
		return ctx.Value(mark{}).(int64), ctx.Err()
	})
	if got != 7 || err != nil {
		t.Errorf("got %d, error %v", got, err)
	}
	if inner.Err() == nil {
		t.Error("the load's context outlives the load")
	}
}

func TestALoadWithinALoadNeedsNoTurnOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newView[int64, int64](t, newCache(t, Config{MaxLoads: 1}))
		got := get(t, v, 1, func(ctx context.Context, _ int64) (int64, error) {
			inner, err := v.Get(ctx, target, 2, func(context.Context, int64) (int64, error) { return 20, nil })
			return inner + 1, err
		})
		if got != 21 {
			t.Errorf("got %d, want 21", got)
		}
	})
}

func TestALoadThatAsksForItselfTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newView[int64, int64](t, newCache(t, Config{LoadTimeout: time.Second}))
		var load func(context.Context, int64) (int64, error)
		load = func(ctx context.Context, args int64) (int64, error) { return v.Get(ctx, target, args, load) }
		if _, err := v.Get(t.Context(), target, 1, load); !errors.Is(err, ErrLoadTimeout) {
			t.Errorf("error %v", err)
		}
	})
}

func TestAMissingLoaderIsAnError(t *testing.T) {
	t.Parallel()
	v := newView[int64, int64](t, newCache(t, Config{}))
	if _, err := v.Get(t.Context(), target, 1, nil); !errors.Is(err, ErrLoadPanic) {
		t.Errorf("error %v", err)
	}
}

func TestLoadTimeIsSummed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		v := newView[int64, int64](t, c)
		for i := range int64(3) {
			get(t, v, i, func(context.Context, int64) (int64, error) {
				pass(time.Second)
				return 0, nil
			})
		}
		if got := v.stats().LoadTime; got != 3*time.Second {
			t.Errorf("load time %v, want 3s", got)
		}
	})
}
