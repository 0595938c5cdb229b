package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/internal/gen"
)

func newInspect() *cobra.Command {
	f := &genFlags{}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "inspect --json",
		Short: "Print what each sqlc statement does",
		Long: `Print what each statement of a sqlc project does, as JSON: an array of
{package, name, cmd, file, line, reads, writes, locks, effects, row_keys, read_only,
cacheable, why_not, variants}, sorted by file and line. file is relative to the
configuration's folder; relations have their schema unless that is public; effects
are the relations that a write changes beyond writes, by cascades, triggers, rules,
functions and partitions, ["*"] when that may be any; variants name the parts that
each proven variant has.

It needs sqlc's configuration, the schema and the Go files that sqlc generated, and
no Go module. What cannot be analysed is listed on standard error with the server's
message, stands in the array as a statement that may change anything, with the
message as why_not, and does not stop the rest.` + aboutServer,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !asJSON {
				return errors.New("inspect has one format so far: say inspect --json")
			}
			found, err := gen.Inspect(cmd.Context(), f.options(cmd))
			if err != nil {
				return told(cmd.ErrOrStderr(), err, "inspect: nothing was analysed")
			}
			return printInspection(cmd, found)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func printInspection(cmd *cobra.Command, found *gen.Inspection) error {
	errs := cmd.ErrOrStderr()
	printNotes(errs, found.Notes)
	for _, p := range found.Failed {
		fmt.Fprintln(errs, p)
	}
	fmt.Fprintf(errs, "%d of %s could not be analysed\n", found.Unknown, count(len(found.Statements), "statement"))
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(found.Statements)
}
