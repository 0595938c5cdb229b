package pgerr

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConstraintID names a constraint. It is comparable. It is an error so that it can be
// the target of errors.Is. Generated code declares one for each constraint of a schema:
//
//	if errors.Is(err, queries.BooksIsbnKey) {
//
// Names are as the catalogs have them, without quotes.
//
// A row of a partitioned table is refused by its partition, and then the server
// names that: the partition's table, and for a unique or exclusion constraint the
// partition's own index, which is called differently. A constraint of a domain has
// no Table, and NOT NULL has no Name: see [Constraint].Column.
type ConstraintID struct {
	Schema string
	Table  string // that the constraint is on: for a foreign key the referencing one, whichever side was refused
	Name   string
}

// Error names the constraint and its table.
func (id ConstraintID) Error() string {
	s := "constraint"
	if id.Name != "" {
		s += " " + id.Name
	}
	if id.Table != "" {
		s += " of " + id.Schema + "." + id.Table
	}
	return s
}

// ConstraintKind is what a constraint demands.
type ConstraintKind uint8

const (
	// Integrity is any violation of class 23 that is none of the others, such as
	// one that a function raised.
	Integrity ConstraintKind = iota
	// Unique is 23505: a primary key, a unique constraint or a unique index.
	Unique
	// ForeignKey is 23503: a row that is referenced is missing, or would be.
	ForeignKey
	// Restrict is 23001: a row is referenced by a foreign key that says RESTRICT.
	// Servers before 18 call that a ForeignKey violation.
	Restrict
	// Check is 23514: a check constraint of a table or a domain, or a row that fits
	// in no partition.
	Check
	// NotNull is 23502.
	NotNull
	// Exclusion is 23P01.
	Exclusion
)

var constraintKindNames = [...]string{
	Integrity: "integrity", Unique: "unique", ForeignKey: "foreign key", Restrict: "restrict",
	Check: "check", NotNull: "not null", Exclusion: "exclusion",
}

// String returns the kind in words.
func (k ConstraintKind) String() string {
	if int(k) < len(constraintKindNames) {
		return constraintKindNames[k]
	}
	return "unknown constraint kind"
}

var constraintKinds = map[string]ConstraintKind{
	"23505": Unique, "23503": ForeignKey, "23001": Restrict, "23514": Check, "23502": NotNull, "23P01": Exclusion,
}

// Constraint is a violation of a constraint. Packages db and txn put it around the
// server's error, so that errors.As finds either; errors.Is finds the ID. What
// pgx hands out itself, such as a plain connection, or the row that a batch's
// callback gets, has the server's error alone: [ConstraintOf] is for that.
type Constraint struct {
	ID     ConstraintID
	Kind   ConstraintKind
	Column string // of NOT NULL
	// Detail is the server's explanation. It may contain data of the refused row
	// and of others: it is not for logs, nor for a service's users.
	Detail string

	err error
}

// Typed returns err with a *Constraint in its chain if err is a violation of a
// constraint, with an [*Advised] if there is [Advice], and else err itself. The chain
// of err stays, and its text, to which the advice is added.
func Typed(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	var known *Constraint
	if errors.As(err, &known) || !errors.As(err, &pg) {
		return err
	}
	if kindOfCode(pg) != ConstraintViolation {
		return advised(err)
	}
	return &Constraint{
		ID:   ConstraintID{Schema: pg.SchemaName, Table: pg.TableName, Name: pg.ConstraintName},
		Kind: constraintKinds[pg.Code], Column: pg.ColumnName, Detail: pg.Detail, err: err,
	}
}

// ConstraintOf returns the violation in err, wherever err comes from.
func ConstraintOf(err error) (*Constraint, bool) {
	var c *Constraint
	ok := errors.As(Typed(err), &c)
	return c, ok
}

// Is reports whether err is a violation of the constraint id, as generated code
// names them: pgerr.Is(err, queries.UsersEmailKey). It finds the server's error
// wherever err comes from.
func Is(err error, id ConstraintID) bool {
	c, ok := ConstraintOf(err)
	return ok && c.ID == id
}

// Error is that of the server's error.
func (c *Constraint) Error() string { return c.err.Error() }

// Unwrap returns the server's error, a *pgconn.PgError.
func (c *Constraint) Unwrap() error { return c.err }

// Is says whether target is the constraint's ID.
func (c *Constraint) Is(target error) bool {
	id, ok := target.(ConstraintID)
	return ok && id == c.ID
}
