package variants

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Each of the two filters may go, but with both goes the last aggregate, and then HAVING
// makes the statement another one.
func TestCombinationsThatAreNotProvenRunTheFullStatement(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	sql := "SELECT n FROM t GROUP BY n HAVING ($1::int IS NULL OR count(*) > $1) AND ($2::int IS NULL OR max(id) > $2)"
	p, remarks := b.find(t, ":many", sql, "*int32")
	if p == nil || len(remarks) != 1 || !strings.Contains(remarks[0].Message, "some combinations are not pruned: the variant with P1 = NULL, P2 = NULL says something else") {
		t.Fatalf("plan %v, remarks %v", p, remarks)
	}
	if want := []generated.Mask{0b10, 0b01, 0}; len(p.Masks()) != 3 || slices.Contains(p.Masks(), 0b11) || !slices.Equal(p.Stmt().Whole, p.Masks()) {
		t.Fatalf("masks %b, whole %b, want %b", p.Masks(), p.Stmt().Whole, want)
	}
	st, none, one := registry(t, p).Lookup(sql), (*int32)(nil), ptr(int32(1))
	if text, left := st.Rewrite([]any{none, none}); text != sql || len(left) != 2 {
		t.Errorf("without filters: %s", text)
	}
	if text, left := st.Rewrite([]any{none, one}); text == sql || len(left) != 1 {
		t.Errorf("with one of them: %s", text)
	}
}

// NULL OR condition is NULL where the condition is false, which NOT tells apart.
func TestANullArmStays(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	p, remarks := b.find(t, ":many", "SELECT id FROM t WHERE NOT (n = 1 AND ($1::text = '' OR a = 'x'))", "*string")
	if p == nil || len(remarks) > 0 || len(p.Masks()) != 3 {
		t.Fatalf("plan %v, remarks %v", p, remarks)
	}
	m := generated.Mask(1) << slices.Index(p.Params[0].Values, generated.Value{Kind: generated.Null})
	if text, _ := p.Stmt().Assemble(m); text != "SELECT id FROM t WHERE NOT (n = 1 AND ($1::text::text = '' OR a = 'x'))" {
		t.Errorf("of NULL: %s", text)
	}
}

func TestACaseTakesItsFirstTrueArm(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	p, remarks := b.find(t, ":many", "SELECT id FROM t WHERE CASE WHEN $1::int = 1 THEN n = 1 WHEN $1 IN (1, 2) THEN n = 2 ELSE n = 3 END", "int32")
	if p == nil || len(remarks) > 0 || len(p.Masks()) != 3 {
		t.Fatalf("plan %v, remarks %v", p, remarks)
	}
	for i, v := range p.Params[0].Values {
		want := "SELECT id FROM t WHERE (n = " + v.String() + ")"
		if text, _ := p.Stmt().Assemble(1 << i); text != want {
			t.Errorf("%v: %s, want %s", v, text, want)
		}
	}
	if text, _ := p.Stmt().Assemble(0); text != "SELECT id FROM t WHERE (n = 3)" {
		t.Errorf("another value: %s", text)
	}
}

// A Go type that may be NULL does not make NULL a value that chooses.
func TestNullThatIsNotToldApartRunsTheFullStatement(t *testing.T) {
	t.Parallel()
	v := &generated.Variants{
		Params: []generated.Param{{Name: "P1", Param: 1, Values: []generated.Value{{Kind: generated.String}}, Read: generated.TextPointer[string]}},
		Segments: []generated.Segment{
			{Text: "SELECT id FROM t WHERE "}, {Need: 1, Text: "TRUE"}, {Absent: 1, Text: "a = ", Param: 1, Type: "text"},
		},
	}
	sql := "SELECT id FROM t WHERE ($1::text = '' OR a = $1)"
	for _, c := range []struct {
		arg  *string
		want string
	}{{nil, sql}, {ptr(""), "SELECT id FROM t WHERE TRUE"}, {ptr("x"), "SELECT id FROM t WHERE a = $1::text"}} {
		if text, _ := generated.NewChooser(sql, v).Rewrite([]any{c.arg}); text != c.want {
			t.Errorf("%v: %s, want %s", c.arg, text, c.want)
		}
	}
}

func TestAVariantWithOtherTypesIsAnother(t *testing.T) {
	t.Parallel()
	column := func(name string, typ uint32, modifier int32) []pgconn.FieldDescription {
		return []pgconn.FieldDescription{{Name: name, DataTypeOID: typ, TypeModifier: modifier}}
	}
	full := effects.Compiled{Params: []uint32{20, 25}, Fields: column("a", 25, -1)}
	for _, c := range []struct {
		variant effects.Compiled
		params  []int
		why     string
	}{
		{effects.Compiled{Params: []uint32{25}, Fields: full.Fields}, []int{2}, ""},
		{effects.Compiled{Params: []uint32{25}, Fields: full.Fields}, []int{1}, "another type"},
		{effects.Compiled{Params: []uint32{25, 20}, Fields: full.Fields}, []int{2}, "2 parameters instead of 1"},
		{effects.Compiled{Params: full.Params}, []int{1, 2}, "0 result columns"},
		{effects.Compiled{Params: full.Params, Fields: column("b", 25, -1)}, []int{1, 2}, "another name or type"},
		{effects.Compiled{Params: full.Params, Fields: column("a", 1043, -1)}, []int{1, 2}, "another name or type"},
		{effects.Compiled{Params: full.Params, Fields: column("a", 25, 9)}, []int{1, 2}, "another name or type"},
	} {
		if got := unlike(&full, &c.variant, c.params); !strings.Contains(got, c.why) || (got == "") != (c.why == "") {
			t.Errorf("%+v: %q, want %q", c.variant, got, c.why)
		}
	}
}
