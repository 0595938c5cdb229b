// Command rivals compares sqlkeel with what a service would use instead, and writes a
// page with tables and charts; see package rivals for what it does.
//
// It works in databases of its own on the server that -dsn names. The page goes to the
// folder -out, or to standard output, and progress to standard error. It exits 1 when
// an arm failed or when it could not measure, and 2 when its flags are wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sqlkeel/sqlkeel/bench/page"
	"github.com/sqlkeel/sqlkeel/bench/rivals"
	"github.com/sqlkeel/sqlkeel/bench/rivals/report"
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
	if err := measure(ctx, opts, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "rivals:", err)
		return 1
	}
	return 0
}

// measure writes what could be measured, also when it returns an error.
func measure(ctx context.Context, opts options, stdout, stderr io.Writer) error {
	opts.config.Progress = func(line string) { fmt.Fprintln(stderr, line) }
	about, err := setup(ctx, opts)
	if err != nil {
		return err
	}
	results, err := rivals.Run(ctx, opts.config)
	r := &report.Report{Setup: about, Arms: opts.config.Arms, Results: results}
	if len(opts.config.Workloads) == 0 && err == nil {
		r.More, err = others(ctx, opts)
	}
	for _, result := range results {
		for _, row := range result.Rowset {
			if row.Wrong {
				err = errors.Join(err, fmt.Errorf("%s: %s: %s", result.Name, row.Arm, row.Missing))
			}
		}
	}
	if opts.out == "" {
		return errors.Join(err, r.Write(stdout))
	}
	return errors.Join(err, write(r, opts.out))
}

// write makes the page and its charts in a folder.
func write(r *report.Report, folder string) error {
	r.Charts = func(group string) string { return page.Folder + "/" + group + ".svg" }
	files := map[string]func(io.Writer) error{"RESULTS.md": r.Write}
	for _, group := range r.Groups() {
		files[r.Charts(group)] = func(w io.Writer) error { return r.Chart(w, group) }
	}
	return page.Write(folder, files)
}
