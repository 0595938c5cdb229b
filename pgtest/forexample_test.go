package pgtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// A database for an example, with its output checked.
func ExampleForExample() {
	t, done := pgtest.ForExample()
	defer done()
	var one int
	err := pgtest.New(t).Pool().QueryRow(context.Background(), "SELECT 1").Scan(&one)
	fmt.Println(one, err)
	// Output: 1 <nil>
}

func TestAnExamplesCleanupsRunBackwards(t *testing.T) {
	t.Parallel()
	tb, done := pgtest.ForExample()
	var order []int
	for i := range 3 {
		tb.Cleanup(func() { order = append(order, i) })
	}
	done()
	if !slices.Equal(order, []int{2, 1, 0}) {
		t.Errorf("cleanups ran in the order %v", order)
	}
}

func TestAnErrorInAnExampleCountsAsFailure(t *testing.T) {
	t.Parallel()
	tb, done := pgtest.ForExample()
	defer done()
	if tb.Failed() {
		t.Error("failed before anything happened")
	}
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "no server 7") {
			t.Errorf("Fatalf panicked with %v", p)
		}
	}()
	tb.Fatalf("no server %d", 7)
}
