// Command demo shows the data layer at work on a real PostgreSQL.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/demo"
	"github.com/sqlkeel/sqlkeel/internal/interrupt"
	"github.com/sqlkeel/sqlkeel/internal/pgserver"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	_ "github.com/sqlkeel/sqlkeel/pgtest/container" // servers from Docker and downloads
)

const usage = `Show the data layer at work: load a bookstore, search it, report on it, move
money under contention, kill a batch job, take the server away under load.

It uses the server that DATABASE_URL names, or starts one of its own. It works
in a database that it makes and drops. A server it did not start is not
stopped: the demonstration ends its own sessions instead.

Usage: go run ./cmd [flags], in the folder internal/demo
`

func main() {
	// A terminal that was closed and a reader of our output that left must not
	// end us before all is cleaned up: the latter is an error of the next write.
	ctx, stop := interrupt.Context(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run shows what the arguments ask for.
func run(ctx context.Context, args []string) error {
	size := seed.Full
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&size.Sales, "sales", size.Sales, "how many sales to load")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
		flags.SetOutput(os.Stdout)
		flags.PrintDefaults()
		return err
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case size.Sales < 1:
		return fmt.Errorf("--sales must be at least 1, is %d", size.Sales)
	}
	return show(ctx, size)
}

// show runs the demonstration on a server that is found or started.
func show(ctx context.Context, size seed.Size) (err error) {
	out := os.Stdout
	dir, err := os.MkdirTemp("", "sqlkeel-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Fprintln(out, "Building sqlkeel")
	tool, err := demo.BuildTool(ctx, dir)
	if err != nil {
		return err
	}
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
		err = errors.Join(err, server.Stop(ctx))
	}()
	return demo.Run(ctx, demo.Options{Server: server, Tool: tool, Out: out, Terminal: isTerminal(out), Size: size})
}

// isTerminal reports whether a bar can be drawn in f.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
