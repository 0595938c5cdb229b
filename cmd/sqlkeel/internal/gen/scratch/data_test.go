package scratch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

func TestAFailingStatementThatChangesDataIsANote(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL);\n"
	const rest = "\nCREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
	b := newBench(t)
	for name, c := range map[string]struct{ text, want string }{
		"an INSERT":              {"INSERT INTO a VALUES (1, NULL);", `null value in column "n" of relation "a" violates not-null constraint (SQLSTATE 23502)`},
		"an INSERT … SELECT":     {"INSERT INTO a SELECT 1/0, 1;", `division by zero (SQLSTATE 22012)`},
		"a call in an INSERT":    {"INSERT INTO a VALUES (nowhere(), 1);", `function nowhere() does not exist (SQLSTATE 42883)`},
		"an UPDATE":              {"UPDATE a SET nobody = 1;", `column "nobody" of relation "a" does not exist (SQLSTATE 42703)`},
		"a DELETE":               {"DELETE FROM nowhere;", `relation "nowhere" does not exist (SQLSTATE 42P01)`},
		"a MERGE":                {"MERGE INTO a USING nowhere n ON a.id = n.id WHEN MATCHED THEN DELETE;", `relation "nowhere" does not exist (SQLSTATE 42P01)`},
		"a CTE that inserts":     {"WITH x AS (SELECT 1/0 AS i) INSERT INTO a SELECT i, 1 FROM x;", `division by zero (SQLSTATE 22012)`},
		"a TRUNCATE":             {"TRUNCATE nowhere;", `relation "nowhere" does not exist (SQLSTATE 42P01)`},
		"a sequence":             {"SELECT pg_catalog.setval('nowhere_seq', 3);", `relation "nowhere_seq" does not exist (SQLSTATE 42P01)`},
		"a DO block of data":     {"DO $$ BEGIN INSERT INTO a VALUES (1, NULL); END $$;", `null value in column "n" of relation "a" violates not-null constraint (SQLSTATE 23502)`},
		"several, for one cause": {"INSERT INTO a VALUES (1, NULL);INSERT INTO a VALUES (2, NULL);UPDATE a SET n = NULL;INSERT INTO a VALUES (3, NULL);", `null value in column "n" of relation "a" violates not-null constraint (SQLSTATE 23502)`},
	} {
		for _, frame := range []string{"%", "BEGIN;\n%\nCOMMIT;"} {
			d := b.open(t, Options{Strict: true}, "1.sql", strings.Replace(frame, "%", table+c.text+rest, 1))
			if got := relations(t, d); got != "a b" {
				t.Errorf("%s: relations %q", name, got)
			}
			line := "2"
			if frame != "%" {
				line = "3"
			}
			got := told(d)
			if len(got) != 1 || !strings.HasPrefix(got[0], "warning 1.sql:"+line+":") || !strings.Contains(got[0], c.want+": left out, as it changes data and no part of the schema") {
				t.Errorf("%s: problems %q", name, got)
			}
		}
	}
}

func TestAFailingStatementThatMayMakeSomethingIsAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, text := range map[string]string{
		"a table of a SELECT":           "SELECT 1/0 AS x INTO a;",
		"a table AS":                    "CREATE TABLE a AS SELECT 1/0 AS x;",
		"a DO block that raises":        "DO $$ BEGIN RAISE 'no'; END $$;",
		"a DO block that makes a table": "DO $$ BEGIN INSERT INTO nowhere VALUES (1); CREATE TABLE a (); END $$;",
		"a DO block that executes":      "DO $$ BEGIN DELETE FROM nowhere; EXECUTE 'SELECT 1'; END $$;",
		"a function of the schema":      "CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE a (x nothing); END $$;\nSELECT make();",
		"a function of an extension":    "SELECT create_hypertable('a', 'b');",
		"a call":                        "CALL nowhere();",
		"a constraint":                  "CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1); ALTER TABLE a ADD UNIQUE (id);",
	} {
		base, names := schemaFiles(t, "1.sql", text)
		d, err := Open(t.Context(), b.dsn, names, Options{Strict: true, Base: base})
		var p *project.Problem
		if !errors.As(err, &p) || p.Warning {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = d.Close(t.Context())
			}
		}
	}
}

// The row that fails must not cost the statements around it, nor what a file sets
// for its transaction.
func TestAFailureInAFileLeavesTheRestAsOneTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{Strict: true}, "1.sql", "CREATE SCHEMA app;\nSET LOCAL search_path = app;\nCREATE TEMP TABLE seed ON COMMIT DROP AS SELECT 1 AS id;\n"+
		"CREATE TABLE a (id int NOT NULL);\nINSERT INTO a VALUES (NULL);\nINSERT INTO a SELECT id FROM seed;\nCREATE TABLE b AS SELECT id FROM seed;")
	if got := relations(t, d); got != "app.a app.b" {
		t.Errorf("relations %q", got)
	}
	if got := one[int](t, d, "SELECT count(*) FROM app.a"); got != 1 {
		t.Errorf("%d rows", got)
	}
	d = b.open(t, Options{Strict: true}, "1.sql", "CREATE TABLE a (id int NOT NULL);\nINSERT INTO a VALUES (NULL);\nCREATE INDEX CONCURRENTLY i ON a (id);\nCREATE TABLE b ();")
	if got := relations(t, d); got != "a b" {
		t.Errorf("with a statement that must be alone: relations %q", got)
	}
	if got := told(d); len(got) != 1 || !strings.HasPrefix(got[0], "warning 1.sql:2:") {
		t.Errorf("problems %q", got)
	}
}

// What fails in a transaction runs without one, whatever else is in the file.
func TestStatementsThatMustBeAloneRunBesideOnesThatFail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, text := range map[string]string{
		"a block that commits":    "DO $$ BEGIN CREATE TABLE b (); COMMIT; END $$;",
		"a procedure":             "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE b (); COMMIT; END $$;\nCALL p();",
		"a value of an enum":      "CREATE TYPE e AS ENUM ('x');\nALTER TYPE e ADD VALUE 'y';\nCREATE TABLE b (e e DEFAULT 'y');",
		"VACUUM":                  "VACUUM a;\nCREATE TABLE b ();",
		"an index, concurrently":  "CREATE INDEX CONCURRENTLY ON a (id);\nCREATE TABLE b ();",
		"nothing that must be so": "CREATE TABLE b ();",
	} {
		d := b.open(t, Options{Strict: true}, "1.sql", "CREATE TABLE a (id int NOT NULL);\nINSERT INTO a VALUES (NULL);\n"+text)
		if got := relations(t, d); got != "a b" {
			t.Errorf("%s: relations %q", name, got)
		}
		if got := told(d); len(got) != 1 || !strings.HasPrefix(got[0], "warning 1.sql:2:") {
			t.Errorf("%s: problems %q", name, got)
		}
	}
}

func TestRowsThatACommitRefusesCostTheSchemaNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const text = "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1);\nCREATE TABLE c ();\n"
	for frame, at := range map[string]string{"%": "4", "BEGIN;\n%COMMIT;": "6"} {
		d := b.open(t, Options{Strict: true}, "1.sql", strings.Replace(frame, "%", text, 1))
		if got := relations(t, d); got != "a b c" {
			t.Errorf("relations %q", got)
		}
		want := []string{"warning 1.sql:" + at + `:1: insert or update on table "b" violates foreign key constraint "b_id_fkey": left out, as it changes data and no part of the schema`}
		if got := told(d); !slices.Equal(got, want) {
			t.Errorf("problems %q, want %q", got, want)
		}
	}
}
