// Package bodies has PostgreSQL compile what functions run. Each statement and each
// expression of a body becomes the BEGIN ATOMIC body of a temporary function, with the
// variables in its scope as arguments. The analysed tree of that is read back: every
// name, overload, cast and type in it is PostgreSQL's own answer. Nothing of a body is
// ever run, and all that is made is rolled back.
package bodies

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Function is what is compiled. Types are spelt as SQL takes them, whatever the
// search_path.
type Function struct {
	Name     string
	Language string // sql or plpgsql
	Source   string // pg_proc.prosrc
	Path     string // its search_path, as pg_proc keeps it; "" for the session's
	// Arguments in order, those that it returns included.
	Arguments []Argument
	Result    tree.OID // what RETURN casts to; 0 for nothing
	// Table is the relation of a trigger, as SQL takes it, and Tables are the names
	// of its transition tables.
	Table  string
	Tables []string
	// Event says that it is for an event trigger.
	Event bool
	// Concrete are the types that polymorphic ones stand for, by their names.
	Concrete map[string]string
}

// Argument is an argument of a function.
type Argument struct {
	Name string
	Type string
	Out  bool
}

// Body is what PostgreSQL made of a function's source.
type Body struct {
	// Trees are its statements and expressions. Names in them are resolved.
	Trees []Tree
	// Values are what is assigned, passed or returned as another type.
	Values []Value
	// Made are the types of its variables.
	Made []tree.OID
	// Utilities are statements that PostgreSQL does not analyse, such as TRUNCATE.
	Utilities []string
	// Loose are statements that were not compiled.
	Loose []Loose
	// Runs are the expressions whose value is run, where that is no constant.
	Runs []Run
	// Own are relations that are there only while it runs, and their names.
	Own map[tree.OID]bool
	// OwnNames are the names of these.
	OwnNames map[string]bool
	// Makes says that it makes a temporary table, Keeps that this stays until the
	// session ends.
	Makes, Keeps bool
	// Alters are the columns of NEW that it may assign. AltersAny says that it may be
	// any: NEW is assigned whole, or another row returned.
	Alters    []string
	AltersAny bool
	// Unknown is why that is not all; empty when it is.
	Unknown string
}

// Tree is what was compiled, and its text.
type Tree struct {
	tree.Value
	SQL string
}

// Value is columns that become a value of a type: one, or those of a row.
type Value struct {
	From []tree.OID
	To   tree.OID
	// Constant is the one column, when that is a text that is written out.
	Constant string
}

// Loose is a statement that was not compiled, and why.
type Loose struct{ SQL, Why string }

// Run is an expression whose value is run as SQL, and is no constant.
type Run struct {
	Expression *tree.Node
	SQL        string // SELECT and the expression
}

// Types is what is known of the database's types.
type Types interface {
	// ExprType returns the type of an expression; false when it is not known.
	ExprType(n *tree.Node) (tree.OID, bool)
	// TypeSQL returns a type's name as SQL takes it, whatever the search_path.
	TypeSQL(oid tree.OID) string
	// Composite reports whether a type is a row type, Field returns the type of one
	// of its columns, and Element that of an array's elements; 0 when there is none.
	Composite(oid tree.OID) bool
	Field(oid tree.OID, name string) tree.OID
	Element(oid tree.OID) tree.OID
}

// Compile has the server compile a function's source on a connection that is in no
// transaction. The error is the connection's: what the server refuses is in the Body.
func Compile(ctx context.Context, conn *pgx.Conn, types Types, f *Function) (*Body, error) {
	s := &session{conn: conn.PgConn(), types: types, out: &Body{Own: map[tree.OID]bool{}, OwnNames: map[string]bool{}}}
	path := ""
	if f.Path != "" {
		path = ";SELECT pg_catalog.set_config('search_path', " + literal(f.Path) + ", true)"
	}
	if _, err := s.conn.Exec(ctx, "BEGIN;SET LOCAL client_min_messages TO error"+path).ReadAll(); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	s.ctx = ctx
	s.compile(f)
	if s.err != nil {
		_, _ = s.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK").ReadAll()
		return nil, fmt.Errorf("compile function %s: %w", f.Name, s.err)
	}
	if _, err := s.conn.Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		return nil, fmt.Errorf("roll back: %w", err)
	}
	return s.out, nil
}

// session is the work on one function.
type session struct {
	ctx   context.Context // of one call of Compile
	conn  *pgconn.PgConn
	types Types
	out   *Body
	made  int   // names that were given
	err   error // of the connection
}

func (s *session) compile(f *Function) {
	s.tables(f)
	if f.Language == "sql" {
		s.sql(f)
	} else {
		s.plpgsql(f)
	}
	s.settle()
}

// attempt runs a script of several statements behind a savepoint. Its last result is
// returned; ok is false when the server refused one, for the reason given.
func (s *session) attempt(script string) (rows [][][]byte, why string, ok bool) {
	if s.err != nil {
		return nil, "", false
	}
	results, err := s.conn.Exec(s.ctx, "SAVEPOINT sqlkeel;"+script+";RELEASE sqlkeel").ReadAll()
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server):
		_, s.err = s.conn.Exec(s.ctx, "ROLLBACK TO sqlkeel;RELEASE sqlkeel").ReadAll()
		return nil, server.Message, false
	case err != nil:
		s.err = err
		return nil, "", false
	}
	return results[len(results)-2].Rows, "", true
}
