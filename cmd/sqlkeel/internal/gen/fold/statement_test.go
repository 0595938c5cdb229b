package fold

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// value draws a text and what it may become: the arm of a choice that is met, or now and
// then another.
func (r drawer) value(depth int, outcome func(test string) bool) (full, variant string) {
	if depth == 0 {
		c := r.of("b", "v", "c", "'k'", "b COLLATE \"C\"", "v::text", "NULL::text", "a::text", "p::text", "upper(b)")
		return c, c
	}
	a, x := r.value(depth-1, outcome)
	b, y := r.value(depth-1, outcome)
	switch r.IntN(4) {
	case 0:
		return a + " || 'z'", x + " || 'z'"
	case 1:
		return "coalesce(" + a + ", " + b + ")", "coalesce(" + x + ", " + y + ")"
	}
	test := r.of(mixedTests...)
	if outcome(test) {
		return "CASE WHEN " + test + " THEN " + a + " ELSE " + b + " END", x
	}
	return "CASE WHEN " + test + " THEN " + a + " ELSE " + b + " END", y
}

// statement draws a statement that is made of three values.
func (r drawer) statement() string {
	return r.of(
		"SELECT x.id, %[1]s AS one FROM r x WHERE %[2]s = %[3]s",
		"SELECT %[1]s AS one, %[2]s AS two, count(*) FROM r GROUP BY 1, 2",
		"SELECT %[1]s AS one, %[2]s AS two, count(%[3]s) FROM r GROUP BY 1, 2 HAVING count(*) > 1",
		"SELECT %[1]s AS one, %[2]s AS two, count(*) FROM r GROUP BY ROLLUP (1, 2)",
		"SELECT %[1]s AS one, %[2]s AS two, count(*) FROM r GROUP BY GROUPING SETS ((1), (2), ())",
		"SELECT %[1]s AS one, %[1]s AS two, count(*) FROM r GROUP BY ROLLUP (2), 1",
		"SELECT %[1]s AS one, GROUPING(%[1]s) AS g, count(*) FROM r GROUP BY ROLLUP (%[1]s)",
		"SELECT (%[1]s) || 'z' AS one, count(*) FROM r GROUP BY CUBE (%[1]s)",
		"SELECT DISTINCT %[1]s AS one, %[2]s AS two FROM r",
		"SELECT DISTINCT ON (%[1]s) %[1]s AS one, id FROM r ORDER BY %[1]s, %[2]s, id",
		"SELECT DISTINCT ON (1) %[1]s AS one, %[2]s AS two, id FROM r ORDER BY 1, %[3]s, id",
		"SELECT id, rank() OVER (PARTITION BY %[1]s ORDER BY %[2]s, %[3]s) AS n FROM r",
		"SELECT id, count(*) OVER (ORDER BY %[1]s RANGE CURRENT ROW) AS n, max(b) OVER (PARTITION BY %[2]s) AS m FROM r",
		"SELECT %[1]s AS one FROM r UNION SELECT %[2]s FROM r",
		"SELECT %[1]s AS one FROM r EXCEPT ALL SELECT %[2]s FROM r WHERE %[3]s IS NOT NULL",
		"SELECT string_agg(%[1]s, ',' ORDER BY %[2]s, id) AS one, array_agg(id ORDER BY %[3]s, id) AS two FROM r",
		"SELECT id FROM r WHERE %[1]s IN (SELECT %[2]s FROM r y WHERE y.a = r.a) ORDER BY %[3]s, id LIMIT 7",
		"SELECT x.id, y.n FROM r x LEFT JOIN (SELECT a, max(%[1]s) AS n FROM r GROUP BY a) y ON y.a = x.a AND %[2]s = %[3]s",
		"WITH w AS (SELECT id, %[1]s AS k FROM r ORDER BY %[2]s, id LIMIT 9) SELECT w.k, count(*) FROM w GROUP BY w.k",
	)
}

// tokens are the words and signs of a statement.
var tokens = regexp.MustCompile(`'[^']*'|"[^"]*"|\$\d|\w+|::|<>|\|\||\S`)

// slip changes a word of a statement, leaves one out, adds one or exchanges two.
func (r drawer) slip(sql string) string {
	list := tokens.FindAllString(sql, -1)
	i, j := r.IntN(len(list)), r.IntN(len(list))
	other := r.of("1", "2", "7", "a", "b", "c", "id", "DESC", "ASC", "NULL", "NOT", "ALL", "DISTINCT", "AND", "OR", ",", "(", ")", "'k'", "=", "<>", "LEFT", "FULL", "UNION", "EXCEPT",
		"INTERSECT", "max", "min", "count", "NULLS FIRST", "LIMIT 2", "ROWS", "RANGE", "GROUP BY", "ROLLUP", "CUBE", "ORDER BY", "ONLY", "FOR UPDATE", "IS", "MATERIALIZED")
	switch r.IntN(4) {
	case 0:
		list[i] = other
	case 1:
		list = slices.Delete(list, i, i+1)
	case 2:
		list = slices.Insert(list, i, other)
	default:
		list[i], list[j] = list[j], list[i]
	}
	return strings.Join(list, " ")
}

// TestDrawnStatementsThatAreEqualReturnTheSame compares statements of all kinds, in which
// placeholders choose values, with what may be variants of them, some with a slip.
func TestDrawnStatementsThatAreEqualReturnTheSame(t *testing.T) {
	t.Parallel()
	d := setup(t, rows)
	r := drawer{rand.New(rand.NewPCG(uint64(setting(t, "SEED")), 5))}
	equal := map[string]int{}
	for range 500 * setting(t, "TIMES") {
		v, a := make([]sample, len(mixedTypes)), Assumption{}
		for i, typ := range mixedTypes {
			v[i] = samples[typ][r.IntN(len(samples[typ]))]
			a[i+1] = v[i].state
		}
		met := map[string]bool{}
		for i, o := range d.says(t, mixedTests, mixedTypes, v) {
			met[mixedTests[i]] = o == yes
		}
		wrong := r.IntN(3) == 0
		outcome := func(test string) bool { return met[test] != (wrong && r.IntN(3) == 0) }
		kind := r.statement()
		var full, variant [3]string
		for i := range full {
			full[i], variant[i] = r.value(r.IntN(3), outcome)
		}
		one := fmt.Sprintf(kind+"%.0[1]s%.0[2]s%.0[3]s", full[0], full[1], full[2])
		two := fmt.Sprintf(kind+"%.0[1]s%.0[2]s%.0[3]s", variant[0], variant[1], variant[2])
		if r.IntN(2) == 0 {
			two = r.slip(two)
		}
		x, err := d.analysed(t, one, mixedTypes...)
		if err != nil {
			continue
		}
		y, err := d.analysed(t, two)
		if err != nil || New(d.cat, x).Differs(y, nil, a) != "" {
			continue
		}
		if one != two {
			equal[kind]++
		}
		if x, y := d.returns(t, bound(one, v)), d.returns(t, two); x != y {
			t.Errorf("%s\nbecame\n%s\nwith %v:\n%s\n%s", one, two, v, x, y)
		}
	}
	if len(equal) < 10 {
		t.Errorf("%d kinds of statements have variants: %v", len(equal), equal)
	}
}

// returns returns the rows of a query in any order, or its error.
func (d *database) returns(t *testing.T, sql string) (out string) {
	t.Helper()
	if err := d.conn.QueryRow(t.Context(), "SELECT coalesce(array_agg(x::text ORDER BY x::text COLLATE \"C\"), '{}')::text FROM ("+sql+") x").Scan(&out); err != nil {
		return err.Error()
	}
	return out
}
