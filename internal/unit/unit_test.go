package unit_test

import (
	"context"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/unit"
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
