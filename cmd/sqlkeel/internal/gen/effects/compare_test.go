package effects

import "testing"

// version is a type whose order a function of the schema tells, which reads a table.
const version = `CREATE TABLE ranks (a int, rank int); CREATE TABLE t (id int PRIMARY KEY);
	CREATE TYPE version AS (a int); CREATE TABLE v (v version, list version[]);
	CREATE FUNCTION lt(p version, q version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT p.a < q.a';
	CREATE FUNCTION le(p version, q version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT p.a <= q.a';
	CREATE FUNCTION eq(p version, q version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT p.a = q.a';
	CREATE FUNCTION ge(p version, q version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT p.a >= q.a';
	CREATE FUNCTION gt(p version, q version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT p.a > q.a';
	CREATE FUNCTION cmp(p version, q version) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT (SELECT max(rank) FROM ranks WHERE a = p.a) - q.a';
	CREATE OPERATOR < (LEFTARG = version, RIGHTARG = version, FUNCTION = lt); CREATE OPERATOR <= (LEFTARG = version, RIGHTARG = version, FUNCTION = le);
	CREATE OPERATOR = (LEFTARG = version, RIGHTARG = version, FUNCTION = eq); CREATE OPERATOR >= (LEFTARG = version, RIGHTARG = version, FUNCTION = ge);
	CREATE OPERATOR > (LEFTARG = version, RIGHTARG = version, FUNCTION = gt);
	CREATE OPERATOR CLASS versions DEFAULT FOR TYPE version USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp(version, version);`

// PostgreSQL sorts by the function of an operator class, and never calls the operator.
func TestWhatComparesValuesRunsInPlaceOfTheOperator(t *testing.T) {
	t.Parallel()
	a := with(t, version, "")
	for sql, want := range map[string]string{
		`SELECT 1 FROM v ORDER BY v`:                       "reads=ranks,v ro",
		`SELECT DISTINCT v FROM v`:                         "reads=ranks,v ro",
		`SELECT count(*) FROM v GROUP BY v`:                "reads=ranks,v ro",
		`SELECT rank() OVER (ORDER BY v) FROM v`:           "reads=ranks,v ro",
		`SELECT 1 FROM v WHERE v < ROW(1)::version`:        "reads=ranks,v ro",
		`SELECT 1 FROM v WHERE (v, 1) < (v, 2)`:            "reads=ranks,v ro",
		`SELECT 1 FROM v WHERE list < list`:                "reads=ranks,v ro",
		`SELECT 1 FROM v a JOIN v b ON a.list = b.list`:    "reads=ranks,v ro",
		`SELECT 1 FROM v WHERE v IN (SELECT w.v FROM v w)`: "reads=ranks,v ro",
		`SELECT 1 FROM v ORDER BY list`:                    "reads=ranks,v ro",
		`SELECT count(DISTINCT list) FROM v`:               "reads=ranks,v ro",
		`SELECT count(*) FROM v GROUP BY list`:             "reads=ranks,v ro",
		`SELECT 1 FROM v UNION SELECT 2 FROM v`:            "reads=v ro",
		`SELECT id FROM t WHERE id < 5 ORDER BY id`:        "reads=t ro",
	} {
		if got := keyless(summary(analyze(t, a, ":many", sql).Effects)); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

func TestWhatComparesThePartsOfATableRunsWhenRowsAreWritten(t *testing.T) {
	t.Parallel()
	const writes = `CREATE TABLE l (n int); CREATE FUNCTION notes(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO l VALUES (n) RETURNING n';
		CREATE OR REPLACE FUNCTION cmp(p version, q version) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT notes(p.a) - q.a';`
	for table, want := range map[string]string{
		`CREATE TABLE p (v version) PARTITION BY RANGE (v); CREATE TABLE q PARTITION OF p DEFAULT`: "writes=p reaches=l,q unkept: it writes l, p, q",
		`CREATE TABLE p (v version); CREATE INDEX ON p (v)`:                                        "writes=p reaches=l unkept: it writes l, p",
		`CREATE TABLE p (v version)`:                                                               "writes=p unkept: it writes p",
	} {
		a := with(t, version+writes+table, "")
		if got := keyless(summary(analyze(t, a, ":exec", `INSERT INTO p VALUES ($1::version)`).Effects)); got != want {
			t.Errorf("%s\n got %s\nwant %s", table, got, want)
		}
	}
}
