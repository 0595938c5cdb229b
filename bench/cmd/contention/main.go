// Command contention measures transactions that collide, by sqlkeel and by
// others, and prints a table; see package contention for what it does.
//
// It works in a database of its own on the server that -dsn names. Results go to
// standard output, progress to standard error. It exits 1 when effects were not
// as reported, when a claim that -verdict asked about does not hold, or when it could not
// measure, and 2 when its flags are wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sqlkeel/sqlkeel/bench/contention"
	"github.com/sqlkeel/sqlkeel/bench/database"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	good, err := measure(ctx, opts, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "contention:", err)
		return 1
	}
	if !good {
		return 1
	}
	return 0
}

// measure reports whether effects are right and, if a verdict was asked for, all claims hold.
func measure(ctx context.Context, opts options, stdout, stderr io.Writer) (good bool, err error) {
	dsn, drop, err := database.Make(ctx, opts.server)
	if err != nil {
		return false, err
	}
	defer func() {
		if dropErr := drop(context.WithoutCancel(ctx)); err == nil {
			err = dropErr
		}
	}()
	opts.config.DSN = dsn
	opts.config.Progress = func(line string) { fmt.Fprintln(stderr, line) }
	report, err := contention.Run(ctx, opts.config)
	if report != nil {
		err = errors.Join(err, report.Write(stdout))
	}
	if err != nil {
		return false, err
	}
	good = len(report.Wrong()) == 0
	if !opts.verdict {
		return good, nil
	}
	fmt.Fprintln(stdout)
	for _, verdict := range report.Verdicts() {
		fmt.Fprintln(stdout, verdict)
		good = good && verdict.Holds
	}
	return good, nil
}
