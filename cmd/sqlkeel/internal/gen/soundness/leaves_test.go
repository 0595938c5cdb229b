package soundness

// leaf is an expression of type text that needs no other. In its texts X is the
// integer that it is made of and @ a number of its own. The table d@ holds rows to
// read, and l@ takes those that are written.
type leaf struct {
	name  string
	setup string // a statement a line
	value string
}

// leaves are what expressions are made of.
var leaves = [][]leaf{writingLeaves, readingLeaves, timeLeaves, sessionLeaves, otherLeaves}

var writingLeaves = []leaf{
	{"a write in PL/pgSQL",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l@ VALUES (i); RETURN i; END $$", "w@(X)"},
	{"a write in SQL",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql AS $$ INSERT INTO l@ VALUES (i); SELECT i::text $$", "w@(X)"},
	{"a write in BEGIN ATOMIC",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql BEGIN ATOMIC INSERT INTO l@ VALUES (i); SELECT i::text; END", "w@(X)"},
	{"a write that is called IMMUTABLE",
		`CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.l@ VALUES (i); RETURN i; END $$
		CREATE FUNCTION q@(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.w@(i); END $$`, "q@(X)"},
	{"a write as the owner",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN INSERT INTO l@ VALUES (i); RETURN i; END $$", "w@(X)"},
	{"MERGE",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN MERGE INTO l@ USING (SELECT i AS n) s ON l@.w = s.n WHEN NOT MATCHED THEN INSERT VALUES (s.n); RETURN i; END $$", "w@(X)"},
	{"an INSTEAD rule",
		`CREATE VIEW v@ AS SELECT d@.k FROM d@
		CREATE RULE r AS ON INSERT TO v@ DO INSTEAD INSERT INTO l@ VALUES (NEW.k)
		CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql AS $$ INSERT INTO v@ VALUES (i); SELECT i::text $$`, "w@(X)"},
	{"a write through a view WITH CHECK OPTION",
		`CREATE VIEW v@ AS SELECT l@.w FROM l@ WHERE l@.w > 0 WITH CHECK OPTION
		CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql BEGIN ATOMIC INSERT INTO v@ VALUES (i); SELECT i::text; END`, "w@(X)"},
	{"a dynamic write",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO l@ VALUES ($1)' USING i; RETURN i; END $$", "w@(X)"},
	{"a trigger on a generated column",
		`CREATE TABLE t@ (a int, b int, g int GENERATED ALWAYS AS (a * 2) STORED)
		INSERT INTO t@ VALUES (1, 1)
		CREATE FUNCTION logs@() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l@ VALUES (1); RETURN NULL; END $$
		CREATE FUNCTION same@() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
		CREATE TRIGGER logs AFTER UPDATE OF g ON t@ FOR EACH ROW EXECUTE FUNCTION logs@()
		CREATE TRIGGER same BEFORE UPDATE ON t@ FOR EACH ROW EXECUTE FUNCTION same@()
		CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql AS $$ UPDATE t@ SET b = i; SELECT i::text $$`, "w@(X)"},
	{"an upsert", "CREATE TABLE t@ (k int PRIMARY KEY)\nCREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql AS $$ INSERT INTO t@ VALUES (i) ON CONFLICT (k) DO NOTHING; SELECT i::text $$", "w@(X)"},
	{"a cascade", "CREATE TABLE t@ (k int PRIMARY KEY)\nINSERT INTO t@ VALUES (1)\nCREATE TABLE c@ (k int REFERENCES t@ ON DELETE CASCADE)\nINSERT INTO c@ VALUES (1)\n" +
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql BEGIN ATOMIC DELETE FROM t@; SELECT i::text; END", "w@(X)"},
	{"a write of a serial", "CREATE TABLE t@ (k serial, n int)\nCREATE FUNCTION w@(i int) RETURNS text LANGUAGE sql AS $$ INSERT INTO t@ (n) VALUES (i); SELECT i::text $$", "w@(X)"},
	{"TRUNCATE", "CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN TRUNCATE d@; RETURN i; END $$", "w@(X)"},
	{"a temporary table", "CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE tmp@ ON COMMIT DROP AS SELECT i AS n; RETURN (SELECT max(n) FROM tmp@); END $$", "w@(X)"},
	{"a setting in a body", "CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN SET LOCAL app.other = 'a'; RETURN current_setting('app.other'); END $$", "w@(X)"},
	{"a NOTIFY in a body", "CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN NOTIFY c; RETURN i; END $$", "w@(X)"},
	{"a table's lock", "CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE d@ IN SHARE MODE; RETURN i; END $$", "w@(X)"},
	{"a sequence set", "CREATE SEQUENCE q@", "setval('q@', X)::text"},
	{"row locks in a query", "", "(SELECT d@.k::text FROM d@ WHERE d@.k = 1 FOR UPDATE)"},
	{"row locks",
		"CREATE VIEW v@ AS SELECT d@.k FROM d@ FOR UPDATE", "(SELECT max(v@.k)::text FROM v@)"},
	{"row locks in a function",
		"CREATE FUNCTION w@(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM d@ WHERE d@.k = i FOR SHARE; RETURN i; END $$", "w@(X)"},
	{"a sequence", "CREATE SEQUENCE q@", "nextval('q@')::text"},
	{"a sequence's last value", "CREATE SEQUENCE q@", "(nextval('q@')::text || currval('q@')::text)"},
	{"a transaction's number", "", "(X + txid_current() * 0)::text"},
	{"a transaction's new number", "", "pg_current_xact_id()::text"},
	{"a notice", "", "pg_notify('c', X::text)::text"},
}

var readingLeaves = []leaf{
	{"a read", "", "(SELECT max(d@.v + X)::text FROM d@)"},
	{"a read in PL/pgSQL",
		"CREATE FUNCTION r@(i int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT max(d@.v + i) FROM d@); END $$", "r@(X)"},
	{"a read in SQL",
		"CREATE FUNCTION r@(i int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT max(d@.v + i)::text FROM d@ $$", "r@(X)"},
	{"a read in BEGIN ATOMIC",
		"CREATE FUNCTION r@(i int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(d@.v + i)::text FROM d@; END", "r@(X)"},
	{"a read that is called IMMUTABLE",
		"CREATE FUNCTION r@(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT max(d@.v + i) FROM d@); END $$", "r@(X)"},
	{"a read of a view of a view",
		"CREATE VIEW u@ AS SELECT d@.v FROM d@\nCREATE VIEW v@ AS SELECT u@.v + 1 AS v FROM u@", "(SELECT max(v@.v + X)::text FROM v@)"},
	{"a sample", "", "(SELECT string_agg(d@.v::text, ',') FROM d@ TABLESAMPLE BERNOULLI (50))"},
	{"a sample of pages", "", "(SELECT string_agg(d@.v::text, ',') FROM d@ TABLESAMPLE SYSTEM (50))"},
	{"a row's writer", "", "(SELECT max(d@.xmin::text) FROM d@)"},
	{"a row's place", "", "(SELECT max(d@.ctid)::text FROM d@)"},
	{"a table's name", "", "'d@'::regclass::text"},
	{"a table's name in text", "", "to_regclass(substr('ad@', 2))::text"},
	{"nothing", "", "(X + 1)::text"},
}

var timeLeaves = []leaf{
	{"now()", "", "now()::text"},
	{"an age", "", "age(timestamp '2000-01-01')::text"},
	{"today", "", "current_date::text"},
	{"the clock", "", "extract(epoch FROM clock_timestamp())::text"},
	{"a time of day", "", "localtime::text"},
	{"the clock, called IMMUTABLE",
		"CREATE FUNCTION c@(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM now()) * 1000)::bigint::text $$", "c@(X)"},
	{"a time as text", "", "to_timestamp(X)::text"},
	{"a time joined to text", "", "(to_timestamp(X) || '')"},
	{"a day", "", "date_trunc('day', to_timestamp(X))::text"},
	{"an hour", "", "extract(hour FROM to_timestamp(X))::text"},
	{"a time as a date", "", "(to_timestamp(X)::date - date '2000-01-01')::text"},
	{"a time in JSON", "", "json_build_object('t', to_timestamp(X))::text"},
	{"times in a list", "", "(SELECT string_agg(to_timestamp(d@.v)::text, ',') FROM d@)"},
	{"a time formatted", "", "format('%s', to_timestamp(X))"},
	{"a time since", "", "extract(epoch FROM age(to_timestamp(X)))::text"},
	{"a time as any element",
		"CREATE FUNCTION p@(a anyelement) RETURNS text LANGUAGE sql STABLE AS $$ SELECT a::text $$", "p@(to_timestamp(X))"},
	{"a time that a function returns",
		"CREATE FUNCTION at@(i int) RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT to_timestamp(i) $$", "at@(X)::text"},
	{"a local day, called IMMUTABLE",
		"CREATE FUNCTION day@(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT (to_timestamp(i)::date - date '2000-01-01')::text $$", "day@(X)"},
	{"a time in an array", "", "ARRAY[to_timestamp(X)]::text"},
	{"a time in a row", "", "ROW(to_timestamp(X), 1)::text"},
	{"a time in a range", "", "tstzrange(to_timestamp(X), NULL)::text"},
	{"a time in JSONB", "", "to_jsonb(to_timestamp(X))::text"},
	{"a time joined", "", "concat(to_timestamp(X), 'a')"},
	{"a time by a picture", "", "to_char(to_timestamp(X), 'HH24:MI')"},
	{"a part of a time", "", "date_part('hour', to_timestamp(X))::text"},
	{"a time that is read", "", "extract(epoch FROM '2020-06-01 12:00'::text::timestamptz)::text"},
	{"a time that is made", "", "extract(epoch FROM make_timestamptz(2020, 1, 1, X, 0, 0))::text"},
	{"times compared", "", "(timestamp '2020-01-01' < to_timestamp(1577836800 + X))::text"},
	{"a time without a zone", "", "extract(epoch FROM to_timestamp(X)::timestamp)::text"},
	{"a time of a zone", "", "extract(hour FROM to_timestamp(X) AT TIME ZONE 'UTC')::text"},
	{"an epoch", "", "extract(epoch FROM to_timestamp(X))::text"},
	{"a day of a zone", "", "extract(epoch FROM date_trunc('day', to_timestamp(X), 'UTC'))::text"},
	{"a time and a day", "", "extract(epoch FROM to_timestamp(X) + interval '1 day')::text"},
	{"a series of times", "", "(SELECT count(*)::text FROM generate_series(to_timestamp(0), to_timestamp(X), interval '1 day'))"},
	{"an interval", "", "make_interval(days => X, hours => 3)::text"},
	{"a date", "", "(date '2000-01-31' + X)::text"},
}

var sessionLeaves = []leaf{
	{"a tenant", "", "current_setting('app.tenant', true)"},
	{"a tenant, called IMMUTABLE",
		"CREATE FUNCTION a@(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT current_setting('app.tenant', true) $$", "a@(X)"},
	{"a user", "", "current_user::text"},
	{"a user, called IMMUTABLE",
		"CREATE FUNCTION a@(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN current_user; END $$", "a@(X)"},
	{"a setting", "", "current_setting('TimeZone')"},
	{"words", "", "to_tsvector('the running dogs')::text"},
	{"a search", "", "plainto_tsquery('the running dogs')::text"},
	{"bytes", "", "int4send(X)::text"},
	{"a fraction", "", "(X / 3.0::float8)::text"},
	{"fractions in JSON", "", "to_json(X / 3.0::float8)::text"},
	{"money", "", "X::money::text"},
	{"a headline", "", "ts_headline('the running dogs', plainto_tsquery('dog'))"},
	{"fractions in a list", "", "(SELECT string_agg((d@.v / 3.0::float8)::text, ',') FROM d@)"},
	{"a fraction in an array", "", "ARRAY[X / 3.0::float8]::text"},
	{"bytes in JSON", "", "to_json(int4send(X))::text"},
	{"a fraction joined", "", "concat(X / 3.0::float8)"},
	{"a fraction formatted", "", "format('%s', X / 3.0::float8)"},
	{"a fraction beside text", "", "((X / 3.0::float8) || '')"},
	{"a fraction in a row", "", "ROW(X / 3.0::float8)::text"},
	{"a fraction in JSONB", "", "to_jsonb(X / 3.0::float8)::text"},
	{"a fraction in an array's text", "", "array_to_string(ARRAY[X / 3.0::float8], ',')"},
	{"a row of fractions in JSON", "", "row_to_json(ROW(X / 3.0::float4))::text"},
	{"a point", "", "point(X / 3.0, 1)::text"},
	{"a vague mean", "", "(SELECT avg(d@.v / 3.0::float8)::text FROM d@)"},
	{"a median", "", "(SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY d@.v)::text FROM d@)"},
	{"an exact mean", "", "(SELECT avg(d@.v)::text FROM d@)"},
	{"an array that is read", "", "('{1,NULL}'::text)::text[]::text"},
	{"bytes in XML", "", "xmlelement(name a, int4send(X))::text"},
	{"XML that is read", "", "('a'::text)::xml::text"},
	{"an interval that is read", "", "extract(epoch FROM '1 2:03'::text::interval)::text"},
	{"a date that is read", "", "extract(day FROM '02/03/2004'::text::date)::text"},
	{"a named thing", "", "to_regtype('text')::text"},
	{"a list by a setting", "", "array_to_string(string_to_array(current_setting('app.tenant', true), 'n'), ',')"},
	{"a setting in a view", "CREATE VIEW v@ AS SELECT current_setting('app.tenant', true) AS t", "(SELECT v@.t FROM v@)"},
	{"a process", "", "pg_backend_pid()::text"},
	{"a schema", "", "current_schema()::text"},
	{"schemas", "", "current_schemas(true)::text"},
	{"recovery", "", "pg_is_in_recovery()::text"},
	{"a right", "", "has_table_privilege('d@', 'SELECT')::text"},
	{"a query's text", "", "current_query()"},
	{"an address", "", "coalesce(inet_client_addr()::text, '')"},
	{"a picture of a number", "", "to_char(X, 'L999D9')"},
	{"XML", "", "xmlelement(name a, to_timestamp(X))::text"},
	{"a quoted name", "", "quote_ident('a' || X::text)"},
}

var otherLeaves = []leaf{
	{"chance", "", "random()::text"},
	{"a new id", "", "gen_random_uuid()::text"},
	{"a lock", "", "pg_advisory_xact_lock(X)::text"},
	{"a lock tried", "", "pg_try_advisory_xact_lock(X)::text"},
	{"a setting made", "", "set_config('app.other', X::text, true)"},
	{"the snapshot", "", "pg_current_snapshot()::text"},
}
