package generated

// SchemaQuery asks a database for the digests of relations and functions. Its one
// parameter is a text[] of their names, its rows are (name text, digest text), one
// for each that is there. Two databases of the same schema give the same digests,
// whatever their versions of PostgreSQL, their data and their search_path.
//
// Names have their schema unless that is public, and quotes where SQL needs them;
// without quotes they are found too. A function is named with the types of its
// arguments, such as "audit.note(text, integer)". No row comes for partitions,
// which come and go, for temporary relations, and for what belongs to PostgreSQL
// or to an extension.
//
// A digest is of what decides the effects of statements:
//
//   - columns: their order, names and types, NOT NULL, whether there is a default,
//     which functions it calls, identity, generated, deterministic collation;
//   - unique indexes; foreign keys out and in with their actions, those of partitions
//     left out; names of all of them, since errors are recognized by name;
//   - triggers and rules, whether they are enabled, what they call or touch, and the
//     source of trigger functions;
//   - row security, policies and what they touch;
//   - of a view or materialised view the columns and functions it depends on; what it
//     computes from them is not in it;
//   - partition key, parents and children by inheritance;
//   - of a function its source, language, volatility and settings, and what it
//     depends on, but not the source of what it calls.
//
// Other indexes, CHECK constraints, privileges, comments and storage are not in it.
const SchemaQuery = `
WITH extended AS NOT MATERIALIZED (
	SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), schemas AS NOT MATERIALIZED (
	SELECT oid, nspname ~ '^pg_' OR nspname = 'information_schema' AS system,
		CASE nspname WHEN 'public' THEN '' ELSE quote_ident(nspname) || '.' END AS prefix,
		CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END AS raw
	FROM pg_namespace
), relations AS NOT MATERIALIZED (
	SELECT c.oid, c.relkind, c.relispartition, s.prefix || quote_ident(c.relname) AS name, s.raw || c.relname AS raw,
		s.system OR c.relpersistence = 't' AS system
	FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
), attributes AS NOT MATERIALIZED (
	SELECT attrelid, attnum, quote_ident(attname) AS name FROM pg_attribute
), elements AS NOT MATERIALIZED ( -- types that are no arrays; extensions may be in any schema
	SELECT t.oid, t.typtype, s.system, quote_ident(t.typname) AS name,
		CASE WHEN EXISTS (SELECT FROM extended x WHERE x.classid = 'pg_type'::regclass AND x.objid = t.oid) THEN '' ELSE s.prefix END AS prefix
	FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace
), types AS NOT MATERIALIZED (
	SELECT t.oid, t.typtype, t.typbasetype, t.typnotnull, e.system,
		CASE WHEN e.system THEN format_type(t.oid, NULL)
			ELSE e.prefix || e.name || CASE WHEN e.oid <> t.oid THEN '[]' ELSE '' END END AS name
	FROM pg_type t JOIN elements e ON e.oid = CASE WHEN t.typlen = -1 AND t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
), routines AS MATERIALIZED (
	SELECT p.oid, x.objid IS NOT NULL AS extended,
		CASE WHEN x.objid IS NULL THEN s.prefix ELSE '' END || quote_ident(p.proname) || a.list AS name, s.raw || p.proname || a.list AS raw,
		concat_ws(' ', l.lanname, p.provolatile, p.prokind, p.prosecdef, p.proretset, r.name, array_to_string(p.proconfig, ','),
			CASE WHEN x.objid IS NULL AND l.lanname NOT IN ('c', 'internal') THEN encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') END) AS body
	FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace AND NOT s.system JOIN pg_language l ON l.oid = p.prolang JOIN types r ON r.oid = p.prorettype
	LEFT JOIN extended x ON x.classid = 'pg_proc'::regclass AND x.objid = p.oid
	CROSS JOIN LATERAL (
		SELECT '(' || coalesce(string_agg(t.name, ', ' ORDER BY a.n), '') || ')' AS list
		FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n) JOIN types t ON t.oid = a.type) a
), wanted AS (
	SELECT DISTINCT unnest($1::text[]) AS name
), targets AS MATERIALIZED (
	SELECT DISTINCT ON (w.name) w.name AS wanted, r.oid, r.relkind
	FROM relations r CROSS JOIN LATERAL (VALUES (r.name, 1), (r.raw, 2)) spelt (name, rank) JOIN wanted w ON w.name = spelt.name
	WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT r.relispartition AND NOT r.system
		AND NOT EXISTS (SELECT FROM extended x WHERE x.classid = 'pg_class'::regclass AND x.objid = r.oid)
	ORDER BY w.name, spelt.rank
), functions AS MATERIALIZED (
	SELECT DISTINCT ON (w.name) w.name AS wanted, r.oid, r.body
	FROM routines r CROSS JOIN LATERAL (VALUES (r.name, 1), (r.raw, 2)) spelt (name, rank) JOIN wanted w ON w.name = spelt.name
	WHERE NOT r.extended
	ORDER BY w.name, spelt.rank
), objects AS ( -- what has dependencies of its own
	SELECT t.wanted, t.oid AS relation, 'rule ' || quote_ident(r.rulename) AS what, 'pg_rewrite'::regclass AS class, r.oid
	FROM targets t JOIN pg_rewrite r ON r.ev_class = t.oid
	UNION ALL
	SELECT t.wanted, t.oid, 'policy ' || quote_ident(p.polname), 'pg_policy'::regclass, p.oid FROM targets t JOIN pg_policy p ON p.polrelid = t.oid
	UNION ALL
	SELECT t.wanted, NULL, 'default ' || a.name, 'pg_attrdef'::regclass, d.oid
	FROM targets t JOIN pg_attrdef d ON d.adrelid = t.oid JOIN attributes a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
	UNION ALL
	SELECT wanted, NULL, 'body', 'pg_proc'::regclass, oid FROM functions
), facts (wanted, line) AS (
	SELECT t.wanted, concat_ws(' ', 'relation', t.relkind, c.relrowsecurity, c.relforcerowsecurity,
		CASE WHEN t.relkind = 'v' THEN (SELECT string_agg(o, ',' ORDER BY o COLLATE "C") FROM unnest(c.reloptions) o) END) AS line
	FROM targets t JOIN pg_class c ON c.oid = t.oid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'partitioned', p.partstrat, (
		SELECT string_agg(coalesce(a.name, '*'), ',' ORDER BY k.n)
		FROM unnest(p.partattrs) WITH ORDINALITY k (attnum, n) LEFT JOIN attributes a ON a.attrelid = p.partrelid AND a.attnum = k.attnum))
	FROM targets t JOIN pg_partitioned_table p ON p.partrelid = t.oid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'column', row_number() OVER (PARTITION BY t.wanted ORDER BY a.attnum), quote_ident(a.attname),
		CASE WHEN y.system THEN format_type(a.atttypid, a.atttypmod) ELSE y.name || '#' || a.atttypmod END,
		CASE y.typtype WHEN 'd' THEN 'domain ' || b.name || ' ' || y.typnotnull END,
		a.attnotnull, a.atthasdef, 'identity:' || a.attidentity::text, 'generated:' || a.attgenerated::text, coalesce(l.collisdeterministic, true))
	FROM targets t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN types y ON y.oid = a.atttypid LEFT JOIN types b ON b.oid = y.typbasetype LEFT JOIN pg_collation l ON l.oid = a.attcollation
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'unique', quote_ident(c.relname), i.indisprimary, i.indimmediate, i.indisvalid, i.indpred IS NOT NULL,
		coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false'), (
		SELECT string_agg(coalesce(a.name, '*'), ',' ORDER BY k.n)
		FROM unnest(i.indkey) WITH ORDINALITY k (attnum, n) LEFT JOIN attributes a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
		WHERE k.n <= i.indnkeyatts))
	FROM targets t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique JOIN pg_class c ON c.oid = i.indexrelid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', CASE WHEN way.refers THEN 'foreign key' ELSE 'referenced by' END, quote_ident(c.conname),
		source.name, keys.source, target.name, keys.target, c.confdeltype, c.confupdtype, c.condeferrable, c.condeferred, keys.cleared,
		coalesce(to_jsonb(c) ->> 'conenforced', 'true'), CASE WHEN NOT c.convalidated THEN 'not valid' END)
	FROM targets t CROSS JOIN (VALUES (true), (false)) way (refers)
	JOIN pg_constraint c ON c.contype = 'f' AND c.conparentid = 0 AND CASE WHEN way.refers THEN c.conrelid ELSE c.confrelid END = t.oid
	JOIN relations source ON source.oid = c.conrelid AND NOT source.relispartition
	JOIN relations target ON target.oid = c.confrelid
	CROSS JOIN LATERAL (
		SELECT string_agg(a.name, ',' ORDER BY k.n) AS source, string_agg(f.name, ',' ORDER BY k.n) AS target,
			string_agg(a.name, ',' ORDER BY k.n) FILTER (WHERE to_jsonb(c) -> 'confdelsetcols' @> to_jsonb(k.attnum)) AS cleared
		FROM unnest(c.conkey, c.confkey) WITH ORDINALITY k (attnum, fattnum, n)
		JOIN attributes a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
		JOIN attributes f ON f.attrelid = c.confrelid AND f.attnum = k.fattnum) keys
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'trigger', quote_ident(g.tgname), g.tgtype, g.tgenabled, g.tgdeferrable, g.tginitdeferred, g.tgqual IS NOT NULL, (
		SELECT string_agg(a.name, ',' ORDER BY a.name COLLATE "C") FROM attributes a WHERE a.attrelid = g.tgrelid AND a.attnum = ANY (g.tgattr)), p.proname, r.name, r.body)
	FROM targets t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal JOIN pg_proc p ON p.oid = g.tgfoid LEFT JOIN routines r ON r.oid = p.oid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'rule', quote_ident(r.rulename), r.ev_type, r.is_instead, r.ev_enabled)
	FROM targets t JOIN pg_rewrite r ON r.ev_class = t.oid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'policy', quote_ident(p.polname), p.polcmd, p.polpermissive, (
		SELECT string_agg(coalesce(quote_ident(r.rolname), '*'), ',' ORDER BY r.rolname) FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o))
	FROM targets t JOIN pg_policy p ON p.polrelid = t.oid
	UNION ALL
	SELECT t.wanted, concat_ws(' ', 'inherits', p.name, c.name)
	FROM targets t JOIN pg_inherits i ON t.oid IN (i.inhrelid, i.inhparent)
	JOIN relations p ON p.oid = i.inhparent JOIN relations c ON c.oid = i.inhrelid AND NOT c.relispartition
	UNION ALL
	SELECT o.wanted, concat_ws(' ', o.what, 'reads', r.name, a.name)
	FROM objects o JOIN pg_depend d ON d.classid = o.class AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass
	JOIN relations r ON r.oid = d.refobjid LEFT JOIN attributes a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
	WHERE o.class <> 'pg_attrdef'::regclass AND o.relation IS DISTINCT FROM d.refobjid
	UNION ALL
	SELECT o.wanted, concat_ws(' ', o.what, 'calls', r.name, r.body)
	FROM objects o JOIN pg_depend d ON d.classid = o.class AND d.objid = o.oid AND d.refclassid = 'pg_proc'::regclass JOIN routines r ON r.oid = d.refobjid
	UNION ALL
	SELECT wanted, 'function ' || body FROM functions
)
SELECT wanted AS name, left(encode(sha256(convert_to(string_agg(DISTINCT line, E'\n' ORDER BY line), 'UTF8')), 'hex'), 32) AS digest
FROM (SELECT wanted, line COLLATE "C" AS line FROM facts) sorted
GROUP BY wanted`
