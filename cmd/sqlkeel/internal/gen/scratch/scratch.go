package scratch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/dsn"
)

// Options say how a schema is applied.
type Options struct {
	// Strict makes Open fail at the first statement that fails. Otherwise such
	// statements are in Database.Problems and the rest goes on.
	Strict bool
	// Base is the folder that relative schema files are in; positions name the
	// files as they were given. Default: the working directory.
	Base string
	// Owned says that the server is there for the caller alone, so that roles may
	// be created on it: those that the schema creates, and those that it takes
	// for granted.
	Owned bool
	// Role is a role that must exist when the schema is applied; on an owned
	// server it is created without rights where it is missing. Default: none.
	Role string
}

// Database is a scratch database. Its methods are safe for concurrent use.
type Database struct {
	// Name is its name on the server.
	Name string
	// Problems are statements of the schema that were left out or failed, in the
	// order in which they were met.
	Problems []*project.Problem

	server *pgx.ConnConfig // how to reach the server's other database
	hooks  hooks
	mu     sync.Mutex // guards closed
	closed bool
}

// hooks are what tests of this package put in place of the real thing.
type hooks struct {
	name   string           // of the database
	before func(sql string) // is called with what the schema's session is about to run
}

// namePrefix begins the name of every scratch database.
const namePrefix = "sqlkeel_scratch_"

// How long CREATE and DROP DATABASE may take: while the caller waits, and after its
// context ended. DROP waits for all sessions of the server, and one that is amid a COPY
// from its client holds it up.
const (
	waitTimeout = 5 * time.Minute
	dropTimeout = 20 * time.Second
)

// outlive returns a context that ends dropTimeout after ctx, and after waitTimeout.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	outliving, cancel := context.WithTimeout(context.WithoutCancel(ctx), waitTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(dropTimeout, cancel) })
	return outliving, func() { stop(); cancel() }
}

// Open creates a database on the server of url, a DSN, and applies the files of schema in
// order. The error is a [*project.Problem] when a statement failed (with Strict),
// a file could not be read or the role is missing; other errors are about the
// server or ctx. After an error nothing is left on the server.
func Open(ctx context.Context, url string, schema []string, opts Options) (*Database, error) {
	return open(ctx, url, schema, opts, hooks{name: newName()})
}

func open(ctx context.Context, url string, schema []string, opts Options, h hooks) (*Database, error) {
	server, err := dsn.Parse(url)
	if err != nil {
		return nil, fmt.Errorf("the DSN for the scratch database %w", err)
	}
	d := &Database{Name: h.name, server: server, hooks: h}
	if err := d.create(ctx); err != nil {
		return nil, err
	}
	if err := d.apply(ctx, schema, opts); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

func newName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return namePrefix + hex.EncodeToString(b[:])
}

// Connect opens a connection to the database, with the settings that every new
// connection to it gets. The caller closes it.
func (d *Database) Connect(ctx context.Context) (*pgx.Conn, error) {
	c := d.server.Copy()
	c.Database = d.Name
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to the scratch database %s: %w", d.Name, err)
	}
	return conn, nil
}

// Close drops the database, and ends connections to it that are still open. It gives up
// after five minutes, or 20 seconds after ctx has ended. Calling it again does nothing.
func (d *Database) Close(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	if err := d.drop(ctx); err != nil {
		return fmt.Errorf("drop the scratch database (DROP DATABASE %s does it by hand): %w", d.Name, err)
	}
	d.closed = true
	return nil
}

func (d *Database) drop(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, d.server.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{d.Name}.Sanitize()+" WITH (FORCE)")
	return err
}
