// Package effects works out what one statement does: from what PostgreSQL resolves
// and locks when it prepares the statement, and from the catalogs.
//
// A statement is prepared as the application's role, in a transaction that is
// rolled back. The locks that this took are its reads, writes and row locks. Then
// the statement becomes the body of a temporary function, and PostgreSQL's own
// analysed form of it, every name an OID, is read back: functions and their
// volatility, row keys and unique look-ups are found in that, not in the text.
// What neither shows (cascades, triggers, function bodies) the catalog adds.
package effects

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Analyzer works out statements on one connection to a database with the schema.
// It is not safe for concurrent use.
type Analyzer struct {
	conn *pgx.Conn
	cat  *catalog.Catalog
	role string
	path string // the role's search_path, quoted
}

// Result is what a statement does and the types it takes and gives.
type Result struct {
	stmt.Effects
	Params  []Type
	Columns []Column
	// Types are the users' types of its parameters and columns, as
	// stmt.Statement.Types has them.
	Types []string
	// Functions are the users' functions on which the effects rest, as
	// generated.SchemaQuery spells them.
	Functions []string
	// Query is PostgreSQL's analysed form. It is nil when there is none, for WhyNone.
	Query   *tree.Node
	WhyNone string
	// NoStandby is why a standby cannot run it; empty when it is read-only.
	NoStandby string
	// WhyAnything is why it may change anything; "" when it may not.
	WhyAnything string
	// Remarks say what could not be known and how to declare it.
	Remarks []*project.Problem
}

// Type is a type of the database.
type Type struct {
	OID  uint32
	Name string // as format_type writes it
	// Array says that it, or what it is a domain over, is an array.
	Array bool
}

// Column is a column of a result.
type Column struct {
	Name string
	Type Type
}

// New returns an analyzer that works on conn, which it does not close. Statements
// are prepared as role when that is not empty. An error is the connection's or
// the server's, for instance because the role does not exist.
func New(ctx context.Context, conn *pgx.Conn, cat *catalog.Catalog, role string) (*Analyzer, error) {
	a := &Analyzer{conn: conn, cat: cat, role: role}
	if err := a.loadPath(ctx); err != nil {
		return nil, fmt.Errorf("read the search_path: %w", err)
	}
	return a, nil
}

// Analyze works out one statement. What the server or the annotations refuse is a
// [*project.Problem]; any other error is the connection's or ctx's. The session is
// left as it was.
func (a *Analyzer) Analyze(ctx context.Context, st *project.Statement) (*Result, error) {
	seen, err := a.look(ctx, st)
	if err != nil {
		return nil, err
	}
	declared, err := a.declared(st)
	if err != nil {
		return nil, err
	}
	w := &work{Analyzer: a, st: st, sighting: seen, declared: declared, out: &Result{Params: seen.params, Columns: seen.columns, Types: a.named(seen), Query: seen.query, WhyNone: seen.whyNone}}
	w.run()
	if err := a.cat.Err(); err != nil {
		return nil, err
	}
	return w.out, nil
}
