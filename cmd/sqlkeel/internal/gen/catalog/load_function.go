package catalog

import (
	"context"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// loadFunctions reads the functions. date_trunc with a time zone depends on its
// arguments alone, as PostgreSQL 18 knows and versions before do not.
func (l *loader) loadFunctions(ctx context.Context, tx pgx.Tx) error {
	var f Function
	var kind, volatility string
	return each(ctx, tx, `
		SELECT p.oid, n.nspname, p.proname, p.prokind::text, l.lanname,
		       CASE WHEN p.oid < 16384 AND p.proname = 'date_trunc' AND p.pronargs = 3 THEN 'i' ELSE p.provolatile::text END,
		       coalesce(e.extname, ''), p.prorettype
		FROM pg_proc p
		JOIN pg_namespace n ON n.oid = p.pronamespace
		JOIN pg_language l ON l.oid = p.prolang
		LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		LEFT JOIN pg_extension e ON e.oid = d.refobjid
		ORDER BY p.oid`,
		[]any{&f.OID, &f.Schema, &f.Name, &kind, &f.Language, &volatility, &f.Extension, &f.result}, func() {
			one := f
			one.Kind, one.Volatility = firstByte(kind), firstByte(volatility)
			l.Functions[one.OID] = &one
			l.functions[one.Name] = append(l.functions[one.Name], &one)
		})
}

// loadBodies reads what is needed of functions that are not PostgreSQL's own.
// prosqlbody is new in 14; asking for it by name works in 13 too.
func (l *loader) loadBodies(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var tree, defaults, text, path, signature, comment string
	var hasPath, generic, sets, names bool
	var arguments []OID
	var argumentNames []string
	var modes string
	return each(ctx, tx, `
		SELECT p.oid, CASE WHEN l.lanname = 'sql' THEN coalesce(to_jsonb(p)->>'prosqlbody', '') ELSE '' END, coalesce(p.proargdefaults::text, ''), p.prosrc,
		       coalesce(p.proallargtypes, p.proargtypes::oid[]), coalesce(p.proargnames, '{}'), coalesce(array_to_string(p.proargmodes, ''), ''),
		       EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'p' AND t.typname LIKE 'any%'),
		       coalesce(obj_description(p.oid, 'pg_proc'), ''),
		       s.setting IS NOT NULL, coalesce(substr(s.setting, 13), ''),
		       CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(p.proname) || '(' || coalesce((
		           SELECT string_agg(CASE
		               WHEN e.typnamespace = 'pg_catalog'::regnamespace THEN format_type(t.oid, NULL)
		               WHEN e.typnamespace = 'public'::regnamespace OR EXISTS (
		                   SELECT FROM pg_depend x WHERE x.classid = 'pg_type'::regclass AND x.objid = e.oid AND x.deptype = 'e') THEN quote_ident(e.typname)
		               ELSE quote_ident(en.nspname) || '.' || quote_ident(e.typname) END
		               || CASE WHEN e.oid <> t.oid AND e.typnamespace <> 'pg_catalog'::regnamespace THEN '[]' ELSE '' END, ', ' ORDER BY a.n)
		           FROM unnest(p.proargtypes) WITH ORDINALITY a (type, n)
		           JOIN pg_type t ON t.oid = a.type
		           JOIN pg_type e ON e.oid = CASE WHEN t.typlen = -1 AND t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
		           JOIN pg_namespace en ON en.oid = e.typnamespace), '') || ')'
		FROM pg_proc p
		JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		JOIN pg_language l ON l.oid = p.prolang
		LEFT JOIN LATERAL (SELECT setting FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\_path=%') s ON true`,
		[]any{&oid, &tree, &defaults, &text, &arguments, &argumentNames, &modes, &generic, &comment, &hasPath, &path, &signature}, func() {
			f := l.Functions[oid]
			if f == nil {
				return
			}
			f.Signature = signature
			f.text, f.atomic, f.defaults, f.generic, f.declared = text, tree, defaults, generic, readDeclared(comment)
			f.arguments = nil
			for i, t := range arguments {
				a := parameter{typ: t}
				if i < len(argumentNames) {
					a.name = argumentNames[i]
				}
				a.out = i < len(modes) && (modes[i] == 'o' || modes[i] == 't')
				f.arguments = append(f.arguments, a)
			}
			f.hasPath, f.path = hasPath, path
			sets, names = sets || setting.MatchString(text), names || namesPath.MatchString(text)
			l.wanders = sets && names
		})
}

// setting finds what may change a setting, and namesPath the search_path as what may be
// changed. SET SCHEMA changes it too.
var (
	setting   = regexp.MustCompile(`(?i)set_config|\bset\b`)
	namesPath = regexp.MustCompile(`(?i)search_path|\bset\s+((local|session)\s+)?schema\b`)
)

// wanders reports whether a body may set the search_path for what it does next.
func wanders(body string) bool { return setting.MatchString(body) && namesPath.MatchString(body) }

func (l *loader) loadAggregates(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var parts []OID
	return each(ctx, tx, `
		SELECT aggfnoid::oid, array_remove(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
		       aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[], 0::oid)
		FROM pg_aggregate`,
		[]any{&oid, &parts}, func() {
			if f := l.Functions[oid]; f != nil {
				f.parts = append([]OID(nil), parts...)
			}
		})
}

// loadOperators reads the operators: their functions, and which of them are the equality
// by which unique indexes compare.
func (l *loader) loadOperators(ctx context.Context, tx pgx.Tx) error {
	var name string
	var oid, other OID
	err := each(ctx, tx, `SELECT oid, oprname, oprcode::oid FROM pg_operator WHERE oprcode <> 0`, []any{&oid, &name, &other}, func() {
		l.operators[oid] = other
		if oid >= firstNormalOID {
			l.operatorsNamed[name] = append(l.operatorsNamed[name], other)
		}
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, `
		SELECT o.amopopr, c.opcintype FROM pg_amop o JOIN pg_opclass c ON c.opcfamily = o.amopfamily
		WHERE c.opcmethod = 403 AND c.opcdefault AND o.amopmethod = 403 AND o.amopstrategy = 3 AND c.opcintype IN (o.amoplefttype, o.amoprighttype)`,
		[]any{&oid, &other}, func() { l.equal[equality{oid, other}] = true })
	if err != nil {
		return err
	}
	return each(ctx, tx, `SELECT oid FROM pg_collation WHERE NOT collisdeterministic`, []any{&oid}, func() { l.loose[oid] = true })
}

func (l *loader) loadCasts(ctx context.Context, tx pgx.Tx) error {
	var between conversion
	var info castInfo
	return each(ctx, tx, `SELECT castsource, casttarget, castfunc, castmethod = 'i', castcontext IN ('a', 'i') FROM pg_cast`,
		[]any{&between.from, &between.to, &info.function, &info.io, &info.assigns}, func() { l.casts[between] = info })
}
