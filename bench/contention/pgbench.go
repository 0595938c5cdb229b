package contention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
)

// firstPgbench is the first version that retries transactions.
const firstPgbench = 15

// pgbenchArm is pgbench itself, which retries at once and without limit.
func pgbenchArm(path string) arm {
	a := arm{name: "pgbench", role: server}
	path, err := findPgbench(path)
	if err == nil {
		err = checkPgbench(path)
	}
	if err != nil {
		a.missing = err.Error()
		return a
	}
	a.run = func(ctx context.Context, r round) (*sample, error) { return runPgbench(ctx, path, r) }
	return a
}

// findPgbench returns the path that is given. Else it looks beside the binaries of
// SQLKEEL_PG_BIN, in the PATH, and where Debian puts it, the highest version first.
func findPgbench(given string) (string, error) {
	if given != "" {
		return exec.LookPath(given)
	}
	if dir := os.Getenv("SQLKEEL_PG_BIN"); dir != "" {
		if path, err := exec.LookPath(filepath.Join(dir, "pgbench")); err == nil {
			return path, nil
		}
	}
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path, nil
	}
	for version := 99; version >= firstPgbench; version-- {
		if path, err := exec.LookPath(fmt.Sprintf("/usr/lib/postgresql/%d/bin/pgbench", version)); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no pgbench in SQLKEEL_PG_BIN, the PATH or /usr/lib/postgresql")
}

// checkPgbench says why the binary at path cannot be used, if it cannot.
func checkPgbench(path string) error {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return fmt.Errorf("%s --version: %w", path, err)
	}
	if !retries(string(out)) {
		return fmt.Errorf("%s is %q; it retries only from version %d on", path, bytes.TrimSpace(out), firstPgbench)
	}
	return nil
}

// retries reports whether a pgbench that prints this version can.
func retries(printed string) bool {
	version, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(printed))
	return err == nil && version >= firstPgbench
}

func runPgbench(ctx context.Context, path string, r round) (*sample, error) {
	dir, err := os.MkdirTemp("", "contention")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "transfer.sql")
	if err := os.WriteFile(file, []byte(script(r.Rows, r.isolation)), 0o600); err != nil {
		return nil, err
	}
	log := filepath.Join(dir, "log")
	cmd := exec.CommandContext(ctx, path, pgbenchArguments(r, file, log)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C") // its words are parsed
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("pgbench: %w\n%s", err, stderr.Bytes())
	}
	return readPgbench(stdout.String(), log, r.Workers)
}

func pgbenchArguments(r round, file, log string) []string {
	return []string{
		"-n", "-M", "prepared", "--max-tries=0",
		"-c", strconv.Itoa(r.Workers),
		// As many threads as run Go.
		"-j", strconv.Itoa(min(r.Workers, runtime.GOMAXPROCS(0))),
		"-T", strconv.Itoa(int(math.Ceil(r.duration.Seconds()))),
		"--random-seed", strconv.FormatUint(r.seed, 10),
		"-f", file, "-l", "--log-prefix", log,
		r.dsn,
	}
}
