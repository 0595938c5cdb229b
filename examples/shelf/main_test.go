package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

const books = `
INSERT INTO authors (name) VALUES ('Jane Austen'), ('Mary Shelley');
INSERT INTO books (author_id, title, price_cents) VALUES (1, 'Persuasion', 1200), (1, 'Emma', 900), (2, 'Frankenstein', 1600)`

func TestTheProgramShowsWhatWasGenerated(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	schema, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pg.Conn().Exec(t.Context(), string(schema)+books); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+pg.DSN())
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const want = `authors: 2
found: Emma
found: Persuasion
listed: Emma
listed: Persuasion
listed: Frankenstein
cheap: Emma by Jane Austen
author: J. Austen, 2 read, 1 from memory
already there
`
	if string(out) != want {
		t.Errorf("the program printed\n%s\nwant\n%s", out, want)
	}
}
