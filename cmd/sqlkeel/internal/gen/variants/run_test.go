package variants

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// presents are what the Present expressions of a plan mean.
var presents = map[string]func(any) (bool, bool){
	"generated.Pointer[string]":       generated.Pointer[string],
	"generated.Pointer[int64]":        generated.Pointer[int64],
	"generated.Pointer[int32]":        generated.Pointer[int32],
	"generated.Pointer[bool]":         generated.Pointer[bool],
	"generated.Pointer[BookCategory]": generated.Pointer[queries.BookCategory],
	"generated.Slice[int32]":          generated.Slice[int32],
}

// registry is the run time of a plan, as generated code would make it.
func registry(t testing.TB, p *Plan) *stmt.Registry {
	t.Helper()
	v := p.Stmt()
	for i, f := range p.Filters {
		if v.Filters[i].Present = presents[f.Present]; v.Filters[i].Present == nil {
			t.Fatalf("no %s", f.Present)
		}
	}
	if v.Sort != nil {
		v.Sort.Value = generated.Text[string]
	}
	return stmt.NewRegistry(nil, stmt.Statement{Name: p.Statement.Name, SQL: p.Statement.SQL, Variants: v})
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
	text, left, err := r.Lookup(sql).Rewrite(args)
	if err != nil {
		return "", false, err
	}
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
