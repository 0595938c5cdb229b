package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestTheProgramListsTheCheapestBooks(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t, pgtest.WithMigrations(migrations.FS), pgtest.WithSeed("small", func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, seed.Small, nil) })
	}))
	out := run(t, pg.DSN())
	var want []string
	rows, err := pg.Conn().Query(t.Context(), "SELECT title || ' ' || price_cents FROM books ORDER BY price_cents, id LIMIT 10")
	if err == nil {
		want, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out); got != strings.Join(want, "\n") || len(want) != 10 {
		t.Errorf("the program printed\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestReadmeBeginsWithThisProgram(t *testing.T) {
	t.Parallel()
	program, readme := read(t, "main.go"), read(t, "../../README.md")
	_, body, _ := strings.Cut(program, "\nfunc main() {")
	if !strings.Contains(readme, "```go\nfunc main() {"+body+"```") {
		t.Error("the first Go block of README is not this program's main")
	}
	if line := strings.Count(readme[:strings.Index(readme, "```go")], "\n"); line > 20 {
		t.Errorf("the program begins on line %d of README", line)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run builds and runs the program.
func run(t *testing.T, dsn string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
