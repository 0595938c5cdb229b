// Command cmd tries the mutants of the repository in which it is run; see
// docs/mutants.md. It exits 1 when one is bad.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/sqlkeel/sqlkeel/internal/mutants"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	root := flags.String("root", ".", "the repository's `folder`")
	match := flags.String("run", "", "try those whose name, package/name, matches the `regexp`; default all")
	o := mutants.Options{Out: out}
	flags.Uint64Var(&o.Seed, "seed", 1, "the `number` that orders them")
	flags.DurationVar(&o.For, "for", 0, "begin none after this `time`; default no bound")
	flags.DurationVar(&o.Timeout, "timeout", 0, "the `time` that a test may take; default 3m")
	flags.IntVar(&o.Jobs, "jobs", 2, "how `many` are compiled at a time")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	}
	if o.Match, err = regexp.Compile(*match); err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	set, err := mutants.Load(*root)
	if err != nil {
		return err
	}
	result, err := set.Run(ctx, o)
	if err == nil && len(result.Bad) > 0 {
		err = fmt.Errorf("%d of %d are bad", len(result.Bad), result.Good+len(result.Bad))
	}
	return err
}
