//go:build !generator

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/internal/demo"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
	"github.com/sqlkeel/sqlkeel/internal/seed"
)

// ownCommands are those that are made of the bookstore's generated code.
func ownCommands() []*cobra.Command { return []*cobra.Command{newDemo()} }

func newDemo() *cobra.Command {
	size := seed.Full
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the data layer at work on a real PostgreSQL",
		Long: `Show the data layer at work: load a bookstore, search it, report on it, move
money under contention, kill a batch job, take the server away under load.

It uses the server that DATABASE_URL names, or starts one of its own. It works
in a database that it makes and drops. A server it did not start is not
stopped: the demonstration ends its own sessions instead.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if size.Sales < 1 {
				return fmt.Errorf("--sales must be at least 1, is %d", size.Sales)
			}
			return runDemo(cmd, size)
		},
	}
	cmd.Flags().IntVar(&size.Sales, "sales", size.Sales, "how many sales to load")
	return cmd
}

func runDemo(cmd *cobra.Command, size seed.Size) (err error) {
	out := cmd.OutOrStdout()
	// A terminal that was closed and a reader of our output that left must not
	// end us before all is cleaned up: the latter is an error of the next write.
	ctx, done := untilSignal(cmd.Context(), syscall.SIGHUP)
	defer done()
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)
	fmt.Fprintln(out, "Looking for a PostgreSQL")
	server, err := pgserver.Start(ctx, pgserver.Config{
		Report: func(line string) { fmt.Fprintln(out, "      "+line) },
	})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		if stopErr := server.Stop(ctx); err == nil {
			err = stopErr
		}
	}()
	return demo.Run(ctx, demo.Options{Server: server, Out: out, Terminal: isTerminal(out), Size: size})
}

// isTerminal reports whether out is a terminal, where a bar can be drawn.
func isTerminal(out any) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
