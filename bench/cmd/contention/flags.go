package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/contention"
)

// options is what the flags say.
type options struct {
	config  contention.Config // without a DSN
	server  string            // where to make the database
	verdict bool
}

// parse reads the flags. What is wrong with them has been printed when it
// returns an error.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("contention", flag.ContinueOnError)
	flags.SetOutput(stderr)
	c := &o.config
	flags.StringVar(&o.server, "dsn", os.Getenv("TEST_DATABASE_URL"), "`URL` of a server on which to make a database (default: TEST_DATABASE_URL)")
	flags.Func("workloads", "which to measure, a `list` (default: "+strings.Join(contention.Workloads(), ",")+")", func(list string) error {
		for name := range strings.SplitSeq(list, ",") {
			c.Workloads = append(c.Workloads, strings.TrimSpace(name))
		}
		return nil
	})
	flags.IntVar(&c.Workers, "workers", 32, "how many contend")
	flags.IntVar(&c.Rows, "rows", 10, "how many rows are hot")
	flags.IntVar(&c.Table, "table", 1000, "how many accounts there are, -rows of which are hot")
	flags.DurationVar(&c.Slow, "slow", 20*time.Millisecond, "how long a slow transfer pauses")
	flags.DurationVar(&c.Duration, "duration", 2*time.Second, "how long an arm runs in a round")
	flags.IntVar(&c.Rounds, "rounds", 9, "how often each arm runs each workload")
	flags.Uint64Var(&c.Seed, "seed", 1, "decides the order of the arms and the jobs")
	flags.IntVar(&c.Pool, "pool", 32, "size of each pool")
	flags.BoolVar(&o.verdict, "verdict", false, "judge sqlkeel, and exit 1 when a claim does not hold")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("no arguments are expected: %q", flags.Args())
	case o.server == "":
		err = errors.New("no server: give -dsn or set TEST_DATABASE_URL")
	case c.Duration <= 0 || c.Slow <= 0 || c.Rounds < 1 || c.Pool < 1 || c.Table < 1 || c.Workers < 1 || c.Rows < 1:
		err = errors.New("durations and numbers must be positive")
	}
	if err != nil {
		fmt.Fprintln(stderr, "contention:", err)
	}
	return o, err
}
