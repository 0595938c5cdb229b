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

// WithMigrations applies goose's SQL migrations, the *.sql files at the root of
// fsys, all the way up. Default: an empty database.
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
