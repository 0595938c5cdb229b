package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// more are kinds of statements beside those of maker.statement.
var more = []func(*maker) string{
	func(m *maker) string {
		return "SELECT t.id, row_number() OVER w, sum(t.n) FILTER (WHERE " + m.condition(1) + ") OVER w FROM t WHERE " + m.condition(1) +
			" WINDOW w AS (PARTITION BY t.n ORDER BY t.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
	},
	func(m *maker) string {
		return "SELECT u.id, s.id FROM u LEFT JOIN LATERAL (SELECT t.id FROM t WHERE t.u_id = u.id AND (" + m.condition(1) + ") ORDER BY t.id DESC LIMIT 2) s ON TRUE"
	},
	func(m *maker) string {
		return "SELECT t.n FROM t WHERE " + m.condition(1) + m.pick(" UNION ", " EXCEPT ", " INTERSECT ALL ") + "SELECT t.id FROM t WHERE " + m.condition(1)
	},
	func(m *maker) string {
		n, k := m.param(predicate{typ: "int", values: []string{"0", "3"}}), m.param(predicate{typ: "text", values: []string{"a", "x"}})
		return "SELECT t.id, " + n + "::int + t.id AS v, coalesce(" + k + "::text, t.a) FROM t WHERE (" + n + "::int IS NULL OR t.n >= " + n + ") AND (" + m.condition(1) + ")"
	},
	func(m *maker) string {
		return "UPDATE t SET n = s.x, title = s.name FROM (SELECT * FROM u WHERE u.id > 2) s WHERE s.id = t.u_id AND (" + m.condition(2) + ")" + m.pick("", " RETURNING t.id, t.n, s.name")
	},
	func(m *maker) string {
		return "DELETE FROM t USING u WHERE u.id = t.u_id AND (" + m.condition(2) + ")" + m.pick("", " RETURNING t.id, u.name")
	},
	func(m *maker) string {
		return "INSERT INTO u (id, x, name) SELECT t.id + 5, t.n, t.title FROM t WHERE " + m.condition(2) + m.pick(" ON CONFLICT (id) DO NOTHING", " ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name")
	},
	func(m *maker) string { // as in a batch
		id := m.param(predicate{typ: "int", values: []string{"1", "7", "99"}})
		return "UPDATE t SET title = 'batch' WHERE t.id = " + id + " AND (" + m.condition(1) + ")"
	},
	func(m *maker) string {
		return "SELECT t.n, count(*), array_agg(t.id ORDER BY t.id) FILTER (WHERE " + m.condition(1) + ") FROM t WHERE " + m.condition(1) + " GROUP BY ROLLUP (t.n)"
	},
	func(m *maker) string {
		return "MERGE INTO u USING t ON u.id = t.u_id AND t.id < 9 AND (" + m.condition(1) + ") WHEN MATCHED THEN UPDATE SET name = 'merged'"
	},
	(*maker).directed,
	(*maker).directed,
	(*maker).limited,
}

// directed makes a SELECT that two parameters sort: the field and the direction.
func (m *maker) directed() string {
	where := m.condition(1)
	m.params = append(m.params, predicate{typ: "text", goType: "string"}, predicate{typ: "text", goType: m.pick("string", "*string")})
	field, dir := fmt.Sprintf("$%d::text", len(m.params)-1), fmt.Sprintf("$%d", len(m.params))
	items := []string{
		"CASE WHEN " + field + " = 'n' AND " + dir + "::text = 'asc' THEN t.n END ASC",
		"CASE WHEN " + field + " = 'n' AND " + dir + "::text = 'desc' THEN t.n END DESC NULLS LAST",
		"CASE WHEN " + field + " IN ('title', 'a') THEN CASE " + dir + "::text WHEN 'asc' THEN t.title WHEN 'desc' THEN t.a END END NULLS FIRST",
		"CASE WHEN " + field + " = 'feels' AND " + dir + "::text <> 'desc' THEN t.feels::text COLLATE \"C\" END",
		"CASE WHEN " + dir + "::text = 'desc' THEN (CASE WHEN " + field + " = 'd' THEN t.d ELSE NULL END) END DESC",
		"(CASE " + field + " WHEN 'num' THEN t.num::float8 WHEN 'n' THEN t.n END) NULLS FIRST",
	}
	m.rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	m.exact = true
	return "SELECT t.id, t.a FROM t WHERE " + where + " ORDER BY " + strings.Join(items[:2+m.rng.IntN(3)], ", ") + ", t.id" + m.pick("", " LIMIT 9", " FETCH FIRST 5 ROWS ONLY")
}

// limited makes a page that parameters bound.
func (m *maker) limited() string {
	where := m.condition(2)
	n, k := m.param(predicate{typ: "int", values: []string{"0", "3", "20"}}), m.param(predicate{typ: "bigint", values: []string{"0", "2"}})
	flag := predicate{typ: "chooses bool", goType: "bool"}
	m.params, m.exact = append(m.params, flag), true
	sort := fmt.Sprintf(" ORDER BY CASE WHEN $%d::bool THEN t.n END DESC NULLS LAST, CASE WHEN NOT $%[1]d THEN t.title END, t.id DESC", len(m.params))
	return "SELECT t.id, t.title FROM t WHERE " + where + sort + " LIMIT " + n + "::int OFFSET coalesce(" + k + "::bigint, 1)"
}

var spaces = []string{" ", "\n", "\t ", " /* $1 OR ( ' */ ", " -- ) ' IS NULL OR\n", "\r\n  ", " /* /* nested */ CASE */ "}

// odd writes a statement with other spaces, and comments.
func odd(rng *rand.Rand, sql string) string {
	scanned, err := pg.Scan(sql)
	if err != nil {
		return sql
	}
	var b strings.Builder
	at := 0
	for _, token := range scanned.Tokens {
		if token.Token == pg.Token_SQL_COMMENT {
			return sql
		}
		between := sql[at:token.Start]
		if between == " " && rng.IntN(3) == 0 {
			between = spaces[rng.IntN(len(spaces))]
		}
		b.WriteString(between + sql[token.Start:token.End])
		at = int(token.End)
	}
	return b.String()
}
