// Package page has what the pages of all benchmarks share: the description of the machine
// and its server, the look of the charts, and how the files are written.
package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Client describes the run and the process that measures, each a name and a value.
func Client() [][2]string {
	return [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"machine", fmt.Sprintf("%d cores, %s/%s; the server and its clients share them", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)},
		{"client", fmt.Sprintf("%s, GOMAXPROCS %d", runtime.Version(), runtime.GOMAXPROCS(0))},
	}
}

// Server describes the server of a URL, by the settings that decide what is measured.
func Server(ctx context.Context, dsn string) (about [][2]string, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("ask the server for its settings: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var settings []string
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "shared_buffers", "max_connections", "jit"} {
		var value string
		if err := conn.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return nil, fmt.Errorf("ask the server for its settings: %s: %w", name, err)
		}
		if about == nil {
			about = [][2]string{{"server", "PostgreSQL " + value}}
			continue
		}
		settings = append(settings, name+" "+value)
	}
	return append(about, [2]string{"its settings", strings.Join(settings, ", ")}), nil
}

// Modules returns those of the paths that are in the binary, with their versions. One
// that a replace directive took from this repository has none.
func Modules(paths ...string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	var found []string
	for _, path := range paths {
		for _, m := range info.Deps {
			if text := m.Path + " " + m.Version; m.Path == path && m.Replace == nil && !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
	}
	return strings.Join(found, ", ")
}

// Table writes rows under their heads. The first column is text, the others are figures.
func Table(w io.Writer, head []string, rows [][]string) {
	fmt.Fprintf(w, "| %s |\n|---%s|\n", strings.Join(head, " | "), strings.Repeat("|--:", len(head)-1))
	for _, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}

// Folder is where the charts are, beside the page.
const Folder = "results"

// Write makes files in a folder, which are named by their paths from it.
func Write(folder string, files map[string]func(io.Writer) error) error {
	for name, fill := range files {
		var b bytes.Buffer
		if err := fill(&b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
