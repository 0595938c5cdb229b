package gen_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

const remedy = ": name what makes it under schema:, use a server whose version and extensions have it, or set statements aside with @opaque, a file with @opaque-file"

func TestStatementsThatFailForOneMissingRelationAreOneError(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "filters")
	put(t, filepath.Join(dir, "schema/002.sql"), "ALTER TABLE books RENAME TO tomes;\nALTER TABLE authors RENAME TO writers;\n")
	const want = `queries/books.sql:2:22: GetAuthor: relation "authors" does not exist; 2 more statements need it (queries/books.sql:20:13 DeleteAuthor, queries/books.sql:23:13 AddAuthor)` + remedy + "\n" +
		`queries/books.sql:6:6: FindBooks: relation "books" does not exist; 2 more statements need it (queries/books.sql:16:22 CountBooks, queries/books.sql:25:1 CopyBooks)` + remedy
	for name, run := range map[string]func() error{
		"generate": func() error { _, err := gen.Generate(t.Context(), o); return err },
		"check":    func() error { _, err := gen.Check(t.Context(), o); return err },
		"inspect": func() error {
			found, err := gen.Inspect(t.Context(), o)
			if err != nil {
				return err
			}
			for _, s := range found.Statements {
				if !s.Unknown || !strings.HasSuffix(s.WhyNot, " does not exist") {
					t.Errorf("%+v", s)
				}
			}
			return found.Failed
		},
	} {
		if got := strings.ReplaceAll(problems(t, dir, run()), dir+"/", ""); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestWhatASchemaMissesIsOneErrorOfInspect(t *testing.T) {
	t.Parallel()
	_, o := withSchema(t, map[string]string{"schema/1.sql": baseSchema + "CREATE TABLE a (x citext);\nCREATE TABLE b (x citext);\nCREATE TABLE c (x citext[]);\n" +
		"CREATE TABLE d (x int DEFAULT later(1));\nCREATE TABLE e (x int DEFAULT later('a'::text));\nCREATE VIEW f AS SELECT nobody FROM bin;\nCREATE VIEW g AS SELECT nobody FROM audit;\n"})
	found, err := gen.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(found.Failed.Error(), "\n")
	for i, want := range []string{
		`type "citext" does not exist (SQLSTATE 42704); 2 more statements need it (`,
		`function later(integer) does not exist`,
		`column "nobody" does not exist`,
		`column "nobody" does not exist`, // of another relation
	} {
		if len(got) != 4 || !strings.Contains(got[i], want) {
			t.Fatalf("got\n%s", strings.Join(got, "\n"))
		}
	}
	if !strings.Contains(got[1], "; 1 more statement needs it (") {
		t.Errorf("overloads are told apart: %s", got[1])
	}
}

func TestStatementsThatAreUnknownForOneMissingRelationAreOneNote(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "filters")
	const sends = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO outbox.messages VALUES (1); RETURN NULL; END $$;\n"
	put(t, filepath.Join(dir, "schema/002.sql"), "CREATE FUNCTION send_book() "+sends+"CREATE FUNCTION send_author() "+sends+
		"CREATE TRIGGER send AFTER INSERT ON books EXECUTE FUNCTION send_book();\nCREATE TRIGGER send AFTER INSERT OR DELETE ON authors EXECUTE FUNCTION send_author();\n")
	const want = "queries/books.sql:19:1: DeleteAuthor: may change anything, because function send_author(): it names outbox.messages, which does not exist; " +
		"declare it with -- @writes relations, or -- @writes nothing; 2 more statements need it (queries/books.sql:22:1 AddAuthor, queries/books.sql:25:1 CopyBooks): name what makes it under schema:"
	found, err := gen.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(found.Notes.Error(), dir+"/", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
