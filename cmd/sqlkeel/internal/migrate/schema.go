package migrate

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Snapshot renders the schema of conn's database as text that is equal for equal
// schemas: schemas, extensions, types, relations with their columns and partitions,
// sequences, constraints, indexes, views, functions, triggers, rules, policies,
// statistics, privileges and comments, one a line and sorted. It leaves out what
// belongs to PostgreSQL or to an extension, object ids, rows, and goose's version
// table. So an empty database equals one that was migrated all the way down. It needs a
// connection without an open transaction.
func Snapshot(ctx context.Context, conn *pgx.Conn) (string, error) {
	var b strings.Builder
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// With no search path every name is printed with its schema.
		if _, err := tx.Exec(ctx, "SET LOCAL search_path = ''"); err != nil {
			return err
		}
		for _, part := range snapshotParts {
			if err := snapshotPart(ctx, tx, part, &b); err != nil {
				return fmt.Errorf("%s: %w", part.title, err)
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read schema: %w", err)
	}
	return b.String(), nil
}

func snapshotPart(ctx context.Context, tx pgx.Tx, part snapshotQuery, b *strings.Builder) error {
	rows, err := tx.Query(ctx, ownObjects+"SELECT line FROM ("+part.sql+`) AS part (line) ORDER BY line COLLATE "C"`)
	if err != nil {
		return err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "-- %s\n%s\n", part.title, strings.Join(lines, "\n"))
	}
	return nil
}

type snapshotQuery struct{ title, sql string }

// ownObjects defines ns, the user's schemas, rel, the relations in them, and
// ext, what extensions own.
const ownObjects = `WITH ns AS (
	SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), ext AS (
	SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS (
	SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
	FROM pg_class c JOIN ns n ON n.oid = c.relnamespace
	WHERE c.relname !~ '^` + goose.DefaultTablename + `' AND (1259, c.oid) NOT IN (SELECT classid, objid FROM ext)
) `

var snapshotParts = []snapshotQuery{
	{"schemas", `SELECT format('%I %s', nspname, (SELECT nspacl FROM pg_namespace p WHERE p.oid = ns.oid)) FROM ns`},
	{"extensions", `SELECT format('%I %s', extname, extversion) FROM pg_extension`},
	{"types", `SELECT format('%I.%I %s', ns.nspname, t.typname, CASE t.typtype
		WHEN 'e' THEN 'enum ' || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)
		WHEN 'd' THEN concat_ws(' ', 'domain', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault)
		ELSE 'range ' || (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = t.oid) END)
		FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
		WHERE t.typtype IN ('e', 'd', 'r') AND (1247, t.oid) NOT IN (SELECT classid, objid FROM ext)`},
	{"relations", `SELECT concat_ws(' ', name, CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
			WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' WHEN 'f' THEN 'foreign table' END,
		CASE relpersistence WHEN 'u' THEN 'unlogged' END, CASE WHEN relrowsecurity THEN 'row security' END,
		CASE WHEN relforcerowsecurity THEN 'forced' END, 'with ' || array_to_string(reloptions, ','), 'by ' || pg_get_partkeydef(oid),
		(SELECT 'of ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = rel.oid),
		pg_get_expr(relpartbound, oid), CASE WHEN relkind = 'm' AND NOT relispopulated THEN 'not populated' END,
		'grants ' || array_to_string(relacl, ','))
		FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'c', 'f')`},
	{"columns", `SELECT concat_ws(' ', format('%s %s %I', rel.name, lpad((count(*) OVER (PARTITION BY rel.oid ORDER BY a.attnum))::text, 4, '0'), a.attname),
		format_type(a.atttypid, a.atttypmod), 'collate ' || nullif(a.attcollation, t.typcollation)::regcollation::text,
		CASE WHEN a.attnotnull THEN 'not null' END,
		CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
		CASE WHEN a.attgenerated = '' THEN 'default ' ELSE 'generated ' END || pg_get_expr(d.adbin, d.adrelid),
		'grants ' || array_to_string(a.attacl, ','))
		FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attnum > 0 AND NOT a.attisdropped AND rel.relkind IN ('r', 'p', 'v', 'm', 'c', 'f')`},
	{"sequences", `SELECT concat_ws(' ', rel.name, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
		CASE WHEN s.seqcycle THEN 'cycle' END,
		(SELECT format('owned by %s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d
			JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
			WHERE d.classid = 1259 AND d.objid = rel.oid AND d.deptype IN ('a', 'i')))
		FROM rel JOIN pg_sequence s ON s.seqrelid = rel.oid`},
	{"constraints", `SELECT concat_ws(' ', coalesce(rel.name, k.contypid::regtype::text), quote_ident(k.conname), pg_get_constraintdef(k.oid),
		CASE WHEN NOT k.convalidated THEN 'not valid' END)
		FROM pg_constraint k LEFT JOIN rel ON rel.oid = k.conrelid JOIN ns ON ns.oid = k.connamespace
		WHERE rel.oid IS NOT NULL OR k.contypid <> 0 AND (1247, k.contypid) NOT IN (SELECT classid, objid FROM ext)`},
	{"indexes", `SELECT concat_ws(' ', rel.name, pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
		CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity' END)
		FROM rel JOIN pg_index i ON i.indexrelid = rel.oid`},
	{"views", `SELECT rel.name || E'\n' || pg_get_viewdef(rel.oid) FROM rel WHERE relkind IN ('v', 'm')`},
	{"functions", `SELECT concat_ws(E'\n', p.oid::regprocedure::text,
		CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_get_functiondef(p.oid) END,
		(SELECT format('aggregate %s %s %s', aggtransfn, aggtranstype::regtype, agginitval) FROM pg_aggregate WHERE aggfnoid = p.oid),
		'grants ' || array_to_string(p.proacl, ','))
		FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace WHERE (1255, p.oid) NOT IN (SELECT classid, objid FROM ext)`},
	{"triggers", `SELECT concat_ws(' ', rel.name, pg_get_triggerdef(t.oid), t.tgenabled)
		FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid WHERE NOT t.tgisinternal`},
	{"rules", `SELECT concat_ws(' ', rel.name, pg_get_ruledef(r.oid), r.ev_enabled)
		FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid WHERE r.rulename <> '_RETURN'`},
	{"policies", `SELECT concat_ws(' ', rel.name, quote_ident(p.polname), p.polcmd, p.polpermissive,
		(SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE o::regrole::text END, ', ') FROM unnest(p.polroles) o),
		'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
		FROM rel JOIN pg_policy p ON p.polrelid = rel.oid`},
	{"statistics", `SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace`},
	{"comments", `SELECT concat_ws(' ', o.type, o.identity, quote_literal(d.description))
		FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) o
		WHERE o.schema IN (SELECT nspname FROM ns) AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM ext)`},
}
