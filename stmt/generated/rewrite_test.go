package generated_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const find = "-- name: Find :many\nSELECT id FROM t WHERE ($1::text IS NULL OR name = $1) AND ($2::int IS NULL OR n = $2) " +
	"ORDER BY CASE WHEN $3::text = 'name' THEN t.name END, CASE WHEN $3::text = 'n' THEN t.n END LIMIT $4"

// findVariants is what a generator writes for find.
func findVariants() *generated.Variants {
	return &generated.Variants{
		Filters: []generated.Filter{
			{Name: "Name", Param: 1, Present: generated.Pointer[string]},
			{Name: "N", Param: 2, Present: generated.Pointer[int32]},
		},
		Sort: &generated.Sort{Name: "Sort", Param: 3, Literals: []string{"name", "n"}, Value: generated.Text[string]},
		Segments: []generated.Segment{
			{Text: "-- name: Find :many\nSELECT id FROM t WHERE ("},
			{Need: 1, Text: "name = ", Param: 1, Type: "text"},
			{Absent: 1, Text: "TRUE"},
			{Text: ") AND ("},
			{Need: 2, Text: "n = ", Param: 2, Type: "integer"},
			{Absent: 2, Text: "TRUE"},
			{Text: ") "},
			{Need: 4, Text: "ORDER BY t.name"},
			{Need: 8, Text: "ORDER BY t.n"},
			{Text: " LIMIT ", Param: 4, Type: "bigint"},
		},
	}
}

func registry(v *generated.Variants) *stmt.Registry {
	return stmt.NewRegistry(nil, stmt.Statement{Name: "Find", SQL: find, Variants: v}, stmt.Statement{Name: "Plain", SQL: "SELECT 1"})
}

func ptr[T any](v T) *T { return &v }

func TestAVariantHasWhatItsArgumentsNeed(t *testing.T) {
	t.Parallel()
	const head = "-- name: Find :many\nSELECT id FROM t WHERE "
	name, n := ptr("x"), ptr(int32(7))
	for _, c := range []struct {
		args []any
		sql  string
		left []any
	}{
		{[]any{name, n, "n", 5}, head + "(name = $1::text) AND (n = $2::integer) ORDER BY t.n LIMIT $3::bigint", []any{name, n, 5}},
		{[]any{(*string)(nil), n, "name", 5}, head + "(TRUE) AND (n = $1::integer) ORDER BY t.name LIMIT $2::bigint", []any{n, 5}},
		{[]any{(*string)(nil), (*int32)(nil), "", 5}, head + "(TRUE) AND (TRUE)  LIMIT $1::bigint", []any{5}},
	} {
		r, before := registry(findVariants()), slices.Clone(c.args)
		sql, args, err := rewrite(r, find, c.args)
		if err != nil || sql != c.sql || !reflect.DeepEqual(args, c.left) {
			t.Errorf("Rewrite(%v) = %q, %v, %v; want %q, %v", c.args, sql, args, err, c.sql, c.left)
		}
		if !reflect.DeepEqual(c.args, before) {
			t.Errorf("the arguments were changed to %v", c.args)
		}
	}
}

func TestWhatCannotBeToldRunsTheFullStatement(t *testing.T) {
	t.Parallel()
	half := findVariants()
	half.Whole = []generated.Mask{0, 1}
	open := findVariants()
	open.Sort.Open = true
	null := (*string)(nil)
	for name, c := range map[string]struct {
		v    *generated.Variants
		sql  string
		args []any
	}{
		"an unknown text":                            {findVariants(), "SELECT 2", []any{1}},
		"a statement without parts":                  {findVariants(), "SELECT 1", nil},
		"a Go type that is not known":                {findVariants(), find, []any{"x", (*int32)(nil), "n", 5}},
		"an untyped nil":                             {findVariants(), find, []any{nil, (*int32)(nil), "n", 5}},
		"a sort of another type":                     {findVariants(), find, []any{null, (*int32)(nil), 7, 5}},
		"too few arguments":                          {findVariants(), find, []any{null, (*int32)(nil), "n"}},
		"too many arguments":                         {findVariants(), find, []any{null, (*int32)(nil), "n", 5, 6}},
		"a variant not proven":                       {half, find, []any{null, ptr(int32(7)), "", 5}},
		"another value of a sort with more meanings": {open, find, []any{null, (*int32)(nil), "other", 5}},
	} {
		sql, args, err := rewrite(registry(c.v), c.sql, c.args)
		if err != nil || sql != c.sql || !reflect.DeepEqual(args, c.args) {
			t.Errorf("%s: %q, %v, %v", name, sql, args, err)
		}
	}
}

func TestAnUnknownSortIsAnErrorThatNamesTheKnownOnes(t *testing.T) {
	t.Parallel()
	_, _, err := rewrite(registry(findVariants()), find, []any{(*string)(nil), (*int32)(nil), "size", 5})
	var unknown *generated.UnknownSortError
	if !errors.As(err, &unknown) {
		t.Fatalf("error = %v", err)
	}
	want := generated.UnknownSortError{Statement: "Find", Parameter: "Sort", Got: "size", Want: []string{"name", "n"}}
	if !reflect.DeepEqual(*unknown, want) {
		t.Errorf("error = %#v", unknown)
	}
	if err.Error() != `Find: unknown Sort "size": it may be name, n, or empty` {
		t.Error(err)
	}
}

func TestAParameterThatNoVariantHasIsCountedToo(t *testing.T) {
	t.Parallel()
	v := &generated.Variants{
		Sort:     &generated.Sort{Param: 2, Literals: []string{"n"}, Value: generated.Text[string]},
		Segments: []generated.Segment{{Text: "a = ", Param: 1, Type: "int"}, {Need: 1, Text: " ORDER BY t.n"}},
	}
	sql, args, err := rewrite(stmt.NewRegistry(nil, stmt.Statement{SQL: "s", Variants: v}), "s", []any{7, "n"})
	if sql != "a = $1::int ORDER BY t.n" || !reflect.DeepEqual(args, []any{7}) || err != nil {
		t.Errorf("Rewrite = %q, %v, %v", sql, args, err)
	}
}

func TestVariantsOfAStatementAreBounded(t *testing.T) {
	t.Parallel()
	v := &generated.Variants{}
	for i := range 10 {
		v.Filters = append(v.Filters, generated.Filter{Param: i + 1, Present: generated.Pointer[int]})
		v.Segments = append(v.Segments, generated.Segment{Need: 1 << i, Text: fmt.Sprintf(" c%d = ", i), Param: i + 1, Type: "int"})
	}
	r := stmt.NewRegistry(nil, stmt.Statement{SQL: "s", Variants: v})
	texts := map[string]bool{}
	for m := range 1 << 10 {
		args := make([]any, 10)
		for i := range args {
			args[i] = (*int)(nil)
			if m>>i&1 == 1 {
				args[i] = ptr(1)
			}
		}
		sql, _, err := rewrite(r, "s", args)
		if err != nil {
			t.Fatal(err)
		}
		texts[sql] = true
	}
	if delete(texts, "s"); len(texts) != generated.MaxVariants {
		t.Errorf("%d variants, want %d", len(texts), generated.MaxVariants)
	}
}

func TestManyMayRewriteAtOnce(t *testing.T) {
	t.Parallel()
	r := registry(findVariants())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				args := []any{(*string)(nil), (*int32)(nil), []string{"", "n", "name"}[(i+g)%3], 5}
				if i%2 == 0 {
					args[0] = ptr("x")
				}
				sql, _, err := rewrite(r, find, args)
				if head, _, _ := strings.Cut(find, "WHERE"); err != nil || !strings.HasPrefix(sql, head) {
					t.Errorf("Rewrite = %q, %v", sql, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestRewriteAllocatesTheArgumentsAlone(t *testing.T) {
	r := registry(findVariants())
	some := []any{ptr("x"), (*int32)(nil), "n", 5}
	none := []any{1}
	for _, c := range []struct {
		name string
		sql  string
		args []any
		want float64
	}{{"an unknown text", "SELECT 2", none, 0}, {"a statement without parts", "SELECT 1", nil, 0}, {"a variant", find, some, 1}} {
		if got := testing.AllocsPerRun(100, func() { _, _, _ = rewrite(r, c.sql, c.args) }); got > c.want {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.want)
		}
	}
}

type kind string

func TestPresenceIsKnownForItsTypeOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		ask            func(any) (bool, bool)
		arg            any
		present, known bool
	}{
		{"pointer", generated.Pointer[kind], ptr(kind("a")), true, true},
		{"nil pointer", generated.Pointer[kind], (*kind)(nil), false, true},
		{"pointer to another type", generated.Pointer[kind], ptr("a"), false, false},
		{"value", generated.Pointer[kind], kind("a"), false, false},
		{"empty slice", generated.Slice[int64], []int64{}, true, true},
		{"nil slice", generated.Slice[int64], []int64(nil), false, true},
		{"another slice", generated.Slice[int64], []int32{1}, false, false},
		{"nothing", generated.Slice[int64], nil, false, false},
		{"valid", generated.ValidPointer[validity], ptr(validity(true)), true, true},
		{"invalid", generated.ValidPointer[validity], ptr(validity(false)), false, true},
		{"nil validity", generated.ValidPointer[validity], (*validity)(nil), false, true},
	} {
		if present, known := c.ask(c.arg); present != c.present || known != c.known {
			t.Errorf("%s: %v, %v", c.name, present, known)
		}
	}
	if text, null, known := generated.TextPointer[kind](ptr(kind("a"))); text != "a" || null || !known {
		t.Error(text, null, known)
	}
	if text, null, known := generated.TextPointer[kind]((*kind)(nil)); text != "" || !null || !known {
		t.Error(text, null, known)
	}
	if _, _, known := generated.TextPointer[kind](nil); known {
		t.Error("an untyped nil is taken for a *kind")
	}
}

type validity bool

func (v validity) IsValid() bool { return bool(v) }

func BenchmarkRewrite(b *testing.B) {
	r := registry(findVariants())
	for _, c := range []struct {
		name string
		sql  string
		args []any
	}{
		{"variant", find, []any{ptr("x"), (*int32)(nil), "n", 5}},
		{"all", find, []any{ptr("x"), ptr(int32(1)), "n", 5}},
		{"unknown", strings.Repeat("SELECT 1 ", 100), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = rewrite(r, c.sql, c.args)
			}
		})
	}
}

func ExampleChooser_Rewrite() {
	c := generated.NewChooser("Find", find, findVariants())
	sql, args, err := c.Rewrite([]any{ptr("Emma"), (*int32)(nil), "n", 5})
	_, where, _ := strings.Cut(sql, "WHERE ")
	fmt.Println(where, len(args), err)
	// Output: (name = $1::text) AND (TRUE) ORDER BY t.n LIMIT $2::bigint 2 <nil>
}

// rewrite does what an executor does with a text: it sends what is known of it, and
// what is not as it is.
func rewrite(r *stmt.Registry, sql string, args []any) (string, []any, error) {
	if s := r.Lookup(sql); s != nil {
		return s.Rewrite(args)
	}
	return sql, args, nil
}
