package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/bench/contention"
)

// script is the transfer of package contention for pgbench: %[1]d accounts are hot.
const script = `\set a random(1, %[1]d)
\set b 1 + (:a + random(0, %[1]d - 2)) %% %[1]d
\set low least(:a, :b)
\set high greatest(:a, :b)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT balance AS low_balance FROM accounts WHERE id = :low \gset
SELECT balance AS high_balance FROM accounts WHERE id = :high \gset
UPDATE accounts SET balance = :low_balance - 1, version = version + 1 WHERE id = :low;
UPDATE accounts SET balance = :high_balance + 1, version = version + 1 WHERE id = :high;
COMMIT;
`

var (
	rate    = regexp.MustCompile(`(?m)^tps = ([0-9]+)`)
	retries = regexp.MustCompile(`(?m)^total number of retries: ([0-9]+)`)
	done    = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
)

// pgbench says in a sentence what pgbench does with the same transfers, or why nothing
// is known of it. It retries at once.
func pgbench(ctx context.Context, cfg contention.Config) string {
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return "pgbench was not measured: it is not installed."
	}
	file, err := os.CreateTemp("", "transfer-*.sql")
	if err != nil {
		return "pgbench was not measured: " + err.Error()
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = fmt.Fprintf(file, script, cfg.Rows)
	if err = firstOf(err, file.Close()); err != nil {
		return "pgbench was not measured: " + err.Error()
	}
	seconds := max(1, int(cfg.Duration*time.Duration(cfg.Rounds)/time.Second))
	out, err := exec.CommandContext(ctx, path, "-n", "-M", "prepared", "--max-tries=0", "-f", file.Name(),
		"-c", fmt.Sprint(cfg.Workers), "-j", fmt.Sprint(min(cfg.Workers, runtime.GOMAXPROCS(0))), "-T", fmt.Sprint(seconds), cfg.DSN).CombinedOutput()
	tps, retried, processed := found(rate, out), found(retries, out), found(done, out)
	if err != nil || tps == "" {
		return fmt.Sprintf("pgbench was not measured: %v: %s", err, strings.Join(strings.Fields(string(out)), " "))
	}
	return fmt.Sprintf("pgbench, in C, with the same statements, prepared, and as many clients, retries at once and without a bound: "+
		"%s tx/s, with %s retries for %s commits, in one run of %d s after the others.", tps, retried, processed, seconds)
}

func found(what *regexp.Regexp, in []byte) string {
	if m := what.FindSubmatch(in); m != nil {
		return string(m[1])
	}
	return ""
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
