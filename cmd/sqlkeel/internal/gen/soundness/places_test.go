package soundness

// place is where an expression can stand. In its texts E(y) is the expression made
// of the integer y, X the integer that is given from outside, @ a number of its own,
// and LABEL what a function says of itself, drawn at random. The table src holds
// one row to make expressions of.
type place struct {
	name  string
	setup string // a statement a line
	// value is an expression of type text whose value rests on E.
	value string
	// write is a statement that does what E does.
	write string
	// idle says that E does not decide the value.
	idle bool
	// text says that it stands in a string, which may be unknown before it runs.
	text bool
	// visits says that it takes a role to which policies apply.
	visits bool
}

// queryPlaces are in a query itself.
var queryPlaces = []place{
	{name: "a select list", value: "(SELECT E(s.x) FROM src s)"},
	{name: "WHERE", value: "(SELECT max(s.x)::text FROM src s WHERE E(s.x) IS NOT NULL)"},
	{name: "ORDER BY", value: "(SELECT s.x::text FROM src s ORDER BY E(s.x) LIMIT 1)"},
	{name: "GROUP BY", value: "(SELECT max(s.x)::text FROM src s GROUP BY E(s.x))"},
	{name: "HAVING", value: "(SELECT max(s.x)::text FROM src s HAVING max(E(s.x)) IS NOT NULL)"},
	{name: "ON", value: "(SELECT max(a.x)::text FROM src a LEFT JOIN src b ON E(a.x) < E(b.x))"},
	{name: "FILTER", value: "(SELECT max(s.x) FILTER (WHERE E(s.x) IS NOT NULL)::text FROM src s)"},
	{name: "a window", value: "(SELECT max(E(s.x)) OVER (PARTITION BY E(s.x)) FROM src s)"},
	{name: "LIMIT", value: "(SELECT s.x::text FROM src s LIMIT 1 + length(E(5)))"},
	{name: "a common table", value: "(WITH w AS (SELECT E(s.x) AS e FROM src s) SELECT w.e FROM w)"},
	{name: "LATERAL", value: "(SELECT q.e FROM src s, LATERAL (SELECT E(s.x) AS e) q)"},
	{name: "VALUES", value: "(SELECT q.e FROM (VALUES (E(X))) q(e))"},
	{name: "UNION", value: "(SELECT E(X) UNION ALL SELECT 'a' LIMIT 1)"},
	{name: "FROM", value: "(SELECT q.e FROM unnest(ARRAY[E(X)]) q(e))"},
	{name: "CASE", value: "CASE WHEN E(X) IS NULL THEN '' ELSE E(X) END"},
	{name: "a row", value: "ROW(E(X))::text"},
	{name: "an array", value: "(ARRAY[E(X)])[1]"},
	{name: "JSON", value: "json_build_array(E(X))::text"},
	{name: "OFFSET", value: "(SELECT q.n FROM (VALUES ('a'), ('b')) q(n) OFFSET 0 * length(E(5)) LIMIT 1)"},
	{name: "DISTINCT ON", value: "(SELECT DISTINCT ON (E(s.x)) s.x::text FROM src s)"},
	{name: "a window's frame", value: "(SELECT max(s.x) OVER (ORDER BY s.x ROWS BETWEEN length(E(5)) PRECEDING AND CURRENT ROW)::text FROM src s)"},
	{name: "a grouping set", value: "(SELECT max(q.n) FROM (SELECT E(s.x) AS n FROM src s GROUP BY ROLLUP (E(s.x))) q)"},
	{name: "a recursion", value: "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT r.n + 1 FROM r WHERE r.n < 2 AND E(r.n) IS NOT NULL) SELECT max(r.n)::text FROM r)"},
	{name: "EXISTS", value: "EXISTS (SELECT FROM src s WHERE E(s.x) IS NOT NULL)::text"},
	{name: "IN", value: "('5' IN (SELECT E(s.x) FROM src s))::text"},
	{name: "ANY", value: "(E(X) = ANY (ARRAY['5', 'a']))::text"},
	{name: "ARRAY", value: "ARRAY(SELECT E(s.x) FROM src s)::text"},
	{name: "an index of an array", value: "(ARRAY['a', 'b'])[1 + 0 * length(E(X))]"},
	{name: "rows compared", value: "(ROW(E(X), 1) < ROW('a', 2))::text"},
	{name: "NULLIF", value: "coalesce(NULLIF(E(X), 'a'), '')"},
	{name: "GREATEST", value: "greatest(E(X), 'a')"},
	{name: "IS DISTINCT FROM", value: "(E(X) IS DISTINCT FROM 'a')::text"},
	{name: "BETWEEN", value: "(E(X) BETWEEN 'a' AND 'b')::text"},
	{name: "ROWS FROM", value: "(SELECT max(q.e) FROM ROWS FROM (unnest(ARRAY[E(X)]), generate_series(1, 2)) q(e, n))"},
	{name: "a sample's size", value: "(SELECT count(*)::text FROM src s TABLESAMPLE BERNOULLI (100 + 0 * length(E(5))) REPEATABLE (1))"},
	{name: "an ordered set", value: "(SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY E(s.x)) FROM src s)"},
	{name: "an aggregate's order", value: "(SELECT string_agg('a', ',' ORDER BY E(s.x)) FROM src s)"},
}

// viewPlaces are in views.
var viewPlaces = []place{
	{name: "a view", setup: "CREATE VIEW v@ AS SELECT s.x, E(s.x) AS e FROM src s", value: "(SELECT v@.e FROM v@)"},
	{name: "a view's WHERE", setup: "CREATE VIEW v@ AS SELECT s.x FROM src s WHERE E(s.x) IS NOT NULL", value: "(SELECT max(v@.x)::text FROM v@)"},
	{name: "a view of a view",
		setup: "CREATE VIEW u@ AS SELECT s.x, E(s.x) AS e FROM src s\nCREATE VIEW v@ AS SELECT u@.e FROM u@", value: "(SELECT v@.e FROM v@)"},
	{name: "a view that reads as its caller",
		setup: "CREATE VIEW v@ WITH (security_invoker) AS SELECT s.x, E(s.x) AS e FROM src s", value: "(SELECT v@.e FROM v@)"},
	{name: "a view with a barrier",
		setup: "CREATE VIEW v@ WITH (security_barrier) AS SELECT s.x, E(s.x) AS e FROM src s", value: "(SELECT v@.e FROM v@)"},
	{name: "a policy", visits: true,
		setup: "CREATE TABLE t@ (x int)\nINSERT INTO t@ VALUES (5)\nALTER TABLE t@ ENABLE ROW LEVEL SECURITY\nCREATE POLICY p ON t@ USING (E(x) IS NOT NULL)",
		value: "(SELECT max(t@.x)::text FROM t@)"},
}

// sqlPlaces are in functions in SQL.
var sqlPlaces = []place{
	{name: "an SQL body", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(i) $$", value: "f@(X)"},
	{name: "an SQL body's number", setup: "CREATE FUNCTION f@(int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E($1) $$", value: "f@(X)"},
	{name: "an SQL body's FROM", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(s.x) FROM src s WHERE s.x = i $$", value: "f@(X)"},
	{name: "an SQL body's WHERE", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT max(s.x)::text FROM src s WHERE E(s.x) IS NOT NULL $$", value: "f@(X)"},
	{name: "an SQL body's last statement", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT 'a'; SELECT E(i) $$", value: "f@(X)"},
	{name: "an SQL body's first statement", idle: true,
		setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(i); SELECT i::text $$", value: "f@(X)"},
	{name: "an SQL body's rows", setup: "CREATE FUNCTION f@(i int) RETURNS TABLE (e text) LANGUAGE sql LABEL AS $$ SELECT E(i) $$", value: "(SELECT q.e FROM f@(X) q)"},
	{name: "an SQL body's OUT", setup: "CREATE FUNCTION f@(i int, OUT e text, OUT n int) LANGUAGE sql LABEL AS $$ SELECT E(i), 1 $$", value: "(SELECT q.e FROM f@(X) q)"},
	{name: "an SQL body for any element", setup: "CREATE FUNCTION f@(a anyelement, i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(i) $$", value: "f@(X, X)"},
	{name: "an atomic body", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT E(i); END", value: "f@(X)"},
	{name: "an atomic body's RETURN", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL RETURN E(i)", value: "f@(X)"},
	{name: "an atomic body's FROM", setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT E(s.x) FROM src s; END", value: "f@(X)"},
	{name: "an atomic body's first statement", idle: true,
		setup: "CREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT E(i); SELECT i::text; END", value: "f@(X)"},
	{name: "a view behind an SQL body",
		setup: "CREATE VIEW v@ AS SELECT s.x, E(s.x) AS e FROM src s\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT v.e FROM v@ v $$", value: "f@(X)"},
	{name: "a view behind an atomic body",
		setup: "CREATE VIEW v@ AS SELECT s.x, E(s.x) AS e FROM src s\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT v.e FROM v@ v; END", value: "f@(X)"},
	{name: "a default argument of an SQL body",
		setup: "CREATE FUNCTION f@(i int, e text DEFAULT E(5)) RETURNS text LANGUAGE sql LABEL AS $$ SELECT e $$", value: "f@(X)"},
	{name: "a default argument of an atomic body",
		setup: "CREATE FUNCTION f@(i int, e text DEFAULT E(5)) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT e; END", value: "f@(X)"},
	{name: "a default argument of a PL/pgSQL body",
		setup: "CREATE FUNCTION f@(i int, e text DEFAULT E(5)) RETURNS text LANGUAGE plpgsql LABEL AS $$ BEGIN RETURN e; END $$", value: "f@(X)"},
	{name: "a default argument behind a body",
		setup: "CREATE FUNCTION f@(i int, e text DEFAULT E(5)) RETURNS text LANGUAGE sql LABEL AS $$ SELECT e $$\nCREATE FUNCTION g@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT f@(i) $$", value: "g@(X)"},
}

// typePlaces are in what belongs to types.
var typePlaces = []place{
	{name: "a domain's CHECK, by a cast", setup: checked, value: "(X::dom@)::text"},
	{name: "a domain's CHECK, by a row", setup: checked + "\nCREATE TYPE c@ AS (a dom@)", value: "(ROW(X)::c@).a::text"},
	{name: "a domain's CHECK, by an array", setup: checked, value: "(ARRAY[X]::dom@[])[1]::text"},
	{name: "a domain's CHECK, by text", setup: checked, value: "(X::text::dom@)::text"},
	{name: "a domain's CHECK, below a domain", setup: checked + "\nCREATE DOMAIN dim@ AS dom@ CHECK (VALUE > 0)", value: "(X::dim@)::text"},
	{name: "a domain's CHECK, by a cast in an SQL body",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT (i::dom@)::text $$", value: "f@(X)"},
	{name: "a domain's CHECK, by a cast in an atomic body",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT (i::dom@)::text; END", value: "f@(X)"},
	{name: "a domain's CHECK, by a row in an atomic body",
		setup: checked + "\nCREATE TYPE c@ AS (a dom@)\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL BEGIN ATOMIC SELECT (ROW(i)::c@).a::text; END", value: "f@(X)"},
	{name: "a domain's CHECK, by a cast in a view",
		setup: checked + "\nCREATE VIEW v@ AS SELECT (s.x::dom@)::text AS e FROM src s", value: "(SELECT v@.e FROM v@)"},
	{name: "a domain's CHECK, by a variable",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ DECLARE d dom@ := i; BEGIN RETURN d; END $$", value: "f@(X)"},
	{name: "a domain's CHECK, by an assignment",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ DECLARE d dom@ := 1; BEGIN d := i; RETURN d; END $$", value: "f@(X)"},
	{name: "a domain's CHECK, by INTO",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ DECLARE d dom@ := 1; BEGIN SELECT s.x INTO d FROM src s; RETURN d; END $$", value: "f@(X)"},
	{name: "a domain's CHECK, by a variable of a row",
		setup: checked + "\nCREATE TYPE c@ AS (a dom@)\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ DECLARE r c@; BEGIN r.a := i; RETURN r.a; END $$", value: "f@(X)"},
	{name: "a domain's CHECK, by an argument",
		setup: checked + "\nCREATE FUNCTION f@(d dom@) RETURNS text LANGUAGE sql LABEL AS $$ SELECT d::text $$", value: "f@(X)"},
	{name: "a domain's CHECK, by what a body returns",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS dom@ LANGUAGE sql LABEL AS $$ SELECT i $$", value: "f@(X)::text"},
	{name: "a domain's CHECK, by RETURN",
		setup: checked + "\nCREATE FUNCTION f@(i int) RETURNS dom@ LANGUAGE plpgsql LABEL AS $$ BEGIN RETURN i; END $$", value: "f@(X)::text"},
	{name: "a cast", setup: casting + "CREATE CAST (c@ AS text) WITH FUNCTION f@(c@)", value: "(ROW(X)::c@)::text"},
	{name: "an assignment's cast",
		setup: casting + "CREATE CAST (c@ AS text) WITH FUNCTION f@(c@) AS ASSIGNMENT\nCREATE FUNCTION g@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ DECLARE e text; BEGIN e := ROW(i)::c@; RETURN e; END $$", value: "g@(X)"},
	{name: "a cast that nothing writes",
		setup: casting + "CREATE CAST (c@ AS text) WITH FUNCTION f@(c@) AS IMPLICIT\nCREATE FUNCTION g@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT concat(lower(ROW(i)::c@), '') $$", value: "g@(X)"},
	{name: "an operator", setup: casting + "CREATE OPERATOR !! (RIGHTARG = c@, FUNCTION = f@)", value: "(!! ROW(X)::c@)"},
	{name: "an operator behind a body",
		setup: casting + "CREATE OPERATOR !! (RIGHTARG = c@, FUNCTION = f@)\nCREATE FUNCTION g@(i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ BEGIN RETURN !! ROW(i)::c@; END $$", value: "g@(X)"},
	{name: "an aggregate's step",
		setup: "CREATE FUNCTION f@(e text, i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(i) $$\nCREATE AGGREGATE a@(int) (SFUNC = f@, STYPE = text)", value: "(SELECT a@(s.x) FROM src s)"},
	{name: "an aggregate's end",
		setup: "CREATE FUNCTION f@(n bigint) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(n::int) $$\nCREATE AGGREGATE a@(int) (SFUNC = int4_sum, STYPE = bigint, FINALFUNC = f@)", value: "(SELECT a@(s.x) FROM src s)"},
	{name: "an aggregate behind a body",
		setup: "CREATE FUNCTION f@(e text, i int) RETURNS text LANGUAGE plpgsql LABEL AS $$ BEGIN RETURN E(i); END $$\nCREATE AGGREGATE a@(int) (SFUNC = f@, STYPE = text)\nCREATE FUNCTION g@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT a@(s.x) FROM src s $$", value: "g@(X)"},
	{name: "a comparison for ORDER BY", setup: compared, value: "(SELECT (q.c).a::text FROM (SELECT ROW(n)::c@ AS c FROM generate_series(1, 2) n) q ORDER BY q.c LIMIT 1)"},
	{name: "a comparison for DISTINCT", setup: compared, value: "(SELECT count(DISTINCT ROW(n)::c@)::text FROM generate_series(1, 2) n)"},
	{name: "a comparison for a row", setup: compared, value: "(ROW(ROW(X)::c@, 1) < ROW(ROW(6)::c@, 2))::text"},
	{name: "a comparison for an array", setup: compared, value: "(ARRAY[ROW(X)::c@] < ARRAY[ROW(6)::c@])::text"},
	{name: "a comparison for an array's order", setup: compared, value: "(SELECT max(q.n)::text FROM (SELECT n FROM generate_series(1, 2) n ORDER BY ARRAY[ROW(n)::c@]) q)"},
	{name: "a comparison behind a body", setup: compared + "\nCREATE FUNCTION f@(i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT (q.c).a::text FROM (SELECT ROW(n)::c@ AS c FROM generate_series(1, 2) n) q ORDER BY q.c LIMIT 1 $$", value: "f@(X)"},
	{name: "an operator of ANY", setup: casting + "CREATE FUNCTION o@(c@, int) RETURNS boolean LANGUAGE sql LABEL AS $$ SELECT f@($1) IS NOT NULL $$\nCREATE OPERATOR = (LEFTARG = c@, RIGHTARG = int, FUNCTION = o@)", value: "(ROW(X)::c@ = ANY (ARRAY[1, 2]))::text"},
	{name: "a range's difference", setup: "CREATE FUNCTION less@(a int, b int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT (a - b)::float8 $$\nCREATE TYPE r@ AS RANGE (subtype = int, subtype_diff = less@)\nCREATE DOMAIN dom@ AS r@ CHECK (E(lower(VALUE)) IS NOT NULL)", value: "lower(r@(X, 6)::dom@)::text"},
	{name: "an aggregate as a window", setup: "CREATE FUNCTION f@(e text, i int) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E(i) $$\nCREATE AGGREGATE a@(int) (SFUNC = f@, STYPE = text)", value: "(SELECT a@(s.x) OVER () FROM src s)"},
}

const (
	compared = "CREATE TYPE c@ AS (a int)\n" +
		"CREATE FUNCTION lt@(p c@, q c@) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (p).a < (q).a $$\n" +
		"CREATE FUNCTION le@(p c@, q c@) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (p).a <= (q).a $$\n" +
		"CREATE FUNCTION eq@(p c@, q c@) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (p).a = (q).a $$\n" +
		"CREATE FUNCTION ge@(p c@, q c@) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (p).a >= (q).a $$\n" +
		"CREATE FUNCTION gt@(p c@, q c@) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (p).a > (q).a $$\n" +
		"CREATE FUNCTION cmp@(p c@, q c@) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN E((p).a) IS NULL THEN 0 ELSE (p).a - (q).a END $$\n" +
		"CREATE OPERATOR < (LEFTARG = c@, RIGHTARG = c@, FUNCTION = lt@)\nCREATE OPERATOR <= (LEFTARG = c@, RIGHTARG = c@, FUNCTION = le@)\n" +
		"CREATE OPERATOR = (LEFTARG = c@, RIGHTARG = c@, FUNCTION = eq@)\nCREATE OPERATOR >= (LEFTARG = c@, RIGHTARG = c@, FUNCTION = ge@)\n" +
		"CREATE OPERATOR > (LEFTARG = c@, RIGHTARG = c@, FUNCTION = gt@)\n" +
		"CREATE OPERATOR CLASS o@ DEFAULT FOR TYPE c@ USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp@(c@, c@)"
	checked = "CREATE DOMAIN dom@ AS int CHECK (E(VALUE) IS NOT NULL)"
	casting = "CREATE TYPE c@ AS (a int)\nCREATE FUNCTION f@(p c@) RETURNS text LANGUAGE sql LABEL AS $$ SELECT E((p).a) $$\n"
)
