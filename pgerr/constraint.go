package pgerr

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConstraintID names a constraint. It is comparable. Generated code declares one for
// each constraint of a schema:
//
//	if pgerr.Is(err, queries.BooksIsbnKey) {
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

// ConstraintKind is what a constraint demands, in words.
type ConstraintKind string

const (
	// Integrity is any violation of class 23 that is none of the others, such as
	// one that a function raised.
	Integrity ConstraintKind = "integrity"
	// Unique is 23505: a primary key, a unique constraint or a unique index.
	Unique ConstraintKind = "unique"
	// ForeignKey is 23503: a row that is referenced is missing, or would be.
	ForeignKey ConstraintKind = "foreign key"
	// Restrict is 23001: a row is referenced by a foreign key that says RESTRICT.
	// Servers before 18 call that a ForeignKey violation.
	Restrict ConstraintKind = "restrict"
	// Check is 23514: a check constraint of a table or a domain, or a row that fits
	// in no partition.
	Check ConstraintKind = "check"
	// NotNull is 23502.
	NotNull ConstraintKind = "not null"
	// Exclusion is 23P01.
	Exclusion ConstraintKind = "exclusion"
)

var constraintKinds = map[string]ConstraintKind{
	"23505": Unique, "23503": ForeignKey, "23001": Restrict, "23514": Check, "23502": NotNull, "23P01": Exclusion,
}

// Constraint is what a violation of a constraint says.
type Constraint struct {
	ID     ConstraintID
	Kind   ConstraintKind
	Column string // of NOT NULL
	// Detail is the server's explanation. It may contain data of the refused row
	// and of others: it is not for logs, nor for a service's users.
	Detail string
}

// ConstraintOf returns the violation in err, wherever err comes from.
func ConstraintOf(err error) (c Constraint, ok bool) {
	var pg *pgconn.PgError
	if err == nil || !errors.As(err, &pg) || kindOfCode(pg) != ConstraintViolation {
		return Constraint{}, false
	}
	kind, known := constraintKinds[pg.Code]
	if !known {
		kind = Integrity
	}
	return Constraint{
		ID:   ConstraintID{Schema: pg.SchemaName, Table: pg.TableName, Name: pg.ConstraintName},
		Kind: kind, Column: pg.ColumnName, Detail: pg.Detail,
	}, true
}

// Is reports whether err is a violation of the constraint id, as generated code
// names them: pgerr.Is(err, queries.UsersEmailKey). It finds the server's error
// wherever err comes from.
func Is(err error, id ConstraintID) bool {
	c, ok := ConstraintOf(err)
	return ok && c.ID == id
}
