package rows

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/examples/shelf/shelf"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// emitted is the generated code of the repository's projects.
var emitted = map[string]*stmt.Registry{"sqlc.yaml": queries.Statements, "examples/shelf/sqlc.yaml": shelf.Statements}

// goTypes are the types of arguments in it.
var goTypes = map[string]reflect.Type{
	"string": reflect.TypeFor[string](), "bool": reflect.TypeFor[bool](), "int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](),
	"BookCategory": reflect.TypeFor[queries.BookCategory](),
}

func goType(t testing.TB, name string) reflect.Type {
	t.Helper()
	if of, ok := strings.CutPrefix(name, "*"); ok {
		return reflect.PointerTo(goType(t, of))
	}
	if of, ok := strings.CutPrefix(name, "[]"); ok {
		return reflect.SliceOf(goType(t, of))
	}
	of := goTypes[name]
	if of == nil {
		t.Fatalf("no Go type %s", name)
	}
	return of
}

// goArguments are texts as arguments of the generated method.
func (r *trial) goArguments(s *subject, texts [][]byte) []any {
	r.t.Helper()
	args := make([]any, len(texts))
	for i, text := range texts {
		v := reflect.New(goType(r.t, s.Params[i].Type))
		if err := r.conn.TypeMap().Scan(s.result.Params[i].OID, pgx.TextFormatCode, text, v.Interface()); err != nil {
			r.t.Fatalf("%s: %s of type %s: %v", s.Name, text, s.Params[i].Type, err)
		}
		args[i] = v.Elem().Interface()
	}
	return args
}

// TestGeneratedCodeChoosesTheVariantOfItsArguments gives the run time Go arguments of each
// state. It must send the variant of that state, which must return the same rows.
func TestGeneratedCodeChoosesTheVariantOfItsArguments(t *testing.T) {
	t.Parallel()
	for config, registry := range emitted {
		for _, s := range open(t, filepath.Join(root, config)) {
			var n tally
			r := s.trial(t, setting(t, "SEED", 1), &n)
			for _, sub := range s.subjects {
				if st := registry.Lookup(sub.SQL); st == nil || st.Variants == nil {
					t.Errorf("%s: %s has no variants in the generated code", config, sub.Name)
				} else {
					r.chosen(sub, st)
				}
			}
			if n.found*4 < n.cases || n.cases == 0 {
				t.Errorf("%s: only %d of %d cases found rows", config, n.found, n.cases)
			}
		}
	}
}

func (r *trial) chosen(s *subject, st *stmt.Statement) {
	v, d := s.plan.Stmt(), r.pool.drawer(s, r.tables)
	for _, m := range s.plan.Masks() {
		texts := d.arguments(m)
		args := r.goArguments(s, texts)
		// One chooser makes a bounded number of variants.
		text, left := generated.NewChooser(s.SQL, st.Variants).Rewrite(args)
		want, params := v.Assemble(m)
		if text != want || len(left) != len(params) {
			r.t.Errorf("%s: arguments %s:\n%s\nwant\n%s", s.Name, show(texts), text, want)
			continue
		}
		full, variant := r.query(s.SQL, args), r.query(text, left)
		if full != variant {
			r.t.Errorf("%s: arguments %s: rows\n%s\nwant\n%s\n%s", s.Name, show(texts), variant, full, text)
		}
		r.tally.cases++
		if full != "" {
			r.tally.found++
		}
	}
}

func (r *trial) query(sql string, args []any) string {
	r.t.Helper()
	rows, err := r.conn.Query(r.t.Context(), sql, args...)
	r.check(err)
	var b strings.Builder
	for rows.Next() {
		values, err := rows.Values()
		r.check(err)
		fmt.Fprintf(&b, "%v\n", values)
	}
	r.check(rows.Err())
	return b.String()
}
