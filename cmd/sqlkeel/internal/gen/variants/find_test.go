package variants

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const plain = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (x int, y int);
CREATE TABLE t (id int PRIMARY KEY, a text, n int, f mood, p pair, j jsonb, ci citext, b boolean);
CREATE TABLE u (id int PRIMARY KEY, t_id int, x int)`

// cuts are statements with the text of their variant without optional parts, and of
// that with all filters and the first literal.
var cuts = []struct{ name, sql, none, all string }{
	{"a filter", "SELECT id FROM t WHERE ($1::text IS NULL OR a = $1) AND n > 1",
		"SELECT id FROM t WHERE TRUE AND n > 1", "SELECT id FROM t WHERE a = $1::text AND n > 1"},
	{"without parentheses", "SELECT id FROM t WHERE a = $1 OR $1 IS NULL ORDER BY id",
		"SELECT id FROM t WHERE TRUE ORDER BY id", "SELECT id FROM t WHERE a = $1::text ORDER BY id"},
	{"three disjuncts", "SELECT id FROM t WHERE n = 1 OR ($1::text IS NULL OR a = $1 OR n = $2)",
		"SELECT id FROM t WHERE TRUE", "SELECT id FROM t WHERE (n = 1 OR (a = $1::text OR n = $2::integer))"},
	{"a parameter that stays", "SELECT id, $1::text AS a FROM t WHERE ($1::text IS NULL OR a = $1)",
		"SELECT id, $1::text::text AS a FROM t WHERE TRUE", "SELECT id, $1::text::text AS a FROM t WHERE a = $1::text"},
	{"renumbered", "SELECT id FROM t WHERE ($1::text IS NULL OR a = $1) AND n = $2 AND id < $2",
		"SELECT id FROM t WHERE TRUE AND n = $1::integer AND id < $1::integer",
		"SELECT id FROM t WHERE a = $1::text AND n = $2::integer AND id < $2::integer"},
	{"two parameters", "SELECT id FROM t WHERE ($1::int IS NULL OR $2::int IS NULL OR n BETWEEN $1 AND $2)",
		"SELECT id FROM t WHERE TRUE", "SELECT id FROM t WHERE n BETWEEN $1::integer AND $2::integer"},
	{"nested", "SELECT id FROM t WHERE ($1::int IS NULL OR EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id AND ($2::int IS NULL OR x = $2) AND id = $1))",
		"SELECT id FROM t WHERE TRUE", "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id AND x = $2::integer AND id = $1::integer)"},
	{"literals and comments", "SELECT id FROM t WHERE (/* ( */ $1::text IS NULL OR a = ') OR $1' || $1 || $$ ( $$) -- ) $1\nAND n > 1",
		"SELECT id FROM t WHERE TRUE -- ) $1\nAND n > 1", "SELECT id FROM t WHERE a = ') OR $1' || $1::text || $$ ( $$ -- ) $1\nAND n > 1"},
	{"letters of several bytes", "SELECT 'é€' AS \"ü\" FROM t WHERE ($1::text IS NULL OR a = 'ß' || $1)",
		"SELECT 'é€' AS \"ü\" FROM t WHERE TRUE", "SELECT 'é€' AS \"ü\" FROM t WHERE a = 'ß' || $1::text"},
	{"an element of an array", "SELECT id FROM t WHERE ($1::int[] IS NULL OR n = $1[1])",
		"SELECT id FROM t WHERE TRUE", "SELECT id FROM t WHERE n = ($1::integer[])[1]"},
	{"keywords as names", `SELECT t.a AS "or" FROM t JOIN u AS "end" ON ($1::int IS NULL OR "end".x = $1) AND "end".id = t.id WHERE $2::int IS NULL OR left(a, $2) = 'x'`,
		`SELECT t.a AS "or" FROM t JOIN u AS "end" ON TRUE AND "end".id = t.id WHERE TRUE`,
		`SELECT t.a AS "or" FROM t JOIN u AS "end" ON "end".x = $1::integer AND "end".id = t.id WHERE left(a, $2::integer) = 'x'`},
	{"joins without parentheses", "SELECT t.id FROM t LEFT JOIN u ON $1::int IS NULL OR u.x = $1 LEFT JOIN u z ON true",
		"SELECT t.id FROM t LEFT JOIN u ON TRUE LEFT JOIN u z ON true", "SELECT t.id FROM t LEFT JOIN u ON u.x = $1::integer LEFT JOIN u z ON true"},
	{"NULL tests alone", "SELECT id FROM t WHERE ($1::int IS NULL OR $2::int IS NULL)",
		"SELECT id FROM t WHERE TRUE", "SELECT id FROM t WHERE FALSE"},
	{"DELETE", "DELETE FROM t WHERE n = $2 AND ($1::mood IS NULL OR f = $1)",
		"DELETE FROM t WHERE n = $1::integer AND TRUE", "DELETE FROM t WHERE n = $2::integer AND f = $1::mood"},
	{"HAVING", "SELECT n, max(id) FROM t GROUP BY n HAVING ($1::bigint IS NULL OR count(*) > $1)",
		"SELECT n, max(id) FROM t GROUP BY n HAVING TRUE", "SELECT n, max(id) FROM t GROUP BY n HAVING count(*) > $1::bigint"},
	{"a flag", "SELECT id FROM t WHERE (NOT $1::bool OR EXISTS (SELECT 1 FROM u WHERE t_id = t.id)) AND CASE WHEN $1 THEN n > 1 ELSE TRUE END",
		"SELECT id FROM t WHERE TRUE AND TRUE", "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = t.id) AND (n > 1)"},
	{"brackets in an expression", "SELECT id FROM t WHERE (($1::int IS NULL OR n = $1) IS NOT TRUE OR id = 3) AND coalesce($2::text IS NULL OR a = $2, false)",
		"SELECT id FROM t WHERE ((TRUE) IS NOT TRUE OR id = 3) AND coalesce(TRUE, false)",
		"SELECT id FROM t WHERE ((n = $1::integer) IS NOT TRUE OR id = 3) AND coalesce(a = $2::text, false)"},
	{"columns without names", "INSERT INTO u (id, t_id, x) SELECT $2, $3, t.n FROM t WHERE ($1::int IS NULL OR n = $1) AND id = $3",
		"INSERT INTO u (id, t_id, x) SELECT $1, $2, t.n FROM t WHERE TRUE AND id = $2::integer",
		"INSERT INTO u (id, t_id, x) SELECT $2, $3, t.n FROM t WHERE n = $1::integer AND id = $3::integer"},
	{"a value", "SELECT id FROM t WHERE n >= CASE WHEN $1::int IS NOT NULL THEN $1 + 0 ELSE (SELECT min(x) FROM u) END",
		"SELECT id FROM t WHERE n >= (SELECT min(x) FROM u)", "SELECT id FROM t WHERE n >= ($1::integer + 0)"},
	{"a result of several parts", "SELECT id FROM t WHERE n > 1 AND CASE WHEN $1::int IS NULL THEN a = 'x' OR b ELSE n = $1 OR n = 2 END",
		"SELECT id FROM t WHERE n > 1 AND (a = 'x' OR b)", "SELECT id FROM t WHERE n > 1 AND (n = $1::integer OR n = 2)"},
	{"no spaces", "SELECT id FROM t WHERE($1::int IS NULL OR n=$1)AND NOT($2::int IS NULL OR n<$2)",
		"SELECT id FROM t WHERE TRUE AND FALSE", "SELECT id FROM t WHERE n=$1::integer AND NOT (n<$2::integer)"},

	{"BETWEEN beside a filter", "SELECT id FROM t WHERE b BETWEEN FALSE AND $1::bool AND ($2::int IS NULL OR n = $2)",
		"SELECT id FROM t WHERE b BETWEEN FALSE AND $1::boolean::bool AND TRUE", "SELECT id FROM t WHERE b BETWEEN FALSE AND $1::boolean::bool AND n = $2::integer"},
	{"a filter under a CASE of another parameter", "SELECT id FROM t WHERE CASE $1::text WHEN 'x' THEN ($2::int IS NULL OR n = $2) ELSE n > 1 END",
		"SELECT id FROM t WHERE (n > 1)", "SELECT id FROM t WHERE n = $1::integer"},
	{"FILTER", "SELECT count(*) FILTER (WHERE $1::int IS NULL OR n = $1) FROM t",
		"SELECT count(*) FILTER (WHERE TRUE) FROM t", "SELECT count(*) FILTER (WHERE n = $1::integer) FROM t"},
	{"FILTER in a subquery of FROM", "SELECT s.c FROM (SELECT count(*) FILTER (WHERE $1::int IS NULL OR n = $1) AS c FROM t) s",
		"SELECT s.c FROM (SELECT count(*) FILTER (WHERE TRUE) AS c FROM t) s", "SELECT s.c FROM (SELECT count(*) FILTER (WHERE n = $1::integer) AS c FROM t) s"},
	{"ORDER BY", "SELECT id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN t.n END DESC NULLS LAST, CASE WHEN $1 = 'a' THEN t.a END",
		"SELECT id FROM t ", "SELECT id FROM t ORDER BY t.n DESC NULLS LAST"},
	{"ORDER BY that stays", "SELECT id FROM t ORDER BY n, CASE $1::text WHEN 'n' THEN lower(a) END /* , */, id LIMIT 5",
		"SELECT id FROM t ORDER BY n, id LIMIT 5", "SELECT id FROM t ORDER BY n, lower(a), id LIMIT 5"},
	{"a name alone", "SELECT a AS n, id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN n ELSE NULL END",
		"SELECT a AS n, id FROM t ", "SELECT a AS n, id FROM t ORDER BY CASE WHEN TRUE THEN n END"},
	{"a number", "SELECT a, id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN 2 END", "SELECT a, id FROM t ", "SELECT a, id FROM t "},
	{"branches of several types", "SELECT id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN n WHEN $1 = 'x' AND n > 1 THEN 7.5 ELSE id END",
		"SELECT id FROM t ORDER BY CASE WHEN FALSE THEN n WHEN FALSE AND n > 1 THEN 7.5 ELSE id END",
		"SELECT id FROM t ORDER BY CASE WHEN TRUE THEN n WHEN FALSE AND n > 1 THEN 7.5 ELSE id END"},
	{"a branch that stays", "SELECT id FROM t ORDER BY CASE WHEN t.id = 7 THEN 0 WHEN $1::text = 'n' THEN n ELSE id END",
		"SELECT id FROM t ORDER BY CASE WHEN t.id = 7 THEN 0 ELSE id END", "SELECT id FROM t ORDER BY CASE WHEN t.id = 7 THEN 0 ELSE n END"},
	{"a field and a direction", "SELECT id FROM t ORDER BY CASE WHEN $1::text = 'n' AND $2::text = 'up' THEN t.n END, CASE WHEN $1 = 'n' AND $2 = 'down' THEN t.n END DESC, id",
		"SELECT id FROM t ORDER BY id", "SELECT id FROM t ORDER BY t.n, id"},
	{"INSERT in an order", "INSERT INTO u (id, x) SELECT id, n FROM t ORDER BY CASE WHEN $1::text = 'n' THEN t.n END DESC, id ON CONFLICT DO NOTHING",
		"INSERT INTO u (id, x) SELECT id, n FROM t ORDER BY id ON CONFLICT DO NOTHING", "INSERT INTO u (id, x) SELECT id, n FROM t ORDER BY t.n DESC, id ON CONFLICT DO NOTHING"},
	{"INSERT that returns", "INSERT INTO u (id, x) SELECT id, n FROM t ORDER BY CASE WHEN $1::text = 'n' THEN t.n END RETURNING id",
		"INSERT INTO u (id, x) SELECT id, n FROM t  RETURNING id", "INSERT INTO u (id, x) SELECT id, n FROM t ORDER BY t.n RETURNING id"},
	{"a sort that filters too", "SELECT id FROM t WHERE ($1::text IS NULL OR a <> $1) ORDER BY CASE WHEN $1 = 'n' THEN t.n END, id",
		"SELECT id FROM t WHERE TRUE ORDER BY id", "SELECT id FROM t WHERE a <> $1::text ORDER BY t.n, id"},
	{"a filter in a key", "SELECT id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN (SELECT x FROM u WHERE ($2::int IS NULL OR u.x = $2) AND u.t_id = t.id) + 0 END",
		"SELECT id FROM t ", "SELECT id FROM t ORDER BY (SELECT x FROM u WHERE u.x = $1::integer AND u.t_id = t.id) + 0"},
}

func TestAStatementIsCutWhereItsPartsAre(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	for _, c := range cuts {
		goTypes := []string{"*string"}
		if strings.Contains(c.sql, "ORDER BY CASE") || strings.Contains(c.sql, ", CASE") {
			goTypes = []string{"string", "*string"}
		}
		switch c.name {
		case "a field and a direction":
			goTypes = []string{"string"}
		case "a flag":
			goTypes = []string{"bool"}
		}
		if c.name == "a sort that filters too" {
			goTypes = []string{"*string"}
		}
		p, remarks := b.find(t, ":many", c.sql, goTypes...)
		if p == nil || len(remarks) > 0 {
			t.Errorf("%s: not pruned: %v", c.name, remarks)
			continue
		}
		var none, all generated.Mask
		for _, c := range p.choosers {
			for i, v := range c.Values {
				switch {
				case v.Kind == generated.Null, v == generated.Truth(false, true):
					none |= c.bit << i
				case all < c.bit:
					all |= c.bit << i
				}
			}
		}
		if got, _ := p.Stmt().Assemble(none); got != c.none {
			t.Errorf("%s: without parts:\n%s\nwant\n%s", c.name, got, c.none)
		}
		if got, _ := p.Stmt().Assemble(all); got != c.all {
			t.Errorf("%s: with all parts:\n%s\nwant\n%s", c.name, got, c.all)
		}
	}
}

// stays are statements that look optional and are not pruned.
var stays = []struct{ name, sql, goType, remark string }{
	{"coalesce", "SELECT id FROM t WHERE a = coalesce($1, a)", "*string", "drops rows whose column is NULL"},
	{"never NULL", "SELECT id FROM t WHERE ($1::text IS NULL OR a = $1)", "string", "never NULL"},
	{"a Go type that is not known", "SELECT id FROM t WHERE ($1::jsonb IS NULL OR j = $1)", "json.RawMessage", "cannot be seen"},
	{"any Go type", "SELECT id FROM t WHERE ($1::int[] = '{}' OR n = ANY($1))", "interface{}", "cannot be seen"},
	{"a text for a boolean", "SELECT id FROM t WHERE (NOT $1::bool OR a IS NULL)", "string", "what value a string has cannot be seen"},
	{"row", "SELECT id FROM t WHERE ($1::pair IS NULL OR p = $1)", "*string", "composite type pair"},
	{"cast", "SELECT id FROM t WHERE (n = $1 OR $1::text IS NULL)", "*int32", "P1: it is compared with what is no constant"},
	{"cast that refuses", "SELECT id FROM t WHERE ($1::numeric(3,1) IS NULL OR n = $1)", "*string", "behind a cast or function"},
	{"aggregate of the query around", "SELECT (SELECT 1 FROM u WHERE $1::int IS NULL OR u.x = sum(t.n)) FROM t", "*int32", "other aggregates"},
	{"FILTER of an aggregate that is of the query around", "SELECT (SELECT count(*) FILTER (WHERE $1::int IS NULL OR t.n = $1) FROM u LIMIT 1) FROM t", "*int32", "other aggregates"},
	{"FILTER that makes an aggregate one of the subquery", "SELECT (SELECT sum(t.n) FILTER (WHERE $1::int IS NULL OR u.x = $1) FROM u) FROM t", "*int32", "other aggregates"},
	{"a subquery in such an aggregate", "SELECT (SELECT sum((SELECT max(t.n) FROM t v WHERE $1::int IS NULL OR u.x = $1)) FROM u) FROM t", "*int32", "cannot be nested"},
	{"a key in such an aggregate", "SELECT (SELECT sum((SELECT t.n FROM t v ORDER BY CASE WHEN $1::text = 'x' THEN u.x END, v.id LIMIT 1)) FROM u) FROM t", "string", "other aggregates"},
	{"the only aggregate", "SELECT n FROM t GROUP BY n HAVING ($1::bigint IS NULL OR count(*) > $1)", "*int64", "other aggregates"},
	{"text that compares otherwise", "SELECT id FROM t ORDER BY CASE WHEN $1::citext = 'n' THEN n END", "string", "of type citext"},
	{"cut literal", "SELECT id FROM t ORDER BY CASE WHEN $1::varchar(2) = 'n' THEN n END", "string", "behind a cast or function"},
	{"greater than", "SELECT id FROM t WHERE ($1::int > 0 OR n = $1)", "int32", "P1: its comparison is not for equality"},
	{"LIKE", "SELECT id FROM t WHERE ($1::text LIKE '%*' OR a = $1)", "string", "not one of PostgreSQL's own equality"},
	{"a function", "SELECT id FROM t WHERE (lower($1::text) = 'all' OR a = $1)", "string", "behind a cast or function"},
	{"two parameters", "SELECT id FROM t WHERE ($1::int <> 3 OR $1 = n) AND ($2::int = $3::int OR n = 1)", "uint32", "what value a uint32 has"},
	{"sort of an unknown Go type", "SELECT id FROM t ORDER BY CASE WHEN $1::text = 'n' THEN n END", "Other", "what value a Other has cannot be seen"},
	{"DISTINCT", "SELECT DISTINCT CASE WHEN $1::text = 'n' THEN n END FROM t ORDER BY CASE WHEN $1::text = 'n' THEN n END", "string", "SELECT DISTINCT"},
	{"aggregate in a key", "SELECT 1 FROM t ORDER BY CASE WHEN $1::text = 'n' THEN count(*) END", "string", "other aggregates"},
}

func TestWhatLooksOptionalAndIsNotIsNamedWithTheReason(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	for _, c := range stays {
		p, remarks := b.find(t, ":many", c.sql, c.goType)
		if p != nil {
			t.Errorf("%s: pruned", c.name)
		}
		if len(remarks) != 1 || !strings.Contains(remarks[0].Message, c.remark) {
			t.Errorf("%s: remarks %v, want %q", c.name, remarks, c.remark)
		}
	}
}

func TestAStatementWithoutOptionalPartsIsLeftInPeace(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	for _, sql := range []string{
		"SELECT id FROM t WHERE a = $1 OR n = $2",
		"SELECT id FROM t WHERE a IS NULL OR n = $1",
		"SELECT $1::text IS NULL OR n = 1 FROM t",
		"INSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET a = coalesce(excluded.a, t.a)",
		"SELECT id FROM t LIMIT $1",
		"SELECT CASE WHEN $1::text IS NULL THEN 1 END FROM t ORDER BY n, sum($2::int) OVER (ORDER BY CASE WHEN $3::text = 'n' THEN n END)",
	} {
		if p, remarks := b.find(t, ":many", sql, "*string"); p != nil || len(remarks) > 0 {
			t.Errorf("%s: %v, %v", sql, p, remarks)
		}
	}
}

func TestOneParameterMayFilterSeveralTimes(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	p, _ := b.find(t, ":many", "SELECT id FROM t WHERE ($1::int IS NULL OR n = $1) AND EXISTS (SELECT 1 FROM u WHERE ($1::int IS NULL OR x = $1))", "*int32")
	if p == nil || len(p.Params) != 1 || len(p.Masks()) != 2 {
		t.Fatalf("plan %+v", p)
	}
}

// filters writes a condition with optional filters by the first parameters.
func filters(n int) string {
	var where []string
	for i := range n {
		where = append(where, fmt.Sprintf("($%d::int IS NULL OR n = $%[1]d)", i+1))
	}
	return strings.Join(where, " AND ")
}

func TestManyFiltersAreProvenInPart(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	sql := "SELECT id FROM t WHERE " + filters(12) + " ORDER BY CASE WHEN $13::text = 'n' THEN n END"
	p, remarks := b.find(t, ":many", sql, append(slices.Repeat([]string{"*int32"}, 12), "string")...)
	if p == nil || len(p.Masks()) != maxMasks || len(p.Stmt().Whole) != maxMasks || len(remarks) != 1 {
		t.Fatalf("%d variants: %v", len(p.Masks()), remarks)
	}
	// None, each alone, each two, all of them, and all but one.
	none := generated.Mask(1)<<13 - 1
	wanted := []generated.Mask{none, 0}
	for i := range 13 {
		wanted = append(wanted, none&^(1<<i), 1<<i)
		for j := range i {
			wanted = append(wanted, none&^(1<<i|1<<j))
		}
	}
	for _, m := range wanted {
		if !slices.Contains(p.Masks(), m) {
			t.Errorf("%b is not proven", m)
		}
	}
}

func TestAStatementOfMoreParametersThanAFunctionIsNotPruned(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	for n, pruned := range map[int]bool{100: true, 101: false} {
		sql := fmt.Sprintf("SELECT id FROM t WHERE ($%d::int IS NULL OR n = $%[1]d)", n)
		for i := range n - 1 {
			sql += fmt.Sprintf(" AND n <> $%d", i+1)
		}
		p, remarks := b.find(t, ":many", sql, "*int32")
		said := len(remarks) == 1 && strings.Contains(remarks[0].Message, "of its 101 parameters")
		if (p != nil) != pruned || said == pruned {
			t.Errorf("%d parameters: %v, %v", n, p, remarks)
		}
	}
}

func TestTheNumberOfVariantsIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filters, literals, want int
		partly                  bool
	}{
		{0, 3, 4, false}, {1, 0, 2, false}, {8, 0, 256, false}, {6, 3, 256, false}, {8, 4, maxMasks, true}, {9, 0, maxMasks, true}, {30, 30, maxMasks, true},
	} {
		var choosers []*chooser
		bit := generated.Mask(1)
		for i := range c.filters + 1 {
			p := &Param{Param: i + 1, Values: []generated.Value{{Kind: generated.Null}}}
			if i == c.filters {
				p.Values = make([]generated.Value, c.literals)
			}
			choosers = append(choosers, &chooser{Param: p, bit: bit})
			bit <<= len(p.Values)
		}
		list, partly := combine(choosers)
		seen := map[generated.Mask]bool{}
		for _, m := range list {
			seen[m] = true
		}
		if len(list) != c.want || partly != c.partly || len(seen) != len(list) {
			t.Errorf("%d filters, %d literals: %d variants, %d different, partly = %v", c.filters, c.literals, len(list), len(seen), partly)
		}
	}
}
