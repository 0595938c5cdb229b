package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

func newInspect() *cobra.Command {
	f := &genFlags{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Print what each sqlc statement does",
		Long: `Print what each statement of a sqlc project does: a table of the statements
with their commands, the relations that they read and write, the number of
proven variants, and whether a result may be cached, or why not. Behind the
writes, in parentheses, are the relations that they change beyond, by cascades,
triggers and the like. The table shows the beginning of long lists.

Where results are cached (@cache), two more tables follow. For each cached
statement: the writes that leave none of its results, whatever their arguments.
For each write: the cached statements whose results it makes old. These are all
results, or those of the rows written, known by a column; a write of which
nothing is known makes everything old.

With --json it is an array of {package, name, cmd, file, line, reads, writes,
locks, effects, row_keys, read_only, cacheable, why_not, variants}, sorted by
file and line, with cached, dropped_by, invalidates and flushes where there are
any:
  file      relative to the configuration's folder
  reads     relations, with their schema unless that is public
  effects   relations that a write changes beyond writes, by cascades, triggers,
            rules, functions and partitions; "*" when that may be any
  variants  the parts that each proven variant has
  cached    the arguments of @cache
  dropped_by   writes that leave none of its results
  invalidates  cached statements, the relation, and the column by which the rows
            are known; "" for all results
  flushes   why it makes everything old

It needs sqlc's configuration, the schema and the Go files that sqlc generated,
and no Go module. What cannot be analysed is listed on standard error with the
server's message. It does not stop the rest: in the array it is a statement that
may change anything, with the message as why_not. A statement that is set aside
with @opaque is one too, with its reason under opaque.

The exit code is 1 only when nothing can be analysed, or when the configuration
is at fault.` + aboutServer,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := gen.Inspect(cmd.Context(), f.options(cmd))
			if err != nil {
				return told(cmd.ErrOrStderr(), err, "inspect: nothing was analysed")
			}
			printFailures(cmd.ErrOrStderr(), found)
			write := writeTable
			if asJSON {
				write = writeStatements
			}
			if err := write(cmd.OutOrStdout(), found.Statements); err != nil {
				return err
			}
			if found.Misconfigured {
				return errors.New("inspect: the configuration is at fault, so that packages may be missing")
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON instead of a table")
	return cmd
}

// printFailures says what could not be analysed, and what else there is to say.
func printFailures(errs io.Writer, found *gen.Inspection) {
	printNotes(errs, found.Notes)
	for _, p := range found.Failed {
		fmt.Fprintln(errs, p)
	}
	opaque := ""
	if found.Opaque > 0 {
		opaque = fmt.Sprintf(", %d set aside with @opaque", found.Opaque)
	}
	fmt.Fprintf(errs, "%d of %s could not be analysed%s\n", found.Unknown, count(len(found.Statements), "statement"), opaque)
}

// writeStatements prints them as JSON, as they are: a < stays one.
func writeStatements(w io.Writer, list []gen.Inspected) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(list)
}
