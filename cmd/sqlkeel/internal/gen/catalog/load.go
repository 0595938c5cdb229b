package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// Load reads the catalogs of the connection's database, in one read-only
// transaction that sees one state of it. PostgreSQL 13 and later are understood. The
// connection must not be in a transaction, now or whenever the catalog is asked, and
// ctx bounds all of that.
func Load(ctx context.Context, conn *pgx.Conn) (*Catalog, error) {
	l := &loader{Catalog: &Catalog{
		Relations: map[OID]*Relation{}, Functions: map[OID]*Function{},
		relations: map[syntax.Name]OID{}, relationsNamed: map[string][]OID{},
		functions: map[string][]*Function{}, operators: map[OID]OID{}, operatorsNamed: map[string][]OID{},
		equal: map[equality]bool{}, loose: map[OID]bool{}, checks: map[OID]*Uses{}, casts: map[conversion]castInfo{},
		types: map[OID]*Type{}, typesNamed: map[string][]OID{}, labels: map[OID]string{}, restricted: map[OID]bool{},
		ctx: ctx, conn: conn, bodies: map[place]*body{}, instances: map[OID][]OID{},
	}}
	// The temporary schema is made once, not anew in every transaction.
	_, err := conn.Exec(ctx, `CREATE FUNCTION pg_temp.sqlkeel_statement() RETURNS void LANGUAGE sql AS ''; DROP FUNCTION pg_temp.sqlkeel_statement()`,
		pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, fmt.Errorf("make a temporary function: %w", err)
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error { return l.load(ctx, tx) })
	if err != nil {
		return nil, fmt.Errorf("read the catalogs: %w", err)
	}
	return l.Catalog, nil
}

// loader fills a catalog. Later steps build on earlier ones.
type loader struct{ *Catalog }

func (l *loader) load(ctx context.Context, tx pgx.Tx) error {
	if err := l.loadPaths(ctx, tx); err != nil {
		return err
	}
	if err := l.loadTypes(ctx, tx); err != nil {
		return err
	}
	// Names in what PostgreSQL prints are then qualified.
	if _, err := tx.Exec(ctx, "SET LOCAL search_path = ''"); err != nil {
		return err
	}
	for _, step := range []func(context.Context, pgx.Tx) error{
		l.loadRelations, l.loadColumns, l.loadFunctions, l.loadBodies, l.loadAggregates, l.loadOperators, l.loadComparisons, l.loadCasts, l.loadDomains, l.loadValues,
		l.loadInheritance, l.loadPartitionKeys, l.loadKeys, l.loadForeignKeys, l.loadExpressions,
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
func each(ctx context.Context, tx pgx.Tx, sql string, targets []any, do func(), args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
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

// firstByte returns the first byte of a "char" that was read as text.
func firstByte(text string) byte {
	if text == "" {
		return 0
	}
	return text[0]
}
