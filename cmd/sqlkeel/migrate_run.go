package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/migrate"
)

// migrateFunc is one way to change a schema.
type migrateFunc func(*migrate.Migrator, context.Context) (*migrate.Run, error)

func upTo(version int64) migrateFunc {
	return func(m *migrate.Migrator, ctx context.Context) (*migrate.Run, error) { return m.UpTo(ctx, version) }
}

// run changes the schema and writes what was done, also when not all of it could be.
func (f *migrateFlags) run(cmd *cobra.Command, change migrateFunc) error {
	m, err := f.migrator()
	if err != nil {
		return err
	}
	run, err := change(m, cmd.Context())
	for _, warning := range run.Warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", warning)
	}
	if f.json {
		return firstError(err, writeJSON(cmd.OutOrStdout(), run))
	}
	if err != nil && len(run.Steps) == 0 {
		return err
	}
	return firstError(err, writeRun(cmd.OutOrStdout(), run))
}

func writeRun(w io.Writer, run *migrate.Run) error {
	if len(run.Steps) == 0 {
		_, err := fmt.Fprintf(w, "nothing to do, the schema is at version %d\n", run.Version)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range run.Steps {
		again := ""
		if s.Attempts > 1 {
			again = fmt.Sprintf("\tattempt %d", s.Attempts)
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f ms%s\n", s.Direction, s.File, s.DurationMS, again)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "the schema is at version %d\n", run.Version)
	return err
}

// writeJSON writes v, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// firstError returns the first that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
