package generated_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// wide has ten filters, so that there are more masks than variants may be. Its
// variants name their parameters: what comes back tells whether text and arguments
// belong together.
func wide(name string) (*stmt.Registry, string) {
	v := &generated.Variants{}
	sql := "-- name: " + name + "\nSELECT"
	v.Segments = append(v.Segments, generated.Segment{Text: sql})
	for i := range 10 {
		v.Params = append(v.Params, generated.Param{Param: i + 1, Values: null, Read: generated.Pointer[int]})
		v.Segments = append(v.Segments, generated.Segment{Absent: 1 << i, Text: fmt.Sprintf(" c%d=", i), Param: i + 1, Type: "int"})
	}
	return stmt.NewRegistry(nil, stmt.Statement{Name: name, SQL: sql, Variants: v}), sql
}

// wideArgs are arguments of which those of mask are there, each its own number.
func wideArgs(mask int) []any {
	args := make([]any, 10)
	for i := range args {
		args[i] = (*int)(nil)
		if mask>>i&1 == 1 {
			args[i] = &numbers[i]
		}
	}
	return args
}

var numbers = [10]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// fits says what is wrong with a variant of wide: a placeholder that is not its
// column's argument.
func fits(sql string, args []any) string {
	_, list, _ := strings.Cut(sql, "SELECT")
	for i, part := range strings.Fields(list) {
		if want := fmt.Sprintf("c%d=$%d::int", *args[i].(*int), i+1); part != want {
			return fmt.Sprintf("%s instead of %s in %s", part, want, sql)
		}
	}
	if n := strings.Count(list, "$"); n != len(args) {
		return fmt.Sprintf("%d arguments for %s", len(args), sql)
	}
	return ""
}

// However many ask for however many variants at once, there are at most MaxVariants,
// each has its own arguments, and the arguments of callers do not change.
func TestVariantsAreBoundedWhoeverAsksForThem(t *testing.T) {
	t.Parallel()
	r, sql := wide("Wide")
	var mu sync.Mutex
	texts := map[string]bool{}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(g)))
			for range 2000 {
				args := wideArgs(rng.IntN(1 << 10))
				before := slices.Clone(args)
				text, left := rewrite(r, sql, args)
				if !reflect.DeepEqual(args, before) {
					t.Errorf("arguments %v", args)
				}
				if text == sql && len(left) == len(args) {
					continue
				}
				if wrong := fits(text, left); wrong != "" {
					t.Error(wrong)
				}
				mu.Lock()
				texts[text] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(texts) != generated.MaxVariants {
		t.Errorf("%d variants, want %d", len(texts), generated.MaxVariants)
	}
}

// The same variant is asked for by many before it is there; they all get one text.
func TestAVariantIsPutTogetherOnce(t *testing.T) {
	t.Parallel()
	for round := range 50 {
		r, sql := wide("Wide")
		got := make([]string, 8)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for g := range got {
			wg.Go(func() {
				<-start
				got[g], _ = rewrite(r, sql, wideArgs(round))
			})
		}
		close(start)
		wg.Wait()
		if slices.Sort(got); got[0] != got[7] {
			t.Errorf("%q and %q", got[0], got[7])
		}
	}
}

func TestRegistriesKnowTheirOwnStatements(t *testing.T) {
	t.Parallel()
	one, first := wide("One")
	two, second := wide("Two")
	text, _ := rewrite(one, first, wideArgs(5))
	if two.Lookup(first) != nil {
		t.Errorf("%q is known to another registry", first)
	}
	args := wideArgs(5)
	if sql, left := rewrite(one, second, args); sql != second || &left[0] != &args[0] {
		t.Errorf("a statement of another registry became %q", sql)
	}
	// A variant that is sent through another layer stays as it is.
	if again, left := rewrite(one, text, args[:2]); again != text || len(left) != 2 {
		t.Errorf("a variant was rewritten to %q", again)
	}
}

func TestMoreThanNinePlaceholdersKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	r, sql := wide("Wide")
	for _, mask := range []int{1<<10 - 1, 1 << 9, 1<<9 | 1, 0} {
		text, left := rewrite(r, sql, wideArgs(mask))
		if wrong := fits(text, left); wrong != "" {
			t.Error(wrong)
		}
	}
}
