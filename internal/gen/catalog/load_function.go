package catalog

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

func (l *loader) loadFunctions(ctx context.Context, tx pgx.Tx) error {
	var f Function
	var kind, volatility string
	return each(ctx, tx, `
		SELECT p.oid, n.nspname, p.proname, p.prokind::text, l.lanname, p.provolatile::text, coalesce(e.extname, ''), p.prorettype
		FROM pg_proc p
		JOIN pg_namespace n ON n.oid = p.pronamespace
		JOIN pg_language l ON l.oid = p.prolang
		LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		LEFT JOIN pg_extension e ON e.oid = d.refobjid
		ORDER BY p.oid`,
		[]any{&f.OID, &f.Schema, &f.Name, &kind, &f.Language, &volatility, &f.Extension, &f.result}, func() {
			one := f
			one.Kind, one.Volatility = first(kind), first(volatility)
			one.body = sync.OnceValue(func() *body { return l.read(&one) })
			l.Functions[one.OID] = &one
			l.functions[one.Name] = append(l.functions[one.Name], &one)
		})
}

// loadBodies reads what is needed of functions that are not PostgreSQL's own.
// prosqlbody is new in 14; asking for it by name works in 13 too.
func (l *loader) loadBodies(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var source, tree, defaults, text, path, signature string
	var hasPath, sets, names bool
	var arguments []OID
	return each(ctx, tx, `
		SELECT p.oid, CASE WHEN p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql') THEN pg_get_functiondef(p.oid) ELSE '' END,
		       CASE WHEN l.lanname = 'sql' THEN coalesce(to_jsonb(p)->>'prosqlbody', '') ELSE '' END, coalesce(p.proargdefaults::text, ''), p.prosrc, p.proargtypes::oid[],
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
		[]any{&oid, &source, &tree, &defaults, &text, &arguments, &hasPath, &path, &signature}, func() {
			f := l.Functions[oid]
			if f == nil {
				return
			}
			f.Signature = signature
			f.Source, f.text, f.arguments = source, text, append([]OID(nil), arguments...)
			if hasPath {
				f.path = splitPath(path)
				l.paths = append(l.paths, f.path)
			}
			sets, names = sets || strings.Contains(text, "set_config"), names || strings.Contains(text, "search_path")
			l.wanders = sets && names
			f.atomic, f.tree, f.defaults = tree != "", l.Tree(tree), l.Tree(defaults)
		})
}

// loadPaths reads the search_paths that roles have, whose sessions may call what is
// here.
func (l *loader) loadPaths(ctx context.Context, tx pgx.Tx) error {
	var path string
	return each(ctx, tx, `
		SELECT DISTINCT substr(c, 13) FROM pg_db_role_setting s, unnest(s.setconfig) c
		WHERE c LIKE 'search\_path=%' AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))`,
		[]any{&path}, func() { l.paths = append(l.paths, splitPath(path)) })
}

// splitPath cuts a search_path as pg_proc keeps it.
func splitPath(setting string) []string {
	path := []string{}
	for _, s := range strings.Split(setting, ",") {
		s = strings.TrimSpace(s)
		if quoted, ok := strings.CutPrefix(s, `"`); ok {
			s = strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `""`, `"`)
		}
		if s != "" {
			path = append(path, s)
		}
	}
	return path
}

func (l *loader) loadAggregates(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var parts []OID
	return each(ctx, tx, `
		SELECT aggfnoid::oid, array_remove(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
		       aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[], 0::oid)
		FROM pg_aggregate WHERE aggfnoid::oid >= 16384`,
		[]any{&oid, &parts}, func() {
			if f := l.Functions[oid]; f != nil {
				f.parts = append([]OID(nil), parts...)
			}
		})
}

// loadOperators reads the functions that operators and casts call without their
// name being written. Those of domains' checks are added by loadDomains.
func (l *loader) loadOperators(ctx context.Context, tx pgx.Tx) error {
	var name string
	var oid OID
	err := each(ctx, tx, `SELECT oprname, oprcode::oid FROM pg_operator WHERE oid >= 16384 AND oprcode <> 0`, []any{&name, &oid}, func() {
		l.operators[name] = append(l.operators[name], oid)
	})
	if err != nil {
		return err
	}
	return each(ctx, tx, `SELECT castfunc FROM pg_cast WHERE castfunc >= 16384`, []any{&oid}, func() {
		l.casts = append(l.casts, oid)
	})
}

// resolveAll finds the relations that names in a body mean.
func (c *Catalog) resolveAll(names []syntax.Name, path []string, anywhere bool, but map[string]bool) (found []OID, missing string) {
	for _, n := range names {
		oids := c.lookup(n, path, anywhere)
		found = append(found, oids...)
		if len(oids) == 0 && !(n.Schema == "" && but[n.Name]) {
			missing = n.String()
		}
	}
	return found, missing
}

// lookup finds the relations that a name in a body may mean: the one on the path,
// those on the paths of who may call, or, when there is none or the path is not
// known, all of that name.
func (c *Catalog) lookup(n syntax.Name, path []string, anywhere bool) []OID {
	oid, ok := c.resolve(n.Schema, n.Name, path)
	switch {
	case !ok && n.Schema != "":
		return nil
	case !ok || anywhere && n.Schema == "":
		return c.named[n.Name]
	}
	found := []OID{oid}
	if n.Schema == "" && slices.Equal(path, c.path) && !c.is(onePath) && !c.is(anyPath) {
		for _, caller := range c.paths {
			if other, ok := c.resolve("", n.Name, caller); ok && !slices.Contains(found, other) {
				found = append(found, other)
			}
		}
	}
	if n.Schema == "" && slices.Contains(path, anyUser) && !c.is(oneUser) {
		for _, schema := range c.users {
			if own, ok := c.relations[syntax.Name{Schema: schema, Name: n.Name}]; ok && own != oid {
				found = append(found, own)
			}
		}
	}
	return found
}

// anyUser in a search_path is the schema called like whoever asks.
const anyUser = "$user"
