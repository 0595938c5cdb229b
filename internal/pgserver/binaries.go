package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// binaryPlaces are where packages put a server's binaries, as patterns.
func binaryPlaces() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own RPMs
		"/usr/local/pgsql/bin",                               // built from source
		"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew, Apple silicon
		"/usr/local/opt/postgresql*/bin",                     // Homebrew, Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	}
}

// findBinaries returns the directory that holds initdb and postgres.
func findBinaries(getenv func(string) string, places []string) (string, error) {
	if dir := getenv("SQLKEEL_PG_BIN"); dir != "" {
		if err := HoldsServer(dir); err != nil {
			return "", fmt.Errorf("SQLKEEL_PG_BIN: %w", err)
		}
		return dir, nil
	}
	var dirs []string
	for _, dir := range filepath.SplitList(getenv("PATH")) {
		if filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, pattern := range places {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		slices.SortFunc(found, newestFirst)
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if HoldsServer(dir) == nil {
			return dir, nil
		}
	}
	return "", errors.New("no initdb and postgres in SQLKEEL_PG_BIN (not set), the PATH, or the usual places of packages")
}

// HoldsServer returns an error when dir lacks initdb or postgres.
func HoldsServer(dir string) error {
	for _, name := range []string{"initdb", "postgres"} {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return fmt.Errorf("%s: %w", path, exec.ErrNotFound)
		}
	}
	return nil
}

// newestFirst orders directories by the numbers in their names, highest first.
func newestFirst(a, b string) int { return slices.Compare(numbers(b), numbers(a)) }

func numbers(path string) []int {
	var ns []int
	for _, digits := range regexp.MustCompile(`\d+`).FindAllString(path, -1) {
		n, _ := strconv.Atoi(digits) // what overflows is the largest int
		ns = append(ns, n)
	}
	return ns
}
