package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/bench/contention"
)

// options is what the flags say.
type options struct {
	config contention.Config // without a DSN
	server string            // where to make the database
	gate   bool
}

// parse reads the flags. What is wrong with them has been printed when it
// returns an error.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	workers, rows := numbers{32, 2}, numbers{10, 1000}
	flags := flag.NewFlagSet("contention", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.server, "dsn", os.Getenv("TEST_DATABASE_URL"), "`URL` of a server on which to make a database (default: TEST_DATABASE_URL)")
	flags.Var(&workers, "workers", "how many contend, a `list`; each is combined with each of -rows")
	flags.Var(&rows, "rows", "for how many rows, a `list`")
	flags.DurationVar(&o.config.Duration, "duration", 5*time.Second, "how long an arm runs in a round; pgbench rounds up to seconds")
	flags.IntVar(&o.config.Rounds, "rounds", 9, "how often each arm runs in each scenario")
	flags.Uint64Var(&o.config.Seed, "seed", 1, "decides the order of the arms and the choice of rows")
	flags.StringVar((*string)(&o.config.Isolation), "isolation", string(pgx.Serializable), "`level`: serializable or repeatable read")
	flags.IntVar(&o.config.Table, "table", 1000, "how many accounts there are, -rows of which are hot")
	flags.IntVar(&o.config.Pool, "pool", 32, "size of each pool")
	flags.StringVar(&o.config.Pgbench, "pgbench", "", "`path` of pgbench (default: it is searched for)")
	flags.BoolVar(&o.gate, "gate", false, "judge sqlkeel, and exit 1 when a claim does not hold")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("no arguments are expected: %q", flags.Args())
	case o.server == "":
		err = errors.New("no server: give -dsn or set TEST_DATABASE_URL")
	case o.config.Duration <= 0 || o.config.Rounds < 1 || o.config.Pool < 1 || o.config.Table < 1:
		err = errors.New("-duration, -rounds, -table and -pool must be positive")
	}
	if err != nil {
		fmt.Fprintln(stderr, "contention:", err)
	}
	o.config.Scenarios = scenarios(workers, rows)
	return o, err
}

// scenarios combines each with each.
func scenarios(workers, rows []int) []contention.Scenario {
	var all []contention.Scenario
	for _, w := range workers {
		for _, r := range rows {
			all = append(all, contention.Scenario{Workers: w, Rows: r})
		}
	}
	return all
}

// numbers is a flag: numbers with commas between them.
type numbers []int

// String returns the flag's text.
func (n *numbers) String() string {
	var words []string
	for _, v := range *n {
		words = append(words, strconv.Itoa(v))
	}
	return strings.Join(words, ",")
}

// Set reads the flag's text.
func (n *numbers) Set(text string) error {
	*n = nil
	for word := range strings.SplitSeq(text, ",") {
		v, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || v < 1 {
			return fmt.Errorf("%q is not a positive number", word)
		}
		*n = append(*n, v)
	}
	return nil
}
