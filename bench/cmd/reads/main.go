// Command reads measures reads by key that share round trips beside a bare pgxpool of the
// same size, and writes a page with tables and charts; see package reads for what it does.
//
// It works in a database of its own on the server that -dsn names. The page goes to the
// folder -out, or to standard output, and progress to standard error. It exits 1 when a
// statement failed or a read got a wrong row, and 2 when its flags are wrong.
//
// As "reads relay URL TIME" it is what holds bytes for the time; see [reads.Relay].
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
	"time"

	"github.com/sqlkeel/sqlkeel/bench/page"
	"github.com/sqlkeel/sqlkeel/bench/reads"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 3 && args[0] == "relay" {
		if err := relay(args[1], args[2], stdin, stdout); err != nil {
			fmt.Fprintln(stderr, "reads relay:", err)
			return 1
		}
		return 0
	}
	opts, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	if err := measure(ctx, opts, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "reads:", err)
		return 1
	}
	return 0
}

func relay(dsn, hold string, stdin io.Reader, stdout io.Writer) error {
	d, err := time.ParseDuration(hold)
	if err != nil {
		return err
	}
	return reads.Relay(dsn, d, stdin, stdout)
}

// options is what the flags say.
type options struct {
	config reads.Config
	out    string // the folder to write to, or empty
}

// parse reads the flags. What is wrong with them has been printed when it returns an error.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	c := &o.config
	flags := flag.NewFlagSet("reads", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.Server, "dsn", os.Getenv("TEST_DATABASE_URL"), "`URL` of a server on which to make a database (default: TEST_DATABASE_URL)")
	flags.StringVar(&o.out, "out", "", "`folder` for READS.md and its charts (default: the page goes to standard output)")
	flags.BoolVar(&c.Smoke, "smoke", false, "do everything once, on few rows, to see that it works")
	flags.Func("only", "which cells to measure, a `regexp` over their names (default: all)", func(text string) (err error) {
		c.Only, err = regexp.Compile(text)
		return err
	})
	flags.IntVar(&c.Rounds, "rounds", 9, "how often each arm has its turn in a cell (those of few callers: many times that)")
	flags.DurationVar(&c.Turn, "turn", 180*time.Millisecond, "how long a turn is (those of 4 and 8 callers: an eighth of it)")
	flags.DurationVar(&c.OpenTurn, "open-turn", 1500*time.Millisecond, "how long it is in an open loop")
	flags.IntVar(&c.Rows, "rows", 100_000, "how many rows there are")
	flags.Uint64Var(&c.Seed, "seed", 1, "decides the order of the arms, the keys and the schedules")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("no arguments are expected: %q", flags.Args())
	case c.Server == "":
		err = errors.New("no server: give -dsn or set TEST_DATABASE_URL")
	case c.Rounds < 1 || c.Turn <= 0 || c.OpenTurn <= 0 || c.Rows < 1:
		err = errors.New("durations and numbers must be positive")
	}
	if err != nil {
		fmt.Fprintln(stderr, "reads:", err)
	}
	return o, err
}

// measure writes what could be measured, also when it returns an error.
func measure(ctx context.Context, opts options, stdout, stderr io.Writer) error {
	opts.config.Progress = func(line string) { fmt.Fprintln(stderr, line) }
	self, err := os.Executable()
	if err != nil {
		return err
	}
	opts.config.Relay = []string{self, "relay"}
	about, err := setup(ctx, opts)
	if err != nil {
		return err
	}
	begun := time.Now()
	report, err := reads.Run(ctx, opts.config)
	report.Setup = append(about, [2]string{"took", time.Since(begun).Round(time.Second).String()})
	if opts.out == "" {
		return errors.Join(err, report.Write(stdout))
	}
	report.Charts = func(name string) string { return page.Folder + "/" + name + ".svg" }
	files := report.Files()
	files["READS.md"] = report.Write
	return errors.Join(err, page.Write(opts.out, files))
}

// setup is what is measured with.
func setup(ctx context.Context, opts options) ([][2]string, error) {
	server, err := page.Server(ctx, opts.config.Server)
	if err != nil {
		return nil, err
	}
	c := opts.config
	about := append(page.Client(), [][2]string{
		{"rounds", fmt.Sprintf("%d of %v for each arm, %v in an open loop, seed %d", c.Rounds, c.Turn, c.OpenTurn, c.Seed)},
		{"modules", page.Modules("github.com/jackc/pgx/v5")},
	}...)
	return append(about, server...), nil
}
