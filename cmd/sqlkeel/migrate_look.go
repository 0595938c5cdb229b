package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/migrate"
)

func newMigrateStatus(f *migrateFlags) *cobra.Command {
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which migrations are applied",
		Long: `Show which migrations are applied, pending, or missing (applied, but there is no
such file). It changes nothing. It exits 0 when it could tell; with --exit-code
it exits 2 when a migration is pending or missing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := f.migrator()
			if err != nil {
				return err
			}
			st, err := m.Status(cmd.Context())
			if err != nil {
				return err
			}
			if f.json {
				err = writeJSON(cmd.OutOrStdout(), st)
			} else {
				err = writeStatus(cmd.OutOrStdout(), st)
			}
			if err == nil && exitCode && st.Pending+st.Missing > 0 {
				return &outOfDateError{pending: st.Pending, missing: st.Missing}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit 2 when a migration is pending or missing")
	return cmd
}

// outOfDateError makes status exit 2.
type outOfDateError struct{ pending, missing int }

// Error counts what is out of date.
func (e *outOfDateError) Error() string {
	return fmt.Sprintf("the schema is not up to date: %d pending, %d missing", e.pending, e.missing)
}

// exitStatus is the code to exit with.
func (e *outOfDateError) exitStatus() int { return 2 }

func writeStatus(w io.Writer, st *migrate.Status) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STATE\tVERSION\tAPPLIED AT\tFILE")
	for _, e := range st.Migrations {
		at, file := "-", e.File
		if e.AppliedAt != nil {
			at = e.AppliedAt.UTC().Format(time.RFC3339)
		}
		if file == "" {
			file = "-"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", e.State, e.Version, at, file)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "the schema is at version %d of %d: %d pending, %d missing\n", st.Version, st.Latest, st.Pending, st.Missing)
	return err
}

func newMigrateValidate(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the migration files without a database",
		Long: `Check the migration files without a database: names, versions, annotations and
encoding. It also checks that goose sends the statements as PostgreSQL reads
them, with the variables of ENVSUB from the environment. A file must not wait
for a client's data (COPY FROM STDIN), nor begin or end its own transaction.
Whether the SQL is right only a database can tell.

Every problem is written as file:line:col. The exit code is 1 when one of them
is an error; warnings do not count. up, redo and down check the files that they
run in the same way. What is applied already may be as it is.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fsys, dir, err := f.files()
			if err != nil {
				return err
			}
			problems, err := migrate.Validate(fsys, dir)
			if err != nil {
				return err
			}
			return writeProblems(cmd.OutOrStdout(), problems, f.json)
		},
	}
}

func writeProblems(w io.Writer, problems []migrate.Problem, asJSON bool) error {
	errs := 0
	for _, p := range problems {
		if p.Severity == migrate.Error {
			errs++
		}
		if asJSON {
			continue
		}
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	if asJSON {
		if problems == nil {
			problems = []migrate.Problem{}
		}
		result := struct {
			Errors   int               `json:"errors"`
			Problems []migrate.Problem `json:"problems"`
		}{errs, problems}
		if err := writeJSON(w, result); err != nil {
			return err
		}
	}
	if errs > 0 {
		return fmt.Errorf("%d error(s) in the migration files", errs)
	}
	return nil
}

func newMigrateCreate(f *migrateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "create NAME",
		Short: "Write an empty migration with the next version",
		Long: `Write an empty migration with the next version into --dir, by default the schema
folder of sqlc's configuration.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, dir, err := f.files()
			if err != nil {
				return err
			}
			created, err := migrate.Create(dir, args[0])
			if err != nil {
				return err
			}
			if f.json {
				return writeJSON(cmd.OutOrStdout(), created)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), created.File)
			return err
		},
	}
}
