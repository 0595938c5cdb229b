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
		Long: `Print what each statement of a sqlc project does: a table of the statements with
their commands, the relations that they read and write, how many variants were
proven, and whether a result may be kept in a cache, or why not. After the writes
stands in parentheses what they change beyond, by cascades, triggers and the like.
Of long lists the table has the beginning.

With --json it is all of that and more: an array of {package, name, cmd, file,
line, reads, writes, locks, effects, row_keys, read_only, cacheable, why_not,
variants}, sorted by file and line. file is relative to the configuration's folder; relations have their schema unless that is public; effects
are the relations that a write changes beyond writes, by cascades, triggers, rules,
functions and partitions, with "*" when that may be any; variants name the parts that
each proven variant has.

It needs sqlc's configuration, the schema and the Go files that sqlc generated, and
no Go module. What cannot be analysed is listed on standard error with the server's
message, stands in the array as a statement that may change anything, with the
message as why_not, and does not stop the rest. So does a statement that is set
aside with @opaque; its reason stands under opaque too. The exit code is 1 only when nothing
can be analysed, or when the configuration is at fault.` + aboutServer,
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
