package txn

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestABudgetBoundsWhatRetriesAdd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{RetryBudget: 100})
		attempts := 0
		fail := func(n int) (refused int) {
			for range n {
				failed := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { attempts++; return Retryable(errBoom) })
				if errors.Is(failed, ErrRetryBudget) && errors.Is(failed, errBoom) {
					refused++
				}
			}
			return refused
		}
		if refused := fail(50); attempts != 50+100/costRetry || refused < 40 {
			t.Errorf("%d attempts for 50 units, %d refused", attempts, refused)
		}
		if failed := Run(t.Context(), r, Op{Name: "y"}, func(_ context.Context, tx *Tx) error {
			if tx.Attempt() == 1 {
				return Retryable(errBoom)
			}
			return nil
		}); failed != nil {
			t.Errorf("another operation pays too: %v", failed)
		}
		attempts = 0
		for range 2 * costRetry {
			if failed := Run(t.Context(), r, Op{Name: "x"}, nothing); failed != nil {
				t.Error(failed)
			}
		}
		if fail(10); attempts != 10+2 {
			t.Errorf("%d attempts for 10 units after successes that pay for 2 more", attempts)
		}
	})
}

// manyAtOnce is a database that can be used by many at once.
var manyAtOnce = beginnerFunc(func() *fakeDB { return &fakeDB{} })

// loses fails by a conflict until attempt n. Before each another unit is committed, if
// there is one.
func loses(r *Runner, n int, other *Op) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		switch {
		case tx.Attempt() >= n:
			return nil
		case other == nil:
			return serverError("40001")
		}
		return beside(r, *other)(ctx, tx)
	}
}

func TestAConflictCostsTokensUnlessAnotherTransactionWasCommitted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		other *Op
		free  bool
	}{
		"nobody committed":            {nil, false},
		"another one read":            {&Op{Name: "other", ReadOnly: true}, false},
		"another one wrote":           {&Op{Name: "other"}, true},
		"another one of the name did": {&Op{Name: "x", ConflictKey: "another"}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRunner(t, manyAtOnce, Config{RetryBudget: 2 * costRetry, MaxAttempts: 50})
			err := Run(t.Context(), r, Op{Name: "x"}, loses(r, 50, tc.other))
			var exhausted *ExhaustedError
			if tc.free && err != nil || !tc.free && (!errors.As(err, &exhausted) || len(exhausted.Causes) != 3 || !errors.Is(err, ErrRetryBudget)) {
				t.Errorf("%s: error is %v", name, err)
			}
		})
	}
}

// The other transaction may be of another process, or not be counted yet.
func TestAUnitThatIsCommittedGivesBackWhatItsConflictsCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, manyAtOnce, Config{RetryBudget: 3 * costRetry})
		for range 100 {
			if err := Run(t.Context(), r, Op{Name: "x"}, loses(r, 4, nil)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAMinuteWithoutARetryGivesAllTokensBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, manyAtOnce, Config{})
		start := time.Now()
		storm := func() int {
			attempts, _ := clashAll(t, r, sameOp(Op{Name: "x"}), func(context.Context, *Tx) error { return serverError("40001") })
			return attempts
		}
		most := stormCallers + r.cfg.RetryBudget/costRetry
		if first := storm(); first != most {
			t.Errorf("%d attempts", first)
		}
		for time.Since(start) < 2*budgetRest { // while it goes on nothing comes back
			if again := storm(); again != stormCallers {
				t.Errorf("%d attempts, without tokens", again)
			}
			time.Sleep(budgetRest / 2)
		}
		time.Sleep(budgetRest)
		if later := storm(); later != most {
			t.Errorf("%d attempts after a rest", later)
		}
	})
}

type targetKey struct{}

func targetOf(ctx context.Context) string {
	name, _ := ctx.Value(targetKey{}).(string)
	return name
}

func TestTargetsPayForThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeSet{Beginner: manyAtOnce, name: targetOf}, Config{RetryBudget: 2 * costRetry, MaxAttempts: 50})
		a, b := context.WithValue(t.Context(), targetKey{}, "a"), context.WithValue(t.Context(), targetKey{}, "b")
		err := Run(a, r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			if err := Run(b, r, Op{Name: "other"}, nothing); err != nil { // no excuse for a conflict on a
				return err
			}
			return serverError("40001")
		})
		var exhausted *ExhaustedError
		if !errors.As(err, &exhausted) || len(exhausted.Causes) != 3 {
			t.Errorf("on a: %v", err)
		}
		if err := Run(b, r, Op{Name: "x"}, loses(r, 3, nil)); err != nil {
			t.Errorf("b has no tokens left: %v", err)
		}
		if err := Run(a, r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if tx.Attempt() > 10 {
				return nil
			}
			return errors.Join(Run(context.WithValue(context.Background(), targetKey{}, "a"), r, Op{Name: "other"}, nothing), serverError("40001"))
		}); err != nil {
			t.Errorf("a commit on a is no excuse there: %v", err)
		}
		unknown := context.WithValue(t.Context(), targetKey{}, "no such")
		_ = Run(unknown, r, Op{Name: "x"}, func(context.Context, *Tx) error { return errBoom })
		r.commits.targets.Range(func(name, _ any) bool {
			if name == "no such" {
				t.Error("a target that does not exist is remembered")
			}
			return true
		})
	})
}

// Beyond the default number a unit goes on while others of its name are committed; a
// number that was given is the most.
func TestAUnitThatLosesToOthersOfItsNameHasMoreAttempts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg         Config
		op          Op
		with        string
		least, most int
	}{
		"default":                 {Config{}, Op{}, "x", mostAttempts, mostAttempts},
		"others commit elsewhere": {Config{}, Op{}, "other", defaultAttempts, defaultAttempts},
		"given by Config":         {Config{MaxAttempts: 12}, Op{}, "x", 12, 12},
		"given by Op":             {Config{}, Op{MaxAttempts: 12}, "x", 12, 12},
		"never again":             {Config{}, Op{MaxAttempts: 1}, "x", 1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRunner(t, manyAtOnce, tc.cfg)
			tc.op.Name = "x"
			ctx, cancel := context.WithCancel(t.Context())
			others := async(func() error {
				for ctx.Err() == nil {
					_ = Run(ctx, r, Op{Name: tc.with}, nothing)
					time.Sleep(time.Millisecond)
				}
				return nil
			})
			err := Run(t.Context(), r, tc.op, func(context.Context, *Tx) error {
				time.Sleep(10 * time.Millisecond)
				return serverError("40001")
			})
			cancel()
			<-others
			var exhausted *ExhaustedError
			if !errors.As(err, &exhausted) || len(exhausted.Causes) < tc.least || len(exhausted.Causes) > tc.most {
				t.Errorf("%s: error is %v, want it after %d to %d attempts", name, err, tc.least, tc.most)
			}
		})
	}
}

func TestEachAttemptBeyondTheDefaultNumberCostsAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, manyAtOnce, Config{RetryBudget: (defaultAttempts-1)*costRetry + 20*costOnce})
		err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if tx.Attempt() == 2 { // by which it may go on, at the cost of what this one gives back
				return beside(r, Op{Name: "x", ConflictKey: "another"})(ctx, tx)
			}
			return serverError("40001")
		})
		want := defaultAttempts + 20*costOnce + costRetry + 1
		var exhausted *ExhaustedError
		if !errors.As(err, &exhausted) || len(exhausted.Causes) != want || !errors.Is(err, ErrRetryBudget) {
			t.Errorf("error is %v, want it after attempt %d", err, want)
		}
	})
}
