package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

// Load reads the catalogs of the connection's database, in one read-only
// transaction that sees one state of it. PostgreSQL 13 and later are understood.
// The connection must not be in a transaction.
func Load(ctx context.Context, conn *pgx.Conn) (*Catalog, error) {
	l := &loader{Catalog: &Catalog{
		Relations: map[OID]*Relation{}, Functions: map[OID]*Function{},
		relations: map[syntax.Name]OID{}, named: map[string][]OID{},
		functions: map[string][]*Function{}, operators: map[string][]OID{},
		types: map[OID]*typeInfo{}, typeNames: map[string][]OID{}, depends: map[object][]object{}, transition: map[OID][]string{},
	}}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error { return l.load(ctx, tx) })
	if err != nil {
		return nil, fmt.Errorf("read the catalogs: %w", err)
	}
	return l.Catalog, nil
}

// loader fills a catalog. Later steps build on earlier ones.
type loader struct{ *Catalog }

func (l *loader) load(ctx context.Context, tx pgx.Tx) error {
	err := tx.QueryRow(ctx, `
		SELECT current_schemas(false)::text[] || CASE WHEN current_setting('search_path') LIKE '%"$user"%' THEN '{$user}'::text[] ELSE '{}' END,
		       ARRAY(SELECT n.nspname FROM pg_namespace n JOIN pg_roles r ON r.rolname = n.nspname)::text[]`).Scan(&l.path, &l.users)
	if err != nil {
		return err
	}
	if err := l.loadPaths(ctx, tx); err != nil {
		return err
	}
	// Names in what PostgreSQL prints are then qualified.
	if _, err := tx.Exec(ctx, "SET LOCAL search_path = ''"); err != nil {
		return err
	}
	for _, step := range []func(context.Context, pgx.Tx) error{
		l.loadRelations, l.loadColumns, l.loadTypes, l.loadFunctions, l.loadBodies, l.loadAggregates, l.loadOperators, l.loadDepends,
		l.loadInheritance, l.loadPartitionKeys, l.loadKeys, l.loadForeignKeys, l.loadDomains, l.loadExpressions,
		l.loadTriggers, l.loadPolicies, l.loadRules, l.loadViews,
	} {
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// each runs a query and calls do for each row, after its columns were scanned into
// targets.
func each(ctx context.Context, tx pgx.Tx, sql string, targets []any, do func()) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, targets, func() error {
		do()
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w in: %s", err, strings.Join(strings.Fields(sql), " "))
	}
	return nil
}

// first returns the first byte of a "char" that was read as text.
func first(text string) byte {
	if text == "" {
		return 0
	}
	return text[0]
}

// object is an object of any kind: its catalog and its OID there.
type object struct{ class, oid OID }

// The catalogs that pg_depend names, whose OIDs are fixed.
const (
	pgProc    OID = 1255
	pgClass   OID = 1259
	pgRewrite OID = 2618
	pgPolicy  OID = 3256
)

func (l *loader) loadDepends(ctx context.Context, tx pgx.Tx) error {
	var from, to object
	return each(ctx, tx, `
		SELECT DISTINCT classid, objid, refclassid, refobjid FROM pg_depend
		WHERE classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_proc'::regclass)
		  AND refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND deptype IN ('n', 'a')
		  AND objid >= 16384
		ORDER BY 1, 2, 3, 4`,
		[]any{&from.class, &from.oid, &to.class, &to.oid}, func() { l.depends[from] = append(l.depends[from], to) })
}

// depended returns what an object's expressions use, by pg_depend and by their
// trees, but for the object's own relation.
func (l *loader) depended(from object, own OID, trees string) Dependency {
	found := l.Tree(trees)
	for _, to := range l.depends[from] {
		if to.class == pgProc {
			found.Functions = append(found.Functions, to.oid)
		} else {
			found.Relations = append(found.Relations, to.oid)
		}
	}
	out := Dependency{Functions: found.Functions, Session: found.Session}
	for _, r := range found.Relations {
		if r != own {
			out.Relations = append(out.Relations, r)
		}
	}
	return out
}
