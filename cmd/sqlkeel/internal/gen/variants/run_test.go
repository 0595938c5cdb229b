package variants

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// reads are what the Read expressions of a plan mean.
var reads = map[string]func(any) (generated.Value, bool){
	"generated.Pointer[string]":       generated.Pointer[string],
	"generated.Pointer[int64]":        generated.Pointer[int64],
	"generated.Pointer[int32]":        generated.Pointer[int32],
	"generated.Pointer[bool]":         generated.Pointer[bool],
	"generated.Pointer[BookCategory]": generated.Pointer[queries.BookCategory],
	"generated.Slice[int32]":          generated.Slice[int32],
	"generated.Slice[string]":         generated.Slice[string],
	"generated.Text[string]":          generated.Text[string],
	"generated.TextPointer[string]":   generated.TextPointer[string],
	"generated.Integer[int32]":        generated.Integer[int32],
	"generated.IntegerPointer[int32]": generated.IntegerPointer[int32],
	"generated.Boolean":               generated.Boolean,
	"generated.BooleanPointer":        generated.BooleanPointer,
	"generated.Text[Mood]":            generated.Text[Mood],
	"generated.TextPointer[Mood]":     generated.TextPointer[Mood],
	valueOf("uuid.UUID", "generated.Words(v.String(), true)"): func(arg any) (generated.Value, bool) {
		v, known := arg.(uuid.UUID)
		return generated.Words(v.String(), true), known
	},
	valueOf("pgtype.UUID", "generated.Words(v.String(), v.Valid)"): func(arg any) (generated.Value, bool) {
		v, known := arg.(pgtype.UUID)
		return generated.Words(v.String(), v.Valid), known
	},
}

// registry is the run time of a plan, as generated code would make it.
func registry(t testing.TB, p *Plan) *stmt.Registry {
	t.Helper()
	v := p.Stmt()
	for i, c := range p.Params {
		if v.Params[i].Read = reads[c.Read]; v.Params[i].Read == nil {
			t.Fatalf("no %s", c.Read)
		}
	}
	return stmt.NewRegistry(nil, stmt.Statement{Name: p.Statement.Name, SQL: p.Statement.SQL, Variants: v})
}

// arguments are those of a variant: of parameters that choose, what the mask says;
// else, and for any other value, what others has.
func arguments(t testing.TB, p *Plan, m generated.Mask, others func(i int) any) []any {
	t.Helper()
	args := make([]any, len(p.Statement.Params))
	for i := range args {
		args[i] = others(i)
	}
	for _, c := range p.choosers {
		for i, v := range c.Values {
			if m&(c.bit<<i) != 0 {
				args[c.Param.Param-1] = argument(t, c.GoType, v)
			}
		}
	}
	return args
}

// argument is a value as an argument of a Go type.
func argument(t testing.TB, goType string, v generated.Value) any {
	t.Helper()
	number, truth := int32(v.Int), v.Int == 1
	mood, id := Mood(v.Text), uuid.UUID{}
	if goType == "uuid.UUID" || goType == "pgtype.UUID" && v.Kind == generated.String {
		id = uuid.MustParse(v.Text)
	}
	all := map[string][3]any{ // NULL, as a pointer, as it is
		"*string": {(*string)(nil), &v.Text}, "string": {2: v.Text}, "*int32": {(*int32)(nil), &number}, "int32": {2: number},
		"*int64": {(*int64)(nil)}, "*bool": {(*bool)(nil), &truth}, "bool": {2: truth}, "[]int32": {[]int32(nil), []int32{}}, "[]string": {[]string(nil), []string{}},
		"*BookCategory": {(*queries.BookCategory)(nil)}, "Mood": {2: mood}, "*Mood": {(*Mood)(nil), &mood},
		"uuid.UUID": {2: id}, "pgtype.UUID": {pgtype.UUID{}, pgtype.UUID{Bytes: id, Valid: true}},
	}[goType]
	switch {
	case v.Kind == generated.Null:
		return all[0]
	case all[1] != nil:
		return all[1]
	case all[2] == nil:
		t.Fatalf("no %v of type %s", v, goType)
	}
	return all[2]
}

// result is what a statement returned: a text for each row, and the values of its
// first columns, which are those it is ordered by.
type result struct {
	rows   []string
	sorted []string
}

func query(ctx context.Context, conn *pgx.Conn, keys int, sql string, args []any) (r result, err error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return r, err
	}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return r, err
		}
		r.rows = append(r.rows, fmt.Sprintf("%#v", values))
		r.sorted = append(r.sorted, fmt.Sprintf("%#v", values[:min(keys, len(values))]))
	}
	return r, rows.Err()
}

// unequal says how two results differ: their rows as multisets, or the sequence of
// the keys; exact asks for the sequence of all.
func unequal(full, variant result, exact bool) string {
	if exact && !slices.Equal(full.rows, variant.rows) {
		return fmt.Sprintf("rows\n%s\ninstead of\n%s", strings.Join(variant.rows, "\n"), strings.Join(full.rows, "\n"))
	}
	if !slices.Equal(full.sorted, variant.sorted) {
		return fmt.Sprintf("order\n%s\ninstead of\n%s", strings.Join(variant.sorted, "\n"), strings.Join(full.sorted, "\n"))
	}
	a, b := slices.Sorted(slices.Values(full.rows)), slices.Sorted(slices.Values(variant.rows))
	if !slices.Equal(a, b) {
		return fmt.Sprintf("rows\n%s\ninstead of\n%s", strings.Join(b, "\n"), strings.Join(a, "\n"))
	}
	return ""
}

// compare runs a statement in full and rewritten, and says how the results differ;
// rewritten tells whether they were two texts.
func compare(ctx context.Context, conn *pgx.Conn, r *stmt.Registry, keys int, exact bool, sql string, args []any) (difference string, rewritten bool, err error) {
	text, left := r.Lookup(sql).Rewrite(args)
	full, err := query(ctx, conn, keys, sql, args)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", sql, err)
	}
	variant, err := query(ctx, conn, keys, text, left)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", text, err)
	}
	if d := unequal(full, variant, exact); d != "" {
		difference = fmt.Sprintf("%s\nof %v gives %s", text, left, d)
	}
	return difference, text != sql, nil
}
