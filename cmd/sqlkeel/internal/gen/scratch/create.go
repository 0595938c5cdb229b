package scratch

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// create makes the database. Once begun it is not interrupted: a CREATE DATABASE
// whose client is gone may still succeed, and the database would stay.
func (d *Database) create(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, d.server.Copy())
	if err != nil {
		return fmt.Errorf("connect to the server for a scratch database: %w", err)
	}
	outliving, cancel := outlive(ctx)
	defer cancel()
	defer func() { _ = conn.Close(outliving) }()
	name := pgx.Identifier{d.Name}.Sanitize()
	if _, err = conn.Exec(outliving, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return d.createError(ctx, err)
	}
	// What is asked of a catalog is asked once: its compilation costs more than it.
	_, err = conn.Exec(outliving, "ALTER DATABASE "+name+" SET jit = off")
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return errors.Join(fmt.Errorf("create a scratch database: %w", err), d.Close(ctx))
	}
	return nil
}

func (d *Database) createError(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) { // lost on the way: it may have succeeded
		return errors.Join(fmt.Errorf("create a scratch database: %w", err), d.Close(ctx))
	}
	user := pgx.Identifier{d.server.User}.Sanitize()
	switch pg.Code {
	case "42501":
		return fmt.Errorf("the role %s may not create a scratch database on this server: run ALTER ROLE %s CREATEDB there, "+
			"or name another server: %w", user, user, err)
	case "25006":
		return fmt.Errorf("this server is a standby and cannot hold a scratch database: name its primary, or another server: %w", err)
	}
	return fmt.Errorf("create a scratch database: %w", err)
}
