package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/migrate"
)

// migrateFlags are what the subcommands of migrate have in common.
type migrateFlags struct {
	dsn         string
	dir         string
	table       string
	json        bool
	lockTimeout time.Duration
}

func newMigrate() *cobra.Command {
	f := &migrateFlags{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Change the schema of a database, or see where it stands",
		Long: `Change the schema of a database by goose's SQL files, or see where it stands.

The files are those of the directory that --dir names, else of the schema folder
in the sqlc configuration of the working directory. A database that goose
migrated can be taken over: its version table is used as it is.

The pending files are checked before the first is applied; see validate. Each
file is one transaction, unless it says NO TRANSACTION. A failure leaves the
schema as it was before that file, and is reported as file:line:col. One run at
a time holds goose's advisory lock. The connection must be a direct one: a
pooler may give the session and its lock to others, so it is refused.

The database is the one that --dsn names, else DATABASE_URL. TEST_DATABASE_URL
is ignored: it names a server for databases that come and go.`,
	}
	flags := cmd.PersistentFlags()
	dsnVar(flags, &f.dsn, "database to work on", "$DATABASE_URL")
	flags.StringVar(&f.dir, "dir", "", "directory of the migrations (default the schema folder of sqlc.yaml)")
	flags.StringVar(&f.table, "table", "goose_db_version", "goose's version table, with its schema if need be")
	flags.BoolVar(&f.json, "json", false, "write the result as JSON")
	flags.DurationVar(&f.lockTimeout, "lock-timeout", time.Minute, "how long to wait for another run to end")
	cmd.AddCommand(newMigrateUp(f), newMigrateUpTo(f), newMigrateDown(f), newMigrateRedo(f),
		newMigrateStatus(f), newMigrateCreate(f), newMigrateValidate(f))
	return cmd
}

// files returns the migrations in use and the name of their directory.
func (f *migrateFlags) files() (fsys fs.FS, dir string, err error) {
	if dir = f.dir; dir == "" {
		if dir, err = gen.MigrationsFolder(); err != nil {
			return nil, "", err
		}
	}
	return os.DirFS(dir), filepath.ToSlash(dir), nil
}

// migrator returns a Migrator for the database in use.
func (f *migrateFlags) migrator() (*migrate.Migrator, error) {
	place, dsn := "--dsn", f.dsn
	if dsn == "" {
		place, dsn = "DATABASE_URL", os.Getenv("DATABASE_URL")
	}
	if dsn == "" {
		return nil, errors.New("no database: give --dsn or set DATABASE_URL, as in postgres://user:password@host:5432/database")
	}
	if err := checkDSN(place, dsn); err != nil {
		return nil, err
	}
	if f.lockTimeout <= 0 {
		return nil, fmt.Errorf("--lock-timeout is %s; it must be more than 0", f.lockTimeout)
	}
	fsys, dir, err := f.files()
	if err != nil {
		return nil, err
	}
	return migrate.New(migrate.Config{DSN: dsn, FS: fsys, Dir: dir, Table: f.table, LockTimeout: f.lockTimeout})
}

func newMigrateUp(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Apply every pending migration",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, (*migrate.Migrator).Up)
		},
	}
}

func newMigrateUpTo(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "up-to VERSION",
		Short: "Apply the pending migrations up to and including a version",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || version < 1 {
				return fmt.Errorf("%q is no version: it must be a whole number from 1", args[0])
			}
			return f.run(cmd, upTo(version))
		},
	}
}

func newMigrateDown(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Roll back the migration applied last",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, (*migrate.Migrator).Down)
		},
	}
}

func newMigrateRedo(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "redo",
		Short: "Roll back the migration applied last and apply it again",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd, (*migrate.Migrator).Redo)
		},
	}
}
