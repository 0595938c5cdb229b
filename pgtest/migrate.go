package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/internal/schemafile"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// migrationsOf returns the files of fsys in the order in which they are applied.
func migrationsOf(fsys fs.FS) ([]schemafile.File, error) {
	files, findings, err := schemafile.Folder(fsys)
	if err != nil {
		return nil, fmt.Errorf("WithMigrations: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("WithMigrations: there is no *.sql file at the root of the file system")
	}
	var list []error
	for _, f := range findings {
		if !f.Note {
			list = append(list, fmt.Errorf("WithMigrations: %s: %s", f.File, f.Message))
		}
	}
	return files, errors.Join(list...)
}

// migrate applies the files of fsys.
func migrate(ctx context.Context, cfg *pgx.ConnConfig, fsys fs.FS) error {
	files, err := migrationsOf(fsys)
	if err != nil {
		return err
	}
	here := fstest.MapFS{} // what the files say of their database is about this one
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file.Name)
		if err != nil {
			return err
		}
		here[file.Name] = &fstest.MapFile{Data: []byte(schemafile.Retarget(string(text), cfg.Database))}
	}
	if slices.ContainsFunc(files, func(f schemafile.File) bool { return f.Tool == schemafile.Goose }) {
		return migrateByGoose(ctx, cfg, here)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	for i, file := range files {
		if i > 0 && err == nil {
			err = conn.PgConn().Exec(ctx, schemafile.Between(files[i-1], file)).Close()
		}
		if err == nil {
			err = apply(ctx, conn.PgConn(), file, string(here[file.Name].Data))
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

func migrateByGoose(ctx context.Context, cfg *pgx.ConnConfig, fsys fs.FS) error {
	// goose's own registry of Go migrations is global state: none of it here.
	db := stdlib.OpenDB(*cfg)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, fsys, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	_, err = provider.Up(ctx)
	var partial *goose.PartialError
	if errors.As(err, &partial) { // it does not name the file
		err = fmt.Errorf("%s (goose): %w", partial.Failed.Source.Path, err)
	}
	return errors.Join(err, provider.Close())
}

// apply runs one file: in one piece, or statement by statement where that fails or
// cannot be. Then the place of the mistake is known, and statements run that must be
// alone.
func apply(ctx context.Context, conn *pgconn.PgConn, file schemafile.File, text string) error {
	script := schemafile.Parse(text)
	for _, at := range script.Includes {
		return failedAt(file, script, at, errors.New(`psql's \i is not followed: put the file into the file system`))
	}
	if !slices.ContainsFunc(script.Statements, alone) {
		var refused *pgconn.PgError
		if err := conn.Exec(ctx, script.Pick(script.Statements)).Close(); !errors.As(err, &refused) {
			return err
		}
	}
	for _, st := range script.Statements {
		if err := run(ctx, conn, st); err != nil {
			return failedAt(file, script, st.Start, err)
		}
	}
	if conn.TxStatus() != 'I' {
		return failedAt(file, script, len(script.Text), errors.New("the file ends within a transaction: add COMMIT"))
	}
	return nil
}

// alone reports whether a statement cannot be part of a longer text: it begins or ends
// a transaction, or waits for data.
func alone(st schemafile.Statement) bool {
	switch strings.ToUpper(sqltext.Verb(st.SQL)) {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE":
		return true
	}
	return copies(st)
}

var fromStdin = regexp.MustCompile(`(?is)^copy\b.*\bfrom\s+stdin\b`)

func copies(st schemafile.Statement) bool { return fromStdin.MatchString(st.SQL) }

func run(ctx context.Context, conn *pgconn.PgConn, st schemafile.Statement) error {
	if copies(st) {
		_, err := conn.CopyFrom(ctx, strings.NewReader(st.Data), st.SQL)
		return err
	}
	return conn.Exec(ctx, st.SQL).Close()
}

// failedAt names the file, the tool whose it is taken for, and the place.
func failedAt(file schemafile.File, script *schemafile.Script, at int, err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Position > 0 {
		n := int32(0)
		for i := range script.Text[at:] {
			if n++; n == refused.Position {
				at += i
				break
			}
		}
	}
	line, column := sqltext.Place(script.Text, at)
	return fmt.Errorf("%s:%d:%d (%s): %w", file.Name, line, column, file.Tool, err)
}

// substituted is a variable in a file that goose's ENVSUB puts values into.
var (
	substitutes = regexp.MustCompile(`(?mi)^\s*--\s*\+goose\s+envsub\s+on\b`)
	substituted = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// environment returns the environment variables that goose puts into a file, each with
// its value.
func environment(text string) []string {
	if !substitutes.MatchString(text) {
		return nil
	}
	var list []string
	for _, m := range substituted.FindAllStringSubmatch(text, -1) {
		value, set := os.LookupEnv(m[1])
		list = append(list, fmt.Sprintf("%s=%t %s", m[1], set, value))
	}
	return list
}
