package unit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func with(ctx context.Context, u *unit.Unit) context.Context {
	u.Outer = unit.Of(ctx)
	return context.WithValue(ctx, unit.Key{}, u)
}

func TestTheUnitOverAPoolIsFoundWhileItLasts(t *testing.T) {
	t.Parallel()
	a, b := new(int), new(int)
	outer, inner, again := &unit.Unit{Op: "outer", Pool: a}, &unit.Unit{Op: "inner", Pool: b}, &unit.Unit{Op: "again", Pool: a}
	ctx := with(with(with(t.Context(), outer), inner), again)
	for _, step := range []struct {
		end          *unit.Unit
		overA, overB *unit.Unit
	}{{nil, again, inner}, {again, outer, inner}, {inner, outer, nil}, {outer, nil, nil}} {
		if step.end != nil {
			step.end.End()
		}
		if gotA, gotB := unit.Over(ctx, a), unit.Over(ctx, b); gotA != step.overA || gotB != step.overB {
			t.Errorf("over a: %+v, over b: %+v", gotA, gotB)
		}
	}
	if u := unit.Of(ctx); u != again || !u.Ended() {
		t.Errorf("the innermost mark is %+v", u)
	}
	if unit.Of(t.Context()) != nil || unit.Over(t.Context(), a) != nil {
		t.Error("a context without a mark has one")
	}
}

func TestFencesAreRaisedAndLoweredInOrder(t *testing.T) {
	t.Parallel()
	var calls []string
	u := &unit.Unit{}
	if u.Raise() != nil {
		t.Error("without a fence there is something to lower")
	}
	for _, name := range []string{"a", "b"} {
		u.OnCommit(func() func(stmt.Outcome) {
			calls = append(calls, "raise "+name)
			return func(o stmt.Outcome) { calls = append(calls, "lower "+name+" "+o.String()) }
		})
	}
	u.Raise()(stmt.Unknown)
	if want := []string{"raise a", "raise b", "lower a unknown", "lower b unknown"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q", calls)
	}
}
