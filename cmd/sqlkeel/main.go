// Command sqlkeel is the one binary of the project: it works out what a sqlc
// project's statements do and generates code from that, changes schemas, and runs
// PostgreSQL servers for tests.
//
// Every subcommand writes its result to standard output, diagnostics to
// standard error, and exits 1 when it failed.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/internal/interrupt"
	_ "github.com/sqlkeel/sqlkeel/pgtest/container" // servers from Docker and downloads
)

func main() {
	ctx, stop := interrupt.Context(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlkeel:", withoutDSN(err.Error(), os.Args[1:]))
		os.Exit(exitCode(err))
	}
}

// newRoot assembles the command tree. Nothing is shared between two roots, so
// tests build as many as they like.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "sqlkeel",
		Short:         "Typed data access for Go and PostgreSQL",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(newGenerate(), newCheck(), newInspect(), newMigrate(), newPG())
	addExamples(root)
	return root
}
