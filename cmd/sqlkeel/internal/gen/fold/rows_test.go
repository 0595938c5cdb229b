package fold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rows are all that three flags can be, and two columns to sort by that tie.
const rows = `
CREATE TABLE r (id int PRIMARY KEY, p bool, q bool, s bool, a int, b text, v varchar(9), c text COLLATE "C");
INSERT INTO r SELECT row_number() OVER (), p, q, s, (row_number() OVER ()) % 4, (ARRAY['b', 'A', 'a', NULL, 'C'])[1 + row_number() OVER () % 5],
	(ARRAY['y', 'x', NULL])[1 + row_number() OVER () % 3], (ARRAY['b', 'A', 'a', 'C'])[1 + row_number() OVER () % 4]
FROM (VALUES (true), (false), (NULL)) x (p), (VALUES (true), (false), (NULL)) y (q), (VALUES (true), (false), (NULL)) z (s);
ANALYZE r;
`

// mixed draws a condition of tests and columns, and what it may become: each test is
// replaced by what it is, or now and then by something else.
func (r drawer) mixed(depth int, outcome func(test string) string) (full, variant string) {
	if depth == 0 {
		if r.IntN(2) == 0 {
			c := r.of("p", "q", "s", "NOT p")
			return c, c
		}
		test := r.of(mixedTests...)
		return "(" + test + ")", outcome(test)
	}
	a, x := r.mixed(depth-1, outcome)
	b, y := r.mixed(depth-1, outcome)
	c, z := r.mixed(depth-1, outcome)
	switch r.IntN(5) {
	case 0:
		return "(" + a + " AND " + b + ")", "(" + x + " AND " + y + ")"
	case 1:
		return "(" + a + " OR " + b + ")", "(" + x + " OR " + y + ")"
	case 2:
		return "(NOT " + a + ")", "(NOT " + x + ")"
	case 3:
		return "CASE WHEN " + a + " THEN " + b + " ELSE " + c + " END", "CASE WHEN " + x + " THEN " + y + " ELSE " + z + " END"
	}
	return "coalesce(" + a + ", " + b + ")", "coalesce(" + x + ", " + y + ")"
}

var (
	mixedTypes = []string{"text", "bool", "int[]"}
	mixedTests = []string{"$1 IS NULL", "$1 = 'a'", "$1 <> 'a'", "$1 IN ('a', 'b')", "$2", "NOT $2", "cardinality($3) = 0", "NULLIF($1, '') IS NULL"}
)

// TestDrawnVariantsThatAreEqualReturnTheSame compares statements and what may be variants
// of them: by trees, and those that are equal by what they return.
func TestDrawnVariantsThatAreEqualReturnTheSame(t *testing.T) {
	t.Parallel()
	d := setup(t, rows)
	r := drawer{rand.New(rand.NewPCG(uint64(setting(t, "SEED")), 2))}
	equal, unequal := 0, 0
	for range 30 * setting(t, "TIMES") {
		v := make([]sample, len(mixedTypes))
		a := Assumption{}
		for i, typ := range mixedTypes {
			v[i] = samples[typ][r.IntN(len(samples[typ]))]
			a[i+1] = v[i].state
		}
		outcomes := map[string]string{}
		for i, o := range d.says(t, mixedTests, mixedTypes, v) {
			outcomes[mixedTests[i]] = map[truth]string{yes: "true", no: "false", null: "NULL::bool"}[o]
		}
		var full, variant []string
		for range 20 {
			wrong := r.IntN(3) == 0
			x, y := r.mixed(1+r.IntN(3), func(test string) string {
				if wrong && r.IntN(3) == 0 {
					return r.of("true", "false", "NULL::bool", "p")
				}
				return outcomes[test]
			})
			full, variant = append(full, x), append(variant, y)
		}
		differ := d.differing(t, "SELECT ("+strings.Join(full, "), (")+") FROM r", "SELECT ("+strings.Join(variant, "), (")+") FROM r", a)
		for i := range full {
			if differ[i] {
				unequal++
				continue
			}
			equal++
			if x, y := d.column(t, full[i], v), d.column(t, variant[i], nil); x != y {
				t.Errorf("%s\nbecame\n%s\nwith %v:\n%s\n%s", full[i], variant[i], v, x, y)
			}
		}
	}
	if equal < 2*unequal/3 || unequal == 0 {
		t.Errorf("%d are equal, %d are not", equal, unequal)
	}
}

// differing compares the expressions that two queries return one by one.
func (d *database) differing(t *testing.T, full, variant string, a Assumption) (out []bool) {
	t.Helper()
	x := (&folding{cat: d.cat, assumed: a, full: true}).node(d.analyse(t, full, mixedTypes...)).List("targetList")
	y := (&folding{cat: d.cat, assumed: a, full: true}).node(d.analyse(t, variant)).List("targetList")
	for i := range x {
		out = append(out, differ(x[i].Child("expr"), y[i].Child("expr")) != "")
	}
	return out
}

// bound writes values for placeholders.
func bound(sql string, v []sample) string {
	for i, s := range v {
		sql = strings.ReplaceAll(sql, fmt.Sprintf("$%d", i+1), "(CAST("+s.sql+" AS "+mixedTypes[i]+"))")
	}
	return sql
}

// column returns an expression's values, in the order of the rows.
func (d *database) column(t *testing.T, expression string, v []sample) (out string) {
	t.Helper()
	if err := d.conn.QueryRow(t.Context(), "SELECT array_agg(("+bound(expression, v)+")::text ORDER BY id)::text FROM r").Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// key draws a key of ORDER BY with or without a choice in it.
func (r drawer) key(chooses bool) string {
	column := func() string {
		return r.of("a", "b", "v", "c", "b COLLATE \"C\"", "v::text", "a::text", "c || 'x'", "NULL", "'k'")
	}
	tail := r.of("", " DESC", " DESC NULLS LAST", " NULLS FIRST")
	if !chooses {
		return column() + tail
	}
	test := func() string {
		return r.of("$1 = 'a'", "$1 = 'b'", "$2", "$1 = 'a' AND $2", "$1 = 'a' AND NOT $2", "$1 IS NULL")
	}
	text := func() string { return r.of("b", "v", "c", "b COLLATE \"C\"", "v::text", "a::text", "'k'") }
	switch r.IntN(3) {
	case 0:
		return "CASE WHEN " + test() + " THEN " + r.of("a", "b", "v", "c", "id") + " END" + tail
	case 1:
		return "CASE WHEN " + test() + " THEN " + text() + " WHEN " + test() + " THEN " + text() + r.of("", " ELSE b", " ELSE 'k'") + " END" + tail
	}
	return "CASE $1 WHEN 'a' THEN " + text() + " WHEN 'b' THEN " + text() + " END" + tail
}

// TestDrawnOrdersThatAreEqualSortTheSame compares orders that a placeholder chooses with
// plain ones.
func TestDrawnOrdersThatAreEqualSortTheSame(t *testing.T) {
	t.Parallel()
	d := setup(t, rows)
	r := drawer{rand.New(rand.NewPCG(uint64(setting(t, "SEED")), 3))}
	equal := 0
	for range 250 * setting(t, "TIMES") {
		v := []sample{samples["text"][r.IntN(5)], samples["bool"][r.IntN(3)], samples["int[]"][0]}
		a := Assumption{1: v[0].state, 2: v[1].state}
		var keys, plain []string
		for range 1 + r.IntN(3) {
			keys = append(keys, r.key(true))
		}
		for range r.IntN(2) {
			plain = append(plain, r.key(false))
		}
		keys = append(keys, plain...)
		for range r.IntN(2) {
			plain = slices.Insert(plain, 0, r.key(false))
		}
		list := r.of("id", "id, b", "id, a, v", "id, count(*) OVER ()")
		full := "SELECT " + list + " FROM r ORDER BY " + strings.Join(append(keys, "id"), ", ")
		variant := "SELECT " + list + " FROM r ORDER BY " + strings.Join(append(plain, "id"), ", ")
		x, err := d.analysed(t, full, mixedTypes...)
		if err != nil {
			continue // arms of two types
		}
		y, err := d.analysed(t, variant)
		if err != nil || New(d.cat, x).Differs(y, nil, a) != "" {
			continue
		}
		equal++
		if x, y := d.sequence(t, bound(full, v)), d.sequence(t, variant); x != y {
			t.Errorf("%s\nbecame\n%s\nwith %v:\n%s\n%s", full, variant, v, x, y)
		}
	}
	if equal < 20 {
		t.Errorf("%d orders are equal, want more", equal)
	}
	t.Logf("%d orders are equal", equal)
}

// sequence returns the numbers of the rows that a query returns.
func (d *database) sequence(t *testing.T, sql string) (out string) {
	t.Helper()
	if err := d.conn.QueryRow(t.Context(), "SELECT array_agg(x.id)::text FROM ("+sql+") x").Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
