package generated_test

import (
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

// null are the values of a parameter of which NULL chooses.
var null = []generated.Value{{Kind: generated.Null}}

// findVariants is what a generator writes for find.
func findVariants() *generated.Variants {
	return &generated.Variants{
		Params: []generated.Param{
			{Name: "Name", Param: 1, Values: null, Read: generated.Pointer[string]},
			{Name: "N", Param: 2, Values: null, Read: generated.Pointer[int32]},
			{Name: "Sort", Param: 3, Values: []generated.Value{generated.Words("name", true), generated.Words("n", true)}, Read: generated.Text[string]},
		},
		Segments: []generated.Segment{
			{Text: "-- name: Find :many\nSELECT id FROM t WHERE ("},
			{Absent: 1, Text: "name = ", Param: 1, Type: "text"},
			{Need: 1, Text: "TRUE"},
			{Text: ") AND ("},
			{Absent: 2, Text: "n = ", Param: 2, Type: "integer"},
			{Need: 2, Text: "TRUE"},
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
		{[]any{(*string)(nil), (*int32)(nil), "size", 5}, head + "(TRUE) AND (TRUE)  LIMIT $1::bigint", []any{5}},
	} {
		r, before := registry(findVariants()), slices.Clone(c.args)
		sql, args := rewrite(r, find, c.args)
		if sql != c.sql || !reflect.DeepEqual(args, c.left) {
			t.Errorf("Rewrite(%v) = %q, %v; want %q, %v", c.args, sql, args, c.sql, c.left)
		}
		if !reflect.DeepEqual(c.args, before) {
			t.Errorf("the arguments were changed to %v", c.args)
		}
	}
}

func TestWhatCannotBeToldRunsTheFullStatement(t *testing.T) {
	t.Parallel()
	half := findVariants()
	half.Whole = []generated.Mask{0, 2, 3}
	nullable := findVariants()
	nullable.Params[2].Read = generated.TextPointer[string]
	null := (*string)(nil)
	for name, c := range map[string]struct {
		v    *generated.Variants
		sql  string
		args []any
	}{
		"an unknown text":             {findVariants(), "SELECT 2", []any{1}},
		"a statement without parts":   {findVariants(), "SELECT 1", nil},
		"a Go type that is not known": {findVariants(), find, []any{"x", (*int32)(nil), "n", 5}},
		"an untyped nil":              {findVariants(), find, []any{nil, (*int32)(nil), "n", 5}},
		"a sort of another type":      {findVariants(), find, []any{null, (*int32)(nil), 7, 5}},
		"too few arguments":           {findVariants(), find, []any{null, (*int32)(nil), "n"}},
		"too many arguments":          {findVariants(), find, []any{null, (*int32)(nil), "n", 5, 6}},
		"a variant not proven":        {half, find, []any{null, ptr(int32(7)), "", 5}},
		"a NULL that chooses nothing": {nullable, find, []any{null, (*int32)(nil), (*string)(nil), 5}},
	} {
		sql, args := rewrite(registry(c.v), c.sql, c.args)
		if sql != c.sql || !reflect.DeepEqual(args, c.args) {
			t.Errorf("%s: %q, %v", name, sql, args)
		}
	}
}

func TestAParameterThatNoVariantHasIsCountedToo(t *testing.T) {
	t.Parallel()
	v := &generated.Variants{
		Params:   []generated.Param{{Param: 2, Values: []generated.Value{generated.Words("n", true)}, Read: generated.Text[string]}},
		Segments: []generated.Segment{{Text: "a = ", Param: 1, Type: "int"}, {Need: 1, Text: " ORDER BY t.n"}},
	}
	sql, args := rewrite(stmt.NewRegistry(nil, stmt.Statement{SQL: "s", Variants: v}), "s", []any{7, "n"})
	if sql != "a = $1::int ORDER BY t.n" || !reflect.DeepEqual(args, []any{7}) {
		t.Errorf("Rewrite = %q, %v", sql, args)
	}
}

func TestVariantsOfAStatementAreBounded(t *testing.T) {
	t.Parallel()
	v := &generated.Variants{}
	for i := range 10 {
		v.Params = append(v.Params, generated.Param{Param: i + 1, Values: null, Read: generated.Pointer[int]})
		v.Segments = append(v.Segments, generated.Segment{Absent: 1 << i, Text: fmt.Sprintf(" c%d = ", i), Param: i + 1, Type: "int"})
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
		sql, _ := rewrite(r, "s", args)
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
				sql, _ := rewrite(r, find, args)
				if head, _, _ := strings.Cut(find, "WHERE"); !strings.HasPrefix(sql, head) {
					t.Errorf("Rewrite = %q", sql)
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
		if got := testing.AllocsPerRun(100, func() { _, _ = rewrite(r, c.sql, c.args) }); got > c.want {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.want)
		}
	}
}

type kind string

func TestAValueIsKnownForItsTypeOnly(t *testing.T) {
	t.Parallel()
	any, no, empty := generated.Value{}, generated.Value{Kind: generated.Null}, generated.Value{Kind: generated.Empty}
	word, seven := generated.Value{Kind: generated.String, Text: "a"}, generated.Value{Kind: generated.Int, Int: 7}
	for _, c := range []struct {
		name  string
		read  func(interface{}) (generated.Value, bool)
		arg   interface{}
		value generated.Value
		known bool
	}{
		{"pointer", generated.Pointer[kind], ptr(kind("a")), any, true},
		{"nil pointer", generated.Pointer[kind], (*kind)(nil), no, true},
		{"pointer to another type", generated.Pointer[kind], ptr("a"), no, false},
		{"value", generated.Pointer[kind], kind("a"), no, false},
		{"slice", generated.Slice[int64], []int64{0}, any, true},
		{"empty slice", generated.Slice[int64], []int64{}, empty, true},
		{"nil slice", generated.Slice[int64], []int64(nil), no, true},
		{"another slice", generated.Slice[int64], []int32{1}, no, false},
		{"nothing", generated.Slice[int64], nil, no, false},
		{"valid", generated.ValidPointer[validity], ptr(validity(true)), any, true},
		{"invalid", generated.ValidPointer[validity], ptr(validity(false)), no, true},
		{"nil validity", generated.ValidPointer[validity], (*validity)(nil), no, true},
		{"text", generated.Text[kind], kind("a"), word, true},
		{"text of another type", generated.Text[kind], "a", generated.Value{Kind: generated.String}, false},
		{"pointer to a text", generated.TextPointer[kind], ptr(kind("a")), word, true},
		{"no text", generated.TextPointer[kind], (*kind)(nil), no, true},
		{"untyped nil", generated.TextPointer[kind], nil, no, false},
		{"integer", generated.Integer[int32], int32(7), seven, true},
		{"integer of another size", generated.Integer[int32], int64(7), generated.Value{Kind: generated.Int}, false},
		{"pointer to an integer", generated.IntegerPointer[int64], ptr(int64(7)), seven, true},
		{"no integer", generated.IntegerPointer[int64], (*int64)(nil), no, true},
		{"true", generated.Boolean, true, generated.Value{Kind: generated.Bool, Int: 1}, true},
		{"false", generated.Boolean, false, generated.Value{Kind: generated.Bool}, true},
		{"pointer to true", generated.BooleanPointer, ptr(true), generated.Value{Kind: generated.Bool, Int: 1}, true},
		{"pointer to false", generated.BooleanPointer, ptr(false), generated.Value{Kind: generated.Bool}, true},
		{"any text", generated.Dynamic(generated.String), "a", word, true},
		{"any NULL", generated.Dynamic(generated.String), nil, no, true},
		{"any integer", generated.Dynamic(generated.Int), int64(7), seven, true},
		{"any smaller integer", generated.Dynamic(generated.Int), int16(7), seven, true},
		{"any boolean", generated.Dynamic(generated.Bool), true, generated.Value{Kind: generated.Bool, Int: 1}, true},
		{"any text of an integer", generated.Dynamic(generated.Int), "a", word, false},
		{"any other text", generated.Dynamic(generated.String), kind("a"), any, false},
		{"any that is not NULL", generated.Dynamic(generated.Other), "a", any, true},
		{"any that is not known", generated.Dynamic(generated.Other), []byte(nil), any, false},
		{"no boolean", generated.BooleanPointer, (*bool)(nil), no, true},
	} {
		if value, known := c.read(c.arg); value != c.value || known != c.known {
			t.Errorf("%s: %v, %v", c.name, value, known)
		}
	}
	for _, null := range []generated.Value{generated.Present(false), generated.Truth(true, false), generated.Number(7, false), generated.Words("a", false)} {
		if null != no {
			t.Errorf("%v is not NULL", null)
		}
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
				_, _ = rewrite(r, c.sql, c.args)
			}
		})
	}
}

func ExampleChooser_Rewrite() {
	c := generated.NewChooser(find, findVariants())
	sql, args := c.Rewrite([]any{ptr("Emma"), (*int32)(nil), "n", 5})
	_, where, _ := strings.Cut(sql, "WHERE ")
	fmt.Println(where, len(args))
	// Output: (name = $1::text) AND (TRUE) ORDER BY t.n LIMIT $2::bigint 2
}

// rewrite does what an executor does with a text: it sends what is known of it, and
// what is not as it is.
func rewrite(r *stmt.Registry, sql string, args []any) (string, []any) {
	if s := r.Lookup(sql); s != nil {
		return s.Rewrite(args)
	}
	return sql, args
}
