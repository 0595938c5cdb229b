package syntax

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shown writes uses on one line: changes, then < reads, then ! locks, then
// function calls in brackets, then ? why unknown.
func shown(u *Uses) string {
	var parts []string
	for _, c := range u.Changes {
		parts = append(parts, c.Relation.String()+":"+letters(c)+strings.Join(c.Columns, ","))
	}
	for _, r := range sorted(u.Reads) {
		parts = append(parts, "<"+r)
	}
	for _, l := range sorted(u.Locks) {
		parts = append(parts, "!"+l)
	}
	for _, f := range sorted(u.Functions) {
		parts = append(parts, f+"()")
	}
	for _, r := range sorted(u.Refreshes) {
		parts = append(parts, "refresh "+r)
	}
	if u.Unknown != "" {
		parts = append(parts, "?")
	}
	return strings.Join(parts, " ")
}

func letters(c Change) string {
	out := ""
	for i, l := range "iudt" {
		if c.Event&(1<<i) != 0 {
			out += string(l)
		}
	}
	if c.Cascade {
		out += "+"
	}
	if c.Only {
		out += "."
	}
	return out
}

func sorted(names []Name) []string {
	var out []string
	for _, n := range names {
		out = append(out, n.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var statements = map[string]string{
	`SELECT * FROM a JOIN s.b USING (id) WHERE EXISTS (SELECT FROM c)`:                                   `<a <c <s.b`,
	`SELECT f(x), pg_catalog.lower(y), s.g(z) FROM unnest($1::int[]) x`:                                  `f() pg_catalog.lower() s.g() unnest()`,
	`SELECT current_date, localtimestamp(2), current_user`:                                               `pg_catalog.current_date() pg_catalog.current_user() pg_catalog.localtimestamp()`,
	`SELECT "Odd"."Name".x FROM "Odd"."Name"`:                                                            `<Odd.Name`,
	`INSERT INTO a SELECT * FROM b`:                                                                      `a:i <b`,
	`INSERT INTO a (id) VALUES (1) ON CONFLICT DO NOTHING`:                                               `a:i`,
	`INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET x = excluded.x, y = (SELECT 1 FROM c)`: `a:iux,y <c`,
	`UPDATE a SET x = 1, (y, z) = (SELECT 1, 2 FROM c) FROM b`:                                           `a:ux,y,z <b <c`,
	`UPDATE ONLY a SET x[1] = 1`:                                                                         `a:u.x`,
	`DELETE FROM a USING b WHERE a.id = b.id RETURNING (SELECT max(id) FROM c)`:                          `a:d <b <c max()`,
	`MERGE INTO a USING b ON a.id = b.id WHEN MATCHED AND b.x THEN DELETE WHEN MATCHED THEN UPDATE SET y = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)`: `a:iudy <b`,
	`MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DO NOTHING`:                                                                                `a: <b`,
	`TRUNCATE a, ONLY s.b CASCADE`:                    `a:t+ s.b:t+.`,
	`REFRESH MATERIALIZED VIEW CONCURRENTLY m`:        `refresh m`,
	`COPY a (x) FROM STDIN`:                           `a:i`,
	`COPY (SELECT * FROM a) TO STDOUT`:                `<a`,
	`COPY a FROM PROGRAM 'x'`:                         `?`,
	`CALL p(1)`:                                       `p()`,
	`DO $$ BEGIN END $$`:                              `?`,
	`CREATE TABLE x AS SELECT * FROM a`:               `?`,
	`SELECT * INTO x FROM a`:                          `<a ?`,
	`SET ROLE x`:                                      `?`,
	`SET LOCAL session_replication_role = replica`:    `?`,
	`SET search_path = x`:                             ``,
	`SET LOCAL a.b = 1`:                               ``,
	`LOCK TABLE a`:                                    `!a`,
	`ANALYZE a (x)`:                                   ``,
	`VACUUM (FULL) a`:                                 ``,
	`EXPLAIN ANALYZE DELETE FROM a`:                   `a:d`,
	`SELECT 1 UNION SELECT 2 FROM a EXCEPT (TABLE b)`: `<a <b`,
	`TABLE a ORDER BY x USING OPERATOR(s.<)`:          `<a`,
	`not sql`:                                         `?`,
}

func TestDirectNamesWhatAStatementTouches(t *testing.T) {
	t.Parallel()
	holds(t, statements)
}

func TestWhatIsNotFollowedIsNamedAsInSQL(t *testing.T) {
	t.Parallel()
	const want = "a statement of kind ALTER TABLE is not followed"
	if got := Text("ALTER TABLE a ADD COLUMN x int").Unknown; got != want {
		t.Errorf("unknown because %q, want %q", got, want)
	}
}

var scopes = map[string]string{
	`WITH a AS (SELECT * FROM b) SELECT * FROM a`:                                                             `<b`,
	`WITH a AS (SELECT * FROM a) SELECT * FROM a`:                                                             `<a`,
	`WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a`:                                    ``,
	`WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b`:                                         `<b`,
	`WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b`:                               ``,
	`WITH a AS (SELECT 1) SELECT * FROM s.a`:                                                                  `<s.a`,
	`SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a`:                                               `<a`,
	`WITH a AS (SELECT 1) SELECT (SELECT max(x) FROM (SELECT * FROM a) y)`:                                    `max()`,
	`WITH a AS (DELETE FROM b RETURNING *) INSERT INTO c SELECT * FROM a`:                                     `c:i b:d`,
	`WITH a AS (WITH x AS (UPDATE d SET y = 1 RETURNING *) SELECT * FROM x) SELECT FROM a`:                    `d:uy`,
	`WITH a AS (SELECT 1) UPDATE a SET x = 1`:                                                                 `a:ux`,
	`WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a ON CONFLICT (id) DO UPDATE SET x = (SELECT * FROM a)`: `b:iux`,
	`(WITH a AS (SELECT 1) SELECT * FROM a) UNION SELECT * FROM a`:                                            `<a`,
	`WITH a AS (SELECT 1) SELECT 1 UNION SELECT * FROM a`:                                                     ``,
	`MERGE INTO t USING (WITH a AS (SELECT 1) SELECT * FROM a) x ON true WHEN MATCHED THEN DELETE`:            `t:d`,
}

func TestANameOfWithIsNoRelationWhereItIsInSight(t *testing.T) {
	t.Parallel()
	holds(t, scopes)
}

var locks = map[string]string{
	`SELECT * FROM a, b FOR UPDATE`:                                `<a <b !a !b`,
	`SELECT * FROM a x, b FOR UPDATE OF x SKIP LOCKED`:             `<a <b !a`,
	`SELECT * FROM a, b FOR SHARE OF a FOR UPDATE OF b`:            `<a <b !a !b`,
	`SELECT * FROM (SELECT * FROM a) x, b FOR UPDATE OF x`:         `<a <b !a`,
	`WITH c AS (SELECT * FROM a) SELECT * FROM c, b FOR UPDATE`:    `<a <b !b`,
	`SELECT * FROM a WHERE id IN (SELECT id FROM b FOR UPDATE)`:    `<a <b !b`,
	`SELECT * FROM a WHERE id IN (SELECT id FROM b) FOR KEY SHARE`: `<a <b !a`,
}

func TestLocksAreThoseOfFromOrOf(t *testing.T) {
	t.Parallel()
	holds(t, locks)
}

func TestDirectTakesAnyTreeAndNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []any{nil, 1, "text", struct{}{}, (*int)(nil)} {
		if got := fmt.Sprint(*Direct(n)); got != fmt.Sprint(Uses{}) {
			t.Errorf("Direct(%v) = %s", n, got)
		}
	}
}

// holds compares what is found in each statement.
func holds(t *testing.T, table map[string]string) {
	t.Helper()
	for sql, want := range table {
		if got := shown(Text(sql)); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for sql := range statements {
		f.Add(sql)
	}
	for sql := range scopes {
		f.Add(sql)
	}
	f.Fuzz(func(_ *testing.T, sql string) { Text(sql) })
}
