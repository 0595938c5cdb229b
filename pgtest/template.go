package pgtest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// template says what a database holds. Databases are cloned from it, and equal
// templates of all processes on one server are one database.
type template struct {
	migrations fs.FS
	seedName   string
	seed       func(context.Context, *pgx.Conn) error
}

// applying is raised when the same files are applied otherwise than before.
const applying = "2"

// digest is different for templates with different content. session is what the server
// and the session on it add to that.
func (t *template) digest(session ...string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	add := func(part []byte) {
		_ = binary.Write(h, binary.BigEndian, int64(len(part)))
		h.Write(part)
	}
	for _, part := range append(session, applying, t.seedName) {
		add([]byte(part))
	}
	if t.migrations == nil {
		return [sha256.Size]byte(h.Sum(nil)), nil
	}
	files, err := migrationsOf(t.migrations)
	if err != nil {
		return sum, err
	}
	for _, file := range files {
		content, err := fs.ReadFile(t.migrations, file.Name)
		if err != nil {
			return sum, fmt.Errorf("WithMigrations: %w", err)
		}
		add([]byte(file.Name))
		add([]byte(file.Tool.String()))
		add(content)
		for _, variable := range environment(string(content)) {
			add([]byte(variable))
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// sessionOf returns what decides, besides the files, what they make: the server's
// version, the role that owns what is made, and the settings of the DSN.
func sessionOf(conn *pgx.Conn) []string {
	cfg := conn.Config()
	session := []string{conn.PgConn().ParameterStatus("server_version"), cfg.User}
	for _, name := range slices.Sorted(maps.Keys(cfg.RuntimeParams)) {
		if name != "application_name" {
			session = append(session, name+"="+cfg.RuntimeParams[name])
		}
	}
	return session
}

// ensure returns the name of the template's database, after building it when there is
// none yet. It is built under another name, so that one under its own name is complete.
// A lock makes sure that it is built once.
func (t *template) ensure(ctx context.Context, admin *pgx.Conn) (name string, err error) {
	sum, err := t.digest(sessionOf(admin)...)
	if err != nil {
		return "", err
	}
	name = templateName(sum)
	if exists, err := databaseExists(ctx, admin, name); exists || err != nil {
		return name, err
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
		if err == nil {
			return nil
		}
		// Advisory locks hold within one database only: another process that came
		// over another maintenance database may have been faster, which is as good.
		var pg *pgconn.PgError
		if errors.As(err, &pg) && (pg.Code == "42P04" || pg.Code == "23505") { // duplicate_database, unique_violation
			err = nil
		}
	}
	_, dropErr := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+quote(draft)+" WITH (FORCE)")
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
		if err := migrate(ctx, cfg, t.migrations); err != nil {
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
