package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

const randomSchema = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'good');
CREATE TABLE u (id int PRIMARY KEY, x int, name text);
CREATE TABLE t (id int PRIMARY KEY, a text, n int, num numeric, d date, at timestamptz, code char(5), ci citext, feels mood, title text,
    u_id int REFERENCES u (id), uid uuid, b bool);
INSERT INTO u SELECT i, nullif(i % 4, 3), chr(97 + i % 5) FROM generate_series(1, 8) AS i;
INSERT INTO t SELECT i, nullif(chr(97 + i % 4), 'd'), nullif(i % 5, 4), (i % 7) / 10.0, date '2026-01-01' + i % 3,
    timestamptz '2026-01-01 12:00:00+00' + i % 5 * interval '11 hours', chr(97 + i % 3) || chr(98 + i % 2), upper(chr(97 + i % 3)),
    (ARRAY['sad', 'ok', 'good']::mood[])[1 + i % 3], chr(97 + i % 6), nullif(i % 9, 0),
    ('00000000-0000-0000-0000-00000000000' || i % 3)::uuid, nullif(i % 3, 2) = 1
FROM generate_series(1, 40) AS i`

// predicate is a condition over the columns of t, with a parameter at %s.
type predicate struct {
	typ, text string
	values    []string
	goType    string // "" is *string
}

var predicates = []predicate{
	{"text", "t.a = %s", []string{"a", "b", "z"}, ""},
	{"text", "t.a LIKE %s || '%%'", []string{"a", "", "("}, ""},
	{"int", "t.n >= %s", []string{"0", "2", "9"}, ""},
	{"int", "t.n IS NOT DISTINCT FROM %s AND t.id > 3", []string{"1", "3"}, ""},
	{"int[]", "t.n = ANY(%s)", []string{"{0,1}", "{}", "{2,NULL}"}, ""},
	{"text", "t.code = %s", []string{"ab", "ab   ", "bc"}, ""},
	{"char(5)", "t.code = %s", []string{"ab", "ab   ", "bcxxxxx"}, ""},
	{"text", "t.ci = %s", []string{"a", "A", "b"}, ""},
	{"citext", "t.ci = %s", []string{"a", "A", "b"}, ""},
	{"float8", "t.num <= %s", []string{"0.3", "0.30000000000000004", "0"}, ""},
	{"date", "t.d = %s", []string{"2026-01-02", "2026-01-09"}, ""},
	{"date", "t.at >= %s", []string{"2026-01-02", "2026-01-03"}, ""},
	{"mood", "t.feels >= %s OR t.a IS NULL", []string{"ok", "good"}, ""},
	{"int", "EXISTS (SELECT 1 FROM u s WHERE s.id = t.u_id AND s.x = %s)", []string{"0", "1"}, ""},
	{"int", "(SELECT count(*) FROM u s WHERE s.x = t.n) > %s", []string{"0", "1", "2"}, ""},
	{"text", "CASE WHEN t.a = 'a' THEN t.title ELSE 'or)' END < %s", []string{"b", "p"}, ""},
	{"bool", "(t.n > 1) = %s", []string{"t", "f"}, ""},
	{"int", "t.n BETWEEN %s AND 3 AND t.id > 1", []string{"0", "2"}, ""},
	{"int", "t.id NOT BETWEEN SYMMETRIC 30 AND %s AND NOT t.n BETWEEN 1 AND 2", []string{"2", "40"}, ""},
	{"int", "t.n NOT IN (%s, 1)", []string{"0", "2"}, ""},
	{"uuid", "t.uid = %s", []string{"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000009"}, ""},
	{"bool", "t.b IS DISTINCT FROM %s", []string{"t", "f"}, ""},
	{"text[]", "t.a <> ALL(%s)", []string{"{a,b}", "{}", "{NULL}"}, ""},
}

// maker makes random statements with optional parts.
type maker struct {
	rng    *rand.Rand
	params []predicate // of the parameters so far
	sort   int         // number of the sort parameter; 0: none
	exact  bool        // the order is total
}

func (m *maker) param(p predicate) string {
	if same := m.reusable(p); same != 0 {
		return fmt.Sprintf("$%d", same)
	}
	m.params = append(m.params, p)
	return fmt.Sprintf("$%d", len(m.params))
}

// reusable returns a parameter of the same type now and then.
func (m *maker) reusable(p predicate) int {
	for i, q := range m.params {
		if q.typ == p.typ && m.rng.IntN(4) == 0 {
			return i + 1
		}
	}
	return 0
}

// choices are optional filters over t by other tests than for NULL. %[1]s is the
// parameter that chooses, %[2]s a condition.
var choices = []struct{ typ, goType, text string }{
	{"text", "string", "(%[1]s::text = '' OR t.a = %[1]s)"},
	{"text", "string", "('' = %[1]s::text OR %[2]s)"},
	{"text", "*string", "(%[1]s::text IS NULL OR %[1]s = '' OR t.a = %[1]s)"},
	{"text", "*string", "CASE WHEN %[1]s::text IS NULL THEN TRUE WHEN %[1]s = 'any' THEN %[2]s ELSE t.a = %[1]s END"},
	{"text", "string", "CASE %[1]s::text WHEN 'all' THEN TRUE WHEN 'none' THEN FALSE ELSE %[2]s END"},
	{"text", "string", "(%[1]s::text NOT IN ('a', 'b') OR %[2]s)"},
	{"text", "string", "(%[1]s::text <> 'all' AND t.a <> %[1]s OR %[2]s)"},
	{"text", "*string", "(NULLIF(%[1]s::text, '') IS NULL OR t.a = %[1]s)"},
	{"int", "int32", "(%[1]s::int = 0 OR t.n = %[1]s)"},
	{"int", "*int32", "(%[1]s::int IN (0, -1) OR %[1]s IS NULL OR t.n > %[1]s)"},
	{"bool", "bool", "(NOT %[1]s::bool OR %[2]s)"},
	{"bool", "bool", "CASE WHEN %[1]s::bool THEN %[2]s ELSE TRUE END"},
	{"bool", "bool", "(%[1]s::bool = false OR %[2]s)"},
	{"bool", "*bool", "(%[1]s::bool IS NOT TRUE OR %[2]s)"},
	{"bool", "*bool", "(%[1]s::bool IS NULL OR (%[1]s AND %[2]s) OR (NOT %[1]s AND t.a IS NULL))"},
	{"bool", "*bool", "(coalesce(%[1]s::bool, false) OR %[2]s)"},
	{"int[]", "[]int32", "(cardinality(%[1]s::int[]) = 0 OR t.n = ANY(%[1]s))"},
	{"int[]", "[]int32", "(coalesce(cardinality(%[1]s::int[]), 0) = 0 OR t.n = ANY(%[1]s))"},
	{"text[]", "[]string", "(%[1]s::text[] IS NULL OR %[1]s = '{}' OR t.a = ANY(%[1]s))"},
	{"text[]", "[]string", "(array_length(%[1]s::text[], 1) IS NULL OR t.a = ANY(%[1]s))"},
	{"text[]", "[]string", "(array_length(%[1]s::text[], 1) > 0 AND t.a = ANY(%[1]s) OR %[2]s)"},
	{"mood", "Mood", "(%[1]s::mood = 'sad' OR t.feels = %[1]s::mood)"},
	{"mood", "*Mood", "(%[1]s::mood IS NULL OR %[1]s::mood NOT IN ('ok', 'good') OR %[2]s)"},
	{"mood", "Mood", "CASE %[1]s::mood WHEN 'sad' THEN %[2]s WHEN 'ok' THEN t.feels < 'good' END"},
	{"uuid", "uuid.UUID", "(%[1]s::uuid = '00000000-0000-0000-0000-000000000000' OR t.uid = %[1]s::uuid)"},
	{"uuid", "pgtype.UUID", "(%[1]s::uuid IS NULL OR %[1]s::uuid <> '00000000-0000-0000-0000-000000000000' AND t.uid = %[1]s::uuid OR %[2]s)"},
	{"text", "*string", "CASE WHEN %[1]s::text = 'a' THEN CASE WHEN t.n > 1 THEN TRUE WHEN %[1]s IS NOT NULL THEN %[2]s END WHEN %[1]s IS NULL THEN t.n < 3 ELSE NOT %[2]s END"},
	{"bool", "*bool", "(%[1]s::bool IS UNKNOWN OR %[1]s = t.b)"},
	{"bool", "bool", "(CASE WHEN %[1]s::bool = true THEN 1 ELSE 0 END = 1 AND %[2]s OR t.n BETWEEN 1 AND 3 AND NOT %[1]s)"},
	{"int", "int32", "(%[1]s::int NOT IN (0, 2) AND t.id BETWEEN %[1]s AND 30 AND %[2]s)"},
	{"int", "*int32", "(COALESCE(%[1]s::int, 0) = 0 OR t.n = %[1]s)"},
}

// samples are other values of a parameter that chooses, by its Go type.
var samples = map[string][]any{
	"string": {"a", "b", "zz"}, "*string": {ptr("a"), ptr("zz")}, "int32": {int32(2), int32(9)}, "*int32": {ptr(int32(1)), ptr(int32(3))},
	"Mood": {Mood("sad"), Mood("ok"), Mood("good")}, "*Mood": {ptr(Mood("good")), ptr(Mood("sad"))},
	"uuid.UUID": {uuid.UUID{15: 1}, uuid.UUID{15: 7}}, "pgtype.UUID": {pgtype.UUID{Bytes: uuid.UUID{15: 2}, Valid: true}},
	"bool": {true}, "*bool": {ptr(true)}, "[]int32": {[]int32{0, 1}, []int32{7}}, "[]string": {[]string{"a", "b"}, []string{"q"}},
}

// Mood is the Go type of the enum, as sqlc would write it.
type Mood string

func ptr[T any](v T) *T { return &v }

// choice is an optional filter over t that is not chosen by NULL alone.
func (m *maker) choice() string {
	c := choices[m.rng.IntN(len(choices))]
	m.params = append(m.params, predicate{typ: "chooses " + c.typ, goType: c.goType})
	return strings.NewReplacer("%[1]s", fmt.Sprintf("$%d", len(m.params)), "%[2]s", "("+m.condition(0)+")").Replace(c.text)
}

// group is an optional filter over t.
func (m *maker) group() string {
	if m.rng.IntN(2) == 0 && len(m.params) < 4 {
		return m.choice()
	}
	p := predicates[m.rng.IntN(len(predicates))]
	n := m.param(p)
	cast := n + "::" + p.typ
	if m.rng.IntN(3) == 0 {
		cast = "CAST(" + n + " AS " + p.typ + ")"
	}
	cond := fmt.Sprintf(p.text, m.pick(n, n+"::"+p.typ))
	switch m.rng.IntN(7) {
	case 0:
		return fmt.Sprintf("(%s OR %s IS NULL)", cond, cast)
	case 1:
		return fmt.Sprintf("(%s IS NULL -- OR )\n OR %s)", cast, cond)
	case 2:
		return fmt.Sprintf("(%s IS NULL OR (%s /* ( */) OR t.id = 7)", cast, cond)
	case 3:
		return fmt.Sprintf("((%s IS NULL OR %s) OR t.id %% 10 = 0)", cast, cond)
	case 4:
		q := predicates[m.rng.IntN(len(predicates))]
		k := m.param(q)
		return fmt.Sprintf("(%s IS NULL OR %s::%s IS NULL OR %s AND %s)", cast, k, q.typ, "("+cond+")", "("+fmt.Sprintf(q.text, k+"::"+q.typ)+")")
	}
	return fmt.Sprintf("(%s IS NULL OR %s)", cast, cond)
}

func (m *maker) pick(options ...string) string { return options[m.rng.IntN(len(options))] }

// condition is a tree over groups and plain conditions.
func (m *maker) condition(depth int) string {
	if depth == 0 || m.rng.IntN(3) == 0 {
		if len(m.params) < 5 && m.rng.IntN(5) > 0 {
			return m.group()
		}
		return m.pick("t.id > 4", "t.a IS NOT NULL", "t.n < 3 OR t.n IS NULL", "t.title = ')' || $$ OR $$")
	}
	a := m.condition(depth - 1)
	switch m.rng.IntN(6) {
	case 0:
		return "NOT (" + a + ")"
	case 1:
		return "(" + a + ") OR (" + m.condition(depth-1) + ")"
	case 2:
		return "(" + a + ") IS TRUE AND (" + m.condition(depth-1) + ")"
	case 3:
		return "EXISTS (SELECT 1 FROM u v WHERE v.id = t.u_id AND (" + a + ")) AND (" + m.condition(depth-1) + ")"
	case 4:
		return "coalesce(" + a + ", false)"
	}
	return "(" + a + ") AND (" + m.condition(depth-1) + ")"
}

// statement makes one with at least one parameter.
func (m *maker) statement() string {
	switch m.rng.IntN(11 + len(more)) {
	case 10:
		return m.ordered()
	case 6:
		return "WITH d AS (DELETE FROM t WHERE " + m.condition(2) + " RETURNING t.id, t.u_id) SELECT d.id, u.x FROM d LEFT JOIN u ON u.id = d.u_id"
	case 7:
		return "SELECT t.id FROM t WHERE " + m.condition(1) + " UNION ALL SELECT u.id FROM u, LATERAL (SELECT t.n FROM t WHERE t.u_id = u.id AND (" +
			m.condition(1) + ")) s"
	case 8:
		return "SELECT t.id, rank() OVER (ORDER BY t.n), (SELECT array_agg(u.x ORDER BY u.id) FROM u WHERE u.id = t.u_id) FROM t WHERE t.id IN (SELECT t.id FROM t WHERE " +
			m.condition(2) + ")"
	case 9:
		return "SELECT DISTINCT ON (t.n) t.n, t.id FROM t WHERE CASE WHEN t.id > 3 THEN " + m.condition(2) + " ELSE " + m.condition(1) + " END ORDER BY t.n, t.id DESC"
	case 0:
		return "SELECT t.id, u.x FROM t JOIN u ON u.id = t.u_id AND (" + m.condition(2) + ") WHERE " + m.condition(1)
	case 1:
		return "SELECT t.id, u.x FROM t LEFT JOIN u ON u.id = t.u_id AND (" + m.condition(2) + ")"
	case 2:
		return "SELECT t.n, count(*), max(t.id) FROM t GROUP BY t.n HAVING (" + m.having() + ") AND t.n > -1"
	case 3:
		return "WITH c AS (SELECT * FROM t WHERE " + m.condition(2) + ") SELECT t.id, t.a FROM c t WHERE " + m.condition(1)
	case 4:
		return "UPDATE t SET title = t.title || 'x' WHERE " + m.condition(2) + " RETURNING t.id, t.title"
	case 5:
		g := m.group()
		return "SELECT t.id FROM t WHERE " + g[1:len(g)-1]
	}
	return more[m.rng.IntN(len(more))](m)
}

func (m *maker) having() string {
	n := m.param(predicate{typ: "int", values: []string{"0", "3", "8"}})
	k := m.param(predicate{typ: "int", values: []string{"20", "38"}})
	return fmt.Sprintf("(%s::int IS NULL OR count(*) > %s) AND (%s::int IS NULL OR max(t.id) > %s OR min(t.n) = 2)", n, n, k, k)
}

// ordered makes a SELECT whose order a parameter chooses.
func (m *maker) ordered() string {
	where := m.condition(2)
	m.params = append(m.params, predicate{typ: "text", goType: "string"})
	m.sort = len(m.params)
	s := fmt.Sprintf("$%d::text", m.sort)
	items := []string{
		"CASE WHEN " + s + " = 'n' THEN t.n END " + m.pick("", "DESC", "DESC NULLS LAST"),
		"CASE WHEN 'title' = " + s + " THEN title END",
		"CASE WHEN " + s + " IN ('code', 'title') THEN lower(t.title) || '' ELSE NULL END DESC",
		"CASE " + s + " WHEN 'code' THEN t.num + 1 END",
		"CASE WHEN " + s + " = 't' AND t.id > 5 THEN t.d WHEN " + s + " = 'n' THEN date '2026-01-01' END",
	}
	m.rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	items = items[:1+m.rng.IntN(len(items))]
	limit := ""
	if m.rng.IntN(2) == 0 {
		items, m.exact = append(items, m.pick("t.id", "id DESC", "2")), true
		if m.rng.IntN(2) == 0 {
			limit = " LIMIT 7 OFFSET 1"
		}
	}
	// title is the name of another column of the result.
	return "SELECT t.a AS title, t.id, t.n FROM t WHERE " + where + " ORDER BY " + strings.Join(items, ", ") + limit
}
