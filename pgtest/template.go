package pgtest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// template says what a database holds. Databases are cloned from it, and equal
// templates of all processes on one server are one database.
type template struct {
	migrations fs.FS
	seedName   string
	seed       func(context.Context, *pgx.Conn) error

	mutant mutant
}

// digest is different for templates with different content.
func (t *template) digest(serverVersion string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	add := func(part []byte) {
		_ = binary.Write(h, binary.BigEndian, int64(len(part)))
		h.Write(part)
	}
	add([]byte(serverVersion))
	add([]byte(t.seedName))
	if t.migrations != nil {
		files, err := fs.Glob(t.migrations, "*.sql")
		if err != nil {
			return sum, err
		}
		if len(files) == 0 {
			return sum, errors.New("WithMigrations: there is no *.sql file at the root of the file system")
		}
		for _, name := range files { // in lexical order
			content, err := fs.ReadFile(t.migrations, name)
			if err != nil {
				return sum, fmt.Errorf("WithMigrations: %w", err)
			}
			add([]byte(name))
			add(content)
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// ensure returns the name of the template's database, after building it when
// there is none yet. It is built under another name, so that one which exists
// under its own is complete, and under a lock, so that it is built once.
func (t *template) ensure(ctx context.Context, admin *pgx.Conn) (name string, err error) {
	sum, err := t.digest(admin.PgConn().ParameterStatus("server_version"))
	if err != nil {
		return "", err
	}
	name = templateName(sum)
	if exists, err := databaseExists(ctx, admin, name); exists || err != nil {
		return name, err
	}
	if t.mutant.noLock {
		return name, t.build(ctx, admin, name)
	}
	lock := int64(binary.BigEndian.Uint64(sum[8:]))
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return "", fmt.Errorf("lock the template: %w", err)
	}
	defer func() {
		_, unlockErr := admin.Exec(ctx, "SELECT pg_advisory_unlock($1)", lock)
		err = cmp.Or(err, unlockErr)
	}()
	if exists, err := databaseExists(ctx, admin, name); exists || err != nil {
		return name, err
	}
	return name, t.build(ctx, admin, name)
}

func templateName(sum [sha256.Size]byte) string {
	return "pgtest_template_" + hex.EncodeToString(sum[:8])
}

func (t *template) build(ctx context.Context, admin *pgx.Conn, name string) error {
	draft := name + "_" + randomHex(4)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+quote(draft)+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("create the template: %w", err)
	}
	err := t.fill(ctx, admin.Config().ConnString(), draft)
	if err == nil {
		_, err = admin.Exec(ctx, "ALTER DATABASE "+quote(draft)+" RENAME TO "+quote(name))
	}
	if err == nil {
		return nil
	}
	_, dropErr := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+quote(draft)+" WITH (FORCE)")
	// Advisory locks hold within one database only: who came over another
	// maintenance database may have been faster, and that is as good.
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42P04" || pg.Code == "23505") { // duplicate_database, unique_violation
		return dropErr
	}
	return errors.Join(err, dropErr)
}

// fill migrates and seeds the database.
func (t *template) fill(ctx context.Context, server, database string) error {
	cfg, err := pgx.ParseConfig(server)
	if err != nil {
		return err
	}
	cfg.Database = database
	if t.migrations != nil {
		if err := migrate(ctx, stdlib.OpenDB(*cfg), t.migrations); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if t.seed == nil {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("seed %s: %w", t.seedName, err)
	}
	err = t.seed(ctx, conn)
	if err != nil {
		err = fmt.Errorf("seed %s: %w", t.seedName, err)
	}
	return errors.Join(err, conn.Close(ctx))
}

func migrate(ctx context.Context, db *sql.DB, fsys fs.FS) error {
	// goose's own registry of Go migrations is global state: none of it here.
	provider, err := goose.NewProvider(goose.DialectPostgres, db, fsys, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	_, err = provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) { // it does not name the file
		err = fmt.Errorf("%s: %w", partial.Failed.Source.Path, err)
	}
	return errors.Join(err, provider.Close())
}

func databaseExists(ctx context.Context, conn *pgx.Conn, name string) (exists bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	return exists, err
}

// clone makes a database from a template. Copying files takes a checkpoint, which
// is the faster way only where nothing is written through to the disk.
func clone(ctx context.Context, admin *pgx.Conn, source, name string) error {
	var copyFiles bool
	err := admin.QueryRow(ctx,
		"SELECT current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000").Scan(&copyFiles)
	if err != nil {
		return err
	}
	sql := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(source)
	if copyFiles {
		sql += " STRATEGY FILE_COPY"
	}
	if _, err = admin.Exec(ctx, sql); err != nil {
		return err
	}
	return carry(ctx, admin, source, name)
}
