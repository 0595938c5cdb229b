package effects

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
)

// OIDs below this are of objects that initdb made: PostgreSQL's own.
const firstNormalOID = 16384

// pgType is what is asked of a type.
type pgType struct {
	schema, name string
	format       string // format_type
	title        string // as stmt names it: in quotes where needed, with its schema unless that is public
	kind         string // typtype: b, c, d, e, m, p, r
	element      catalog.OID
	base         catalog.OID // of a domain
	relation     catalog.OID // of a composite
	fixedOutput  bool        // its output function is immutable
	fixedInput   bool
	array        bool
}

// proc is what is asked of a function.
type proc struct {
	name       string
	volatility byte
	own        bool // PostgreSQL's own
	// parts are the functions of an aggregate.
	parts []catalog.OID
}

// equality is an operator and the type on one of its sides.
type equality struct {
	operator, typ catalog.OID
}

// load reads what is the same for all statements.
func (a *Analyzer) load(ctx context.Context) error {
	// The temporary schema is made once, not anew in every transaction.
	_, err := a.conn.Exec(ctx, `CREATE FUNCTION pg_temp.sqlkeel_statement() RETURNS void LANGUAGE sql AS ''; DROP FUNCTION pg_temp.sqlkeel_statement()`,
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return fmt.Errorf("make a temporary function: %w", err)
	}
	steps := []func(context.Context) error{a.loadPath, a.loadTypes, a.loadProcs, a.loadOperators, a.loadBodies}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return fmt.Errorf("read the catalogs: %w", err)
		}
	}
	return nil
}

// loadPath finds the schemas in which the role looks for names.
func (a *Analyzer) loadPath(ctx context.Context) error {
	tx, err := a.conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if a.role != "" {
		if _, err := tx.Exec(ctx, "SET LOCAL ROLE "+quote(a.role)); err != nil {
			return err
		}
		// A role may have a search_path of its own, of which that for this database counts more.
		_, err := tx.Exec(ctx, `
			SELECT set_config('search_path', substr(c, 13), true)
			FROM (SELECT c FROM pg_db_role_setting s, unnest(s.setconfig) c
			      WHERE s.setrole = $1::text::regrole AND c LIKE 'search\_path=%' AND
			            s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
			      ORDER BY s.setdatabase DESC LIMIT 1) c`, quote(a.role))
		if err != nil {
			return err
		}
	}
	var schemas []string
	if err := tx.QueryRow(ctx, `SELECT current_schemas(false)::text[]`).Scan(&schemas); err != nil {
		return err
	}
	for i, s := range schemas {
		schemas[i] = quote(s)
	}
	a.path = strings.Join(schemas, ", ")
	if a.path == "" {
		a.path = "''"
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func (a *Analyzer) loadTypes(ctx context.Context) error {
	a.types = map[catalog.OID]pgType{}
	rows, err := a.conn.Query(ctx, `
SELECT t.oid, n.nspname, t.typname, format_type(t.oid, NULL),
       CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(t.typname), t.typtype::text, t.typelem, t.typbasetype, t.typrelid,
       coalesce(o.provolatile = 'i' AND o.proname <> 'byteaout', false), coalesce(i.provolatile = 'i', false), t.typcategory = 'A'
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_proc o ON o.oid = t.typoutput LEFT JOIN pg_proc i ON i.oid = t.typinput`)
	if err != nil {
		return err
	}
	var oid catalog.OID
	var t pgType
	_, err = pgx.ForEachRow(rows, []any{&oid, &t.schema, &t.name, &t.format, &t.title, &t.kind, &t.element, &t.base, &t.relation,
		&t.fixedOutput, &t.fixedInput, &t.array}, func() error {
		a.types[oid] = t
		return nil
	})
	return err
}

// loadProcs reads the functions. date_trunc with a time zone depends on its arguments
// alone, as PostgreSQL 18 knows and versions before do not.
func (a *Analyzer) loadProcs(ctx context.Context) error {
	a.procs = map[catalog.OID]proc{}
	rows, err := a.conn.Query(ctx, `
SELECT p.oid, p.proname, CASE WHEN p.oid < $1 AND p.proname = 'date_trunc' AND p.pronargs = 3 THEN 'i' ELSE p.provolatile::text END, p.oid < $1,
       CASE WHEN g.aggfnoid IS NULL THEN '{}' ELSE ARRAY[g.aggtransfn, g.aggfinalfn, g.aggmtransfn, g.aggmfinalfn]::oid[] END
FROM pg_proc p LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid`, firstNormalOID)
	if err != nil {
		return err
	}
	var oid catalog.OID
	var name, volatility string
	var own bool
	var parts []catalog.OID
	_, err = pgx.ForEachRow(rows, []any{&oid, &name, &volatility, &own, &parts}, func() error {
		p := proc{name: name, volatility: volatility[0], own: own}
		for _, part := range parts {
			if part != 0 {
				p.parts = append(p.parts, part)
			}
		}
		a.procs[oid] = p
		return nil
	})
	return err
}

// loadOperators reads the operators, and which of them are the equality by
// which unique indexes compare.
func (a *Analyzer) loadOperators(ctx context.Context) error {
	a.opers, a.equal, a.vague = map[catalog.OID]catalog.OID{}, map[equality]bool{}, map[catalog.OID]bool{}
	var oid, other catalog.OID
	rows, err := a.conn.Query(ctx, `SELECT oid, oprcode::oid FROM pg_operator`)
	if err != nil {
		return err
	}
	if _, err = pgx.ForEachRow(rows, []any{&oid, &other}, func() error { a.opers[oid] = other; return nil }); err != nil {
		return err
	}
	rows, err = a.conn.Query(ctx, `
SELECT o.amopopr, c.opcintype FROM pg_amop o JOIN pg_opclass c ON c.opcfamily = o.amopfamily
WHERE c.opcmethod = 403 AND c.opcdefault AND o.amopmethod = 403 AND o.amopstrategy = 3 AND c.opcintype IN (o.amoplefttype, o.amoprighttype)`)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&oid, &other}, func() error { a.equal[equality{oid, other}] = true; return nil })
	if err != nil {
		return err
	}
	rows, err = a.conn.Query(ctx, `SELECT oid FROM pg_collation WHERE NOT collisdeterministic`)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&oid}, func() error { a.vague[oid] = true; return nil })
	return err
}

// loadBodies reads the query trees of views.
func (a *Analyzer) loadBodies(ctx context.Context) error {
	a.bodies, a.checks = map[catalog.OID]string{}, map[catalog.OID][]catalog.OID{}
	rows, err := a.conn.Query(ctx, `SELECT ev_class, ev_action::text FROM pg_rewrite WHERE ev_type = '1' AND ev_class >= $1`, firstNormalOID)
	if err != nil {
		return err
	}
	var oid catalog.OID
	var text string
	if _, err = pgx.ForEachRow(rows, []any{&oid, &text}, func() error { a.bodies[oid] = text; return nil }); err != nil {
		return err
	}
	return nil
}
