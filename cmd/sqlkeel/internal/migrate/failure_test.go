package migrate

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// broken are migrations that PostgreSQL refuses, each after two that it takes.
var broken = []struct {
	name, file, want string
}{
	{
		"a syntax error",
		"-- +goose Up\n\n  -- A note.\n  CREATE TABLE tags (\n\tid bigint,\n\tname text NOTT NULL\n);\n\n-- +goose Down\nDROP TABLE tags;\n",
		`migrations/00003_x.sql:6:12: ERROR: syntax error at or near "NOTT" (SQLSTATE 42601) (version 3, up)`,
	},
	{
		"characters of several bytes before the error",
		"-- +goose Up\nSELECT 'h\u00e9llo \u4e16\u754c', FRM;\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:2:20: ERROR: column "frm" does not exist (SQLSTATE 42703) (version 3, up)`,
	},
	{
		"an unknown column in the second statement",
		"-- +goose Up\nCREATE TABLE tags (id bigint);\n\nCREATE INDEX tags_name ON tags (id,\n  name);\n-- +goose Down\nDROP TABLE tags;\n",
		`migrations/00003_x.sql:4:1: ERROR: column "name" does not exist (SQLSTATE 42703) (version 3, up)`,
	},
	{
		"an unknown column in a select, in a file with CRLF",
		"-- +goose Up\r\nCREATE TABLE tags (id bigint);\r\nSELECT id,\r\n    nam\r\nFROM tags;\r\n-- +goose Down\r\nDROP TABLE tags;\r\n",
		`migrations/00003_x.sql:4:5: ERROR: column "nam" does not exist (SQLSTATE 42703) (version 3, up)`,
	},
	{
		"the second of two equal statements",
		"-- +goose Up\nINSERT INTO authors VALUES (7);\nINSERT INTO authors VALUES (7);\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:3:1: ERROR: duplicate key value violates unique constraint "authors_pkey" (SQLSTATE 23505) (version 3, up)` +
			"\nDETAIL: Key (id)=(7) already exists.",
	},
	{
		"an exception in a DO block",
		"-- +goose Up\n-- +goose StatementBegin\nDO $$\nBEGIN\n  PERFORM 1;\n  RAISE EXCEPTION 'stop' USING HINT = 'go on';\nEND\n$$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:6:3: ERROR: stop (SQLSTATE P0001) (version 3, up)` + "\nHINT: go on",
	},
	{
		"a wrong query in a DO block",
		"-- +goose Up\n-- +goose StatementBegin\nDO $body$\nBEGIN\n  INSERT INTO authors (idd) VALUES (1);\nEND\n$body$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:5:24: ERROR: column "idd" of relation "authors" does not exist (SQLSTATE 42703) (version 3, up)`,
	},
	{
		"a division by zero in a DO block",
		"-- +goose Up\n-- +goose StatementBegin\nDO $$ DECLARE n int;\nBEGIN\n\tn := 1 / 0;\nEND $$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:5:2: ERROR: division by zero (SQLSTATE 22012) (version 3, up)`,
	},
	{
		"a syntax error in a function's body",
		"-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETRN 1;\nEND\n$$;\n-- +goose StatementEnd\n-- +goose Down\nDROP FUNCTION f;\n",
		`migrations/00003_x.sql:5:3: ERROR: syntax error at or near "RETRN" (SQLSTATE 42601) (version 3, up)`,
	},
	{
		"a constraint that is checked at commit",
		"-- +goose Up\nALTER TABLE books ADD FOREIGN KEY (id) REFERENCES authors DEFERRABLE INITIALLY DEFERRED;\nINSERT INTO books VALUES (5);\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:1:1: ERROR: insert or update on table "books" violates foreign key constraint "books_id_fkey" (SQLSTATE 23503) (version 3, up)` +
			"\nDETAIL: Key (id)=(5) is not present in table \"authors\".",
	},
	{
		"a statement that goose changed before it was sent",
		"-- a note\n-- +goose Up\n-- +goose ENVSUB ON\nSELECT nothing${SQLKEEL_TEST_IS_NEVER_SET};\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:4:8: ERROR: column "nothing" does not exist (SQLSTATE 42703) (version 3, up)` +
			"\nENVSUB put nothing in the place of what is not set: SQLKEEL_TEST_IS_NEVER_SET",
	},
	{
		"a statement that ends too early",
		"-- +goose Up\nSELECT (1;\n-- +goose Down\nSELECT 1;\n",
		`migrations/00003_x.sql:2:10: ERROR: syntax error at or near ";" (SQLSTATE 42601) (version 3, up)`,
	},
}

func TestABrokenMigrationNamesItsPlaceAndLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	for _, tc := range broken {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := migrated(t)
			fsys := twoTables()
			fsys["00003_x.sql"] = &fstest.MapFile{Data: []byte(tc.file)}
			if left := brokenUp(t, migrator(t, db, fsys), db, tc.want); left != "" {
				t.Error(left)
			}
		})
	}
}

// brokenUp runs a migration that must fail with want, and tells what it left.
func brokenUp(t *testing.T, m *Migrator, db testDB, want string) string {
	t.Helper()
	schema, recorded := snapshot(t, db), versions(t, db)
	run, err := m.Up(t.Context())
	var failed *MigrationError
	if !errors.As(err, &failed) || err.Error() != want {
		t.Errorf("Up = %v\nwant %s", err, want)
	}
	if run.Version != 2 || len(run.Steps) != 0 {
		t.Errorf("run = %+v", run)
	}
	if !lockFree(t, db) {
		t.Error("the lock is still held")
	}
	if got := snapshot(t, db); got != schema {
		return "the schema changed to\n" + got + "from\n" + schema
	}
	if got := versions(t, db); got != recorded {
		return "the versions changed from " + recorded + " to " + got
	}
	return ""
}

func TestMigrationsBeforeABrokenOneStayApplied(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := twoTables()
	fsys["00003_x.sql"] = &fstest.MapFile{Data: []byte(migration("SELECT nothing", "SELECT 1"))}
	run, err := migrator(t, db, fsys).Up(t.Context())
	if err == nil || run.Version != 2 || len(run.Steps) != 2 {
		t.Errorf("Up = %+v, %v", run, err)
	}
	if got := versions(t, db); got != "0 1 2" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestADownThatFailsNamesItsPlaceAndLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := twoTables()
	fsys["00003_x.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE tags (id bigint);\n-- +goose Down\nDROP TABLE tags;\nDROP TABLE authors;\n")}
	m := migrator(t, db, fsys)
	mustUp(t, m)
	schema := snapshot(t, db)
	for _, undo := range []func() (*Run, error){
		func() (*Run, error) { return m.Down(t.Context()) },
		func() (*Run, error) { return m.Redo(t.Context()) },
	} {
		run, err := undo()
		const want = "migrations/00003_x.sql:5:1: ERROR: cannot drop table authors because other objects depend on it (SQLSTATE 2BP01) (version 3, down)"
		if err == nil || !strings.HasPrefix(err.Error(), want+"\nDETAIL: constraint books_author_id_fkey") || run.Version != 3 {
			t.Errorf("%+v, %v", run, err)
		}
	}
	if got := snapshot(t, db); got != schema {
		t.Errorf("the schema changed to\n%s", got)
	}
	if got := versions(t, db); got != "0 1 2 3" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestAFileWithoutTransactionSaysWhatItLeft(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := files("00001_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (id bigint);\nCREATE TABLE b (id bigint);\nCREATE TABLE a (id bigint);\n-- +goose Down\nSELECT 1;\n")
	_, err := migrator(t, db, fsys).Up(t.Context())
	const want = "migrations/00001_x.sql:5:1: ERROR: relation \"a\" already exists (SQLSTATE 42P07) (version 1, up)\n" +
		"the file runs without a transaction: the 2 statement(s) before this one stay applied"
	if err == nil || err.Error() != want {
		t.Errorf("Up = %v\nwant %s", err, want)
	}
}
