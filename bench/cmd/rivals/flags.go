package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/arms"
)

// options is what the flags say.
type options struct {
	config rivals.Config
	out    string // the folder to write to, or empty
	smoke  bool
}

// parse reads the flags. What is wrong with them has been printed when it returns an error.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{config: rivals.Config{Arms: arms.All()}}
	c := &o.config
	flags := flag.NewFlagSet("rivals", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.Server, "dsn", os.Getenv("TEST_DATABASE_URL"), "`URL` of a server on which to make databases (default: TEST_DATABASE_URL)")
	flags.StringVar(&o.out, "out", "", "`folder` for RESULTS.md and its charts (default: the page goes to standard output)")
	flags.BoolVar(&o.smoke, "smoke", false, "do everything once, on few rows, to see that it works")
	flags.Func("workloads", "which to measure, names `separated` by semicolons (default: all)", func(list string) error {
		for name := range strings.SplitSeq(list, ";") {
			c.Workloads = append(c.Workloads, strings.TrimSpace(name))
		}
		return nil
	})
	flags.Func("arms", "which to compare beside pgx and sqlkeel, a `list` (default: all)", func(list string) error {
		var err error
		c.Arms, err = choose(strings.Split(list, ","))
		return err
	})
	flags.IntVar(&c.Rounds, "rounds", 11, "how often each arm runs each workload")
	flags.DurationVar(&c.Duration, "duration", 250*time.Millisecond, "how long an arm runs in a round")
	flags.IntVar(&c.Conns, "conns", 16, "size of each pool")
	flags.Uint64Var(&c.Seed, "seed", 1, "decides the order of the arms")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.smoke {
		c.Rounds, c.Duration, c.Conns, c.MostRows = 1, 10*time.Millisecond, 4, 2000
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("no arguments are expected: %q", flags.Args())
	case c.Server == "":
		err = errors.New("no server: give -dsn or set TEST_DATABASE_URL")
	case c.Rounds < 1 || c.Duration <= 0 || c.Conns < 1:
		err = errors.New("durations and numbers must be positive")
	}
	if err != nil {
		fmt.Fprintln(stderr, "rivals:", err)
	}
	return o, err
}

// choose returns the arms of the names, pgx by hand and sqlkeel.
func choose(names []string) ([]rivals.Arm, error) {
	all := arms.All()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(a rivals.Arm) bool { return a.Name == name }) {
			return nil, fmt.Errorf("there is no arm %q", name)
		}
	}
	return slices.DeleteFunc(all, func(a rivals.Arm) bool {
		return a.Name != all[0].Name && a.Name != rivals.Ours && !slices.Contains(names, a.Name)
	}), nil
}
