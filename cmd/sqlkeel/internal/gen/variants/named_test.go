package variants

import (
	"testing"

	"github.com/jackc/pgx/v5"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// named are columns of results as they may be written over x, which has the columns
// of namedSchema.
var named = []string{
	"x.id", "id", "x.id AS other", "id::text", "(id::text)::varchar(1)", "id + 1", "-id", "(id)", "lower(a)", "pg_catalog.lower(a)", "count(*) OVER ()",
	"left(a, 1)", "a COLLATE \"C\"", "lower(a) COLLATE \"C\"", "at::date", "CAST(at AS date)", "date '2026-01-01'", "'x'", "1", "NULL", "true", "NULL::int",
	"CASE WHEN id > 1 THEN 0 ELSE id END", "CASE WHEN id > 1 THEN id END", "CASE WHEN id > 1 THEN 0 ELSE id + 1 END", "CASE WHEN id > 1 THEN 0 ELSE (id + 1)::bigint END",
	"coalesce(a, '')", "coalesce(a, '')::varchar", "nullif(a, '')", "greatest(id, 2)", "least(id, 2)", "ARRAY[id]", "ARRAY[id]::bigint[]", "ROW(id, a)", "(id, a)",
	"EXISTS (SELECT 1)", "NOT EXISTS (SELECT 1)", "ARRAY(SELECT 1)", "(SELECT y.a FROM x y LIMIT 1)", "(SELECT y.a AS b FROM x y LIMIT 1)", "(SELECT 1)", "(SELECT id::text)",
	"(SELECT y.a FROM x y UNION SELECT 'a' AS c LIMIT 1)", "id IN (SELECT 1)", "id = ANY (ARRAY[1])", "(p).m", "(x.p).n", "arr[1]", "(ARRAY[id])[1]", "(array_agg(a) OVER ())[1]",
	"a IS NULL", "id > 1 AND a = ''", "(id > 1) IS TRUE", "a LIKE 'x'", "id BETWEEN 1 AND 2", "a || a", "x", "x.p", "extract(year FROM at)", "position('a' in a)", "trim(a)",
	"substring(a from 1)", "at AT TIME ZONE 'UTC'", "'1 day'::interval", "interval '1' day", "\"char\" 'x'", "at::timestamp(0)", "id::public.small",
}

const namedSchema = `
CREATE TYPE pair AS (m int, n int);
CREATE DOMAIN small AS int;
CREATE TABLE x (id int PRIMARY KEY, a text, at timestamptz, p pair, arr int[])`

func TestColumnsAreNamedAsPostgreSQLNamesThem(t *testing.T) {
	t.Parallel()
	b := setup(t, namedSchema)
	for _, expr := range named {
		sql := "SELECT " + expr + " FROM x"
		tree, err := pg.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := b.conn.Query(t.Context(), sql, pgx.QueryExecModeDescribeExec)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		want := rows.FieldDescriptions()[0].Name
		rows.Close()
		if want == "?column?" {
			want = ""
		}
		if got, known := syntax.ColumnName(tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget()); got != want || !known {
			t.Errorf("%s: %q, %v, want %q", expr, got, known, want)
		}
	}
}

func TestAColumnOfWhichTheNameIsNotKnownMayBeAnyKey(t *testing.T) {
	t.Parallel()
	b := setup(t, shop)
	const sql = "SELECT xmlconcat(NULL), b.id FROM b WHERE " + filter + " ORDER BY id LIMIT 3"
	if p, _ := b.find(t, ":many", sql, "*string"); p != nil {
		t.Error("it is pruned")
	}
}
