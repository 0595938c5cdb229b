package seed

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestRowsCountsWhatTheGeneratorMakes(t *testing.T) {
	t.Parallel()
	forEachSize(t, func(t *testing.T, g *generator) {
		got := len(slices.Collect(g.books())) + len(slices.Collect(g.users())) + len(slices.Collect(g.reviews())) +
			len(slices.Collect(g.sales())) + len(slices.Collect(g.accounts())) + len(slices.Collect(g.tasks()))
		if want := g.size.Rows(); got != want {
			t.Errorf("%d rows, Rows says %d", got, want)
		}
	})
}

// count yields 0 to n-1.
func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestCopyAllSendsEveryRowOnceInBlocks(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{0: nil, 1: {1}, block: {block}, block + 1: {block, 1}, 2 * block: {block, block}} {
		var told, rows []int
		err := copyAll(t.Context(), func(_ context.Context, rs []int) (int64, error) {
			rows = append(rows, rs...)
			return int64(len(rs)), nil
		}, count(n), func(n int) { told = append(told, n) })
		if err != nil || !slices.Equal(told, want) || !slices.Equal(rows, slices.Collect(count(n))) {
			t.Errorf("%d rows: told %v of %d rows, error %v; want %v", n, told, len(rows), err, want)
		}
	}
}

func TestCopyAllStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	broken, calls := errors.New("broken"), 0
	err := copyAll(t.Context(), func(context.Context, []int) (int64, error) {
		calls++
		return 0, broken
	}, count(3*block), func(int) { t.Error("a failed block was reported") })
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("error %v after %d calls, want the first call's own", err, calls)
	}
}
