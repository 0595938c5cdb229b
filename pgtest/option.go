package pgtest

import (
	"context"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5"
)

// Option is a wish for the database that [New] returns.
type Option interface {
	apply(*template) error
}

type optionFunc func(*template) error

func (f optionFunc) apply(t *template) error { return f(t) }

// WithMigrations applies the *.sql files at the root of fsys, all the way up, as
// sqlkeel generate does: migrations of goose, golang-migrate, sql-migrate, dbmate, tern
// and flyway, in the order in which their tool applies them. Files of no tool, such as
// a dump, are taken by name. Those of goose are applied by goose itself, with ENVSUB.
// No table of versions is made for the other tools.
//
// The database is made once for the same files and the same values of their ENVSUB
// variables, on the same server with the same role and settings. What the files set on
// the database itself is set on each test's: parameters, privileges, owner, connection
// limit and comment, by whatever name they call it. CREATE and DROP DATABASE are about
// other databases. Default: an empty database.
func WithMigrations(fsys fs.FS) Option {
	return optionFunc(func(t *template) error {
		if fsys == nil {
			return errors.New("WithMigrations: fsys is nil")
		}
		if t.migrations != nil {
			return errors.New("WithMigrations: given twice")
		}
		t.migrations = fsys
		return nil
	})
}

// WithSeed runs fn after the migrations, once for all tests that share
// the migrations and name: its data are part of the template. Change the name
// when what fn does changes. fn need not close the connection.
func WithSeed(name string, fn func(context.Context, *pgx.Conn) error) Option {
	return optionFunc(func(t *template) error {
		if name == "" || fn == nil {
			return errors.New("WithSeed: name and fn must be given")
		}
		if t.seed != nil {
			return errors.New("WithSeed: given twice")
		}
		t.seedName, t.seed = name, fn
		return nil
	})
}
