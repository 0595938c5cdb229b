package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Verify reports whether the generated code still fits the database. Each relation that
// its statements touch must be as it was when the code was generated (see
// [generated.SchemaQuery] for what is compared). The types that they need must exist,
// and the server must take each statement. All that does not fit is in a [VerifyError];
// nil says that all does.
//
// Statements are prepared, not run, on one connection, many in a round trip, and
// forgotten at once. So a missing privilege is not seen, which the server looks for
// when a statement runs. A connection that proves dead is replaced once. The other
// errors are those of [DB.Exec], and the server's own when it is not the statement's
// fault, such as a lock timeout.
func (d *DB) Verify(ctx context.Context, registry *stmt.Registry) error {
	if registry == nil {
		return errors.New("db: Verify: there is no registry")
	}
	found := &VerifyError{Target: d.cfg.Name}
	died, err := d.verify(ctx, registry, found)
	if died && ctx.Err() == nil {
		d.noteReplay("verify", err)
		_, err = d.verify(ctx, registry, found)
	}
	switch {
	case err != nil:
		return err
	case len(found.Relations) == 0 && len(found.Types) == 0 && len(found.Statements) == 0:
		return nil
	}
	return found
}

// verify compares once. It reports whether its connection died.
func (d *DB) verify(ctx context.Context, registry *stmt.Registry, found *VerifyError) (died bool, err error) {
	l, err := d.acquire(ctx, use{sql: "verify"})
	if err != nil {
		return false, err
	}
	defer func() {
		died = l.Died(err)
		l.done(err)
		if err != nil {
			err = fmt.Errorf("db: verify %q: %w", d.cfg.Name, err)
		}
	}()
	if found.Relations, err = changed(ctx, l.conn, registry); err != nil {
		return false, err
	}
	types, err := loadTypes(ctx, l.conn, registry.Types(), nil)
	if err != nil {
		return false, err
	}
	found.Types = types.missing()
	found.Statements, err = refused(ctx, l.conn.PgConn(), registry.Statements())
	return false, err
}

// VerifyError is what [DB.Verify] found.
type VerifyError struct {
	Target    string     // the database's name
	Relations []struct { // or functions such as "total(integer)", that changed since code was generated; by name
		Name    string
		Missing bool // or it became a partition, or temporary
	}
	Types      []string   // that are missing, by name
	Statements []struct { // that the server does not take, in the order of the sources
		Name   string          // sqlc's
		Source string          // where it is written, such as "queries/books.sql:12"
		Err    *pgconn.PgError // why; its Position counts in the generated constant
	}
}

// The findings of a VerifyError.
type (
	changedRelation = struct {
		Name    string
		Missing bool
	}
	refusedStatement = struct {
		Name   string
		Source string
		Err    *pgconn.PgError
	}
)

// Error has a line for each finding, after a first one.
func (e *VerifyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "db: the generated code does not fit %q: %s, ", e.Target, plural(len(e.Relations), "changed relation"))
	if len(e.Types) > 0 {
		fmt.Fprintf(&b, "%s, ", plural(len(e.Types), "missing type"))
	}
	b.WriteString(plural(len(e.Statements), "refused statement"))
	for _, r := range e.Relations {
		what := "changed"
		if r.Missing {
			what = "is missing"
		}
		fmt.Fprintf(&b, "\n%s %s", r.Name, what)
	}
	for _, name := range e.Types {
		fmt.Fprintf(&b, "\ntype %s is missing: apply the migration that creates it", name)
	}
	for _, s := range e.Statements {
		fmt.Fprintf(&b, "\n%s: %s: %s (SQLSTATE %s)", s.Source, s.Name, s.Err.Message, s.Err.Code)
	}
	return b.String()
}

// changed compares relations with what conn's database has.
func changed(ctx context.Context, conn *pgx.Conn, registry *stmt.Registry) ([]changedRelation, error) {
	wanted := registry.Relations()
	if len(wanted) == 0 {
		return nil, nil
	}
	names := slices.Sorted(maps.Keys(wanted))
	found := make(map[string]string, len(names))
	var name, digest string
	// Not cached: it is asked once.
	rows, _ := conn.Query(ctx, generated.SchemaQuery, uncached(conn), names)
	if _, err := pgx.ForEachRow(rows, []any{&name, &digest}, func() error { found[name] = digest; return nil }); err != nil {
		return nil, err
	}
	var list []changedRelation
	for _, name := range names {
		is, there := found[name]
		if !there || is != wanted[name] {
			list = append(list, changedRelation{Name: name, Missing: !there})
		}
	}
	return list, nil
}

// uncached is how conn sends a statement that need not stay prepared.
func uncached(conn *pgx.Conn) pgx.QueryExecMode {
	if conn.Config().DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return pgx.QueryExecModeSimpleProtocol
	}
	return pgx.QueryExecModeExec
}

// preparedAtOnce is how many statements are prepared in one round trip.
const preparedAtOnce = 64

// refused prepares statements and returns those that the server does not take.
func refused(ctx context.Context, conn *pgconn.PgConn, statements []stmt.Statement) ([]refusedStatement, error) {
	var list []refusedStatement
	for part := range slices.Chunk(statements, preparedAtOnce) {
		more, err := refusedOf(ctx, conn, part)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

func refusedOf(ctx context.Context, conn *pgconn.PgConn, statements []stmt.Statement) (list []refusedStatement, err error) {
	pipeline := conn.StartPipeline(ctx)
	defer func() { err = cmp.Or(err, pipeline.Close()) }()
	for i := range statements {
		pipeline.SendPrepare("", statements[i].SQL, nil)
		pipeline.SendPipelineSync() // one that is refused does not cost the next
	}
	if err := pipeline.Flush(); err != nil {
		return nil, err
	}
	for i := range statements {
		_, err := pipeline.GetResults()
		var pg *pgconn.PgError
		if errors.As(err, &pg) && aboutStatement(err) {
			list = append(list, refusedStatement{Name: statements[i].Name, Source: statements[i].Source, Err: pg})
		} else if err != nil {
			return nil, err
		}
		if _, err := pipeline.GetResults(); err != nil { // of the sync
			return nil, err
		}
	}
	return list, nil
}

// aboutStatement says whether a refusal to prepare is the statement's fault.
func aboutStatement(err error) bool {
	switch pgerr.KindOf(err) {
	case pgerr.Conflict, pgerr.LockTimeout, pgerr.Canceled, pgerr.Disconnected, pgerr.Full:
		return false
	}
	return true
}
