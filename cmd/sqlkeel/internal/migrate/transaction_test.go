package migrate

import (
	"errors"
	"strings"
	"testing"
)

const oneTransaction = ": the file runs as one transaction, which it must not begin or end itself: remove the statement, or write \"-- +goose NO TRANSACTION\" as the first line"

func TestAFileThatIsATransactionMustNotBeginOrEndOne(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"begin and commit around it": {inUp("BEGIN;\nSELECT 1;\nCOMMIT;"), "2:1: error: BEGIN" + oneTransaction + "\n4:1: error: COMMIT" + oneTransaction},
		"in the way down":            {"-- +goose Up\nSELECT 1;\n-- +goose Down\nROLLBACK;\n", "4:1: error: ROLLBACK" + oneTransaction},
		"every way to begin":         {inUp("begin work;\nBEGIN ISOLATION LEVEL SERIALIZABLE;\nSTART /* a */ TRANSACTION;"), "2:1: error: BEGIN:\n3:1: error: BEGIN:\n4:1: error: START TRANSACTION:"},
		"every way to end": {inUp("END;\nAbort work;\nCOMMIT AND CHAIN;\nROLLBACK AND NO CHAIN;\nPREPARE TRANSACTION 'x';\nCOMMIT PREPARED 'x';\nROLLBACK PREPARED 'x';"),
			"2:1: error: END:\n3:1: error: ABORT:\n4:1: error: COMMIT:\n5:1: error: ROLLBACK:\n6:1: error: PREPARE TRANSACTION:\n7:1: error: COMMIT PREPARED:\n8:1: error: ROLLBACK PREPARED:"},
		"behind comments, empty statements and others": {inUp("SELECT 1; /* x */ ;; -- y\n  COMMIT;"), "3:3: error: COMMIT:"},
		"in a block, with others":                      {inUp(inBlock("SELECT 1;\n  COMMIT;\nSELECT 2;")), "4:3: error: COMMIT:"},
		"made by ENVSUB":                               {inUp("-- +goose ENVSUB ON\n${SQLKEEL_TEST_IS_NEVER_SET:-COMMIT};"), "3:1: error: COMMIT:"},
		"savepoints, names, bodies and what only looks alike": {
			inUp("SAVEPOINT a;\nROLLBACK TO a;\nROLLBACK WORK TO SAVEPOINT a;\nRELEASE a;\nSET TRANSACTION READ WRITE;\nPREPARE transaction AS SELECT 1;\nSELECT 'COMMIT;';\n" +
				inBlock("DO $$ BEGIN\nPERFORM 1;\nEND $$;") + "\n" + inBlock("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\nSELECT 1;\nEND;")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
}

func TestAFileWithoutTransactionMustEndWhatItBegins(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ up, want string }{
		"a pair":                {"BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;\nBEGIN;\nROLLBACK;", ""},
		"a pair in a block":     {inBlock("BEGIN;\nSELECT 1;\nEND;"), ""},
		"not ended":             {"SELECT 1;\n BEGIN;\nSELECT 1;", "4:2: error: the transaction begun here is not ended, so that all of it would be undone: add COMMIT"},
		"chained and not ended": {"BEGIN;\nCOMMIT AND CHAIN;", "4:1: error: the transaction begun here is not ended"},
		"not begun":             {"SELECT 1;\nCOMMIT;", "4:1: error: COMMIT without BEGIN before it: the file runs without a transaction"},
		"begun twice":           {"BEGIN;\nSTART TRANSACTION;\nCOMMIT;", "4:1: error: START TRANSACTION inside the transaction that begins on line 3"},
		"prepared":              {"BEGIN;\nPREPARE TRANSACTION 'x';\nROLLBACK PREPARED 'x';", ""},
		"together on a line":    {"SELECT 1; SELECT 2;", "3:11: warning: goose sends this statement together with the one before it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, "-- +goose NO TRANSACTION\n"+inUp(tc.up), tc.want)
		})
	}
	// The annotation counts wherever it stands.
	wantProblems(t, "-- +goose Up\nBEGIN;\nCOMMIT;\n-- +goose Down\n-- +goose NO TRANSACTION\n", "")
}

func TestAFailureWithoutTransactionKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := files("00001_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (id int);\nBEGIN;\nCREATE TABLE b (id int);\nCREATE TABLE c (id nosuch);\nCOMMIT;\n-- +goose Down\n")
	_, err := migrator(t, db, fsys).Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || failed.Line != 6 || failed.Kept != 1 {
		t.Errorf("Up = %v", err)
	}
	if !one[bool](t, db, "SELECT to_regclass('a') IS NOT NULL AND to_regclass('b') IS NULL") {
		t.Error("another part was kept")
	}
}

func TestAPairInAFileWithoutTransactionIsApplied(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, files("00001_x.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nBEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n-- +goose Down\n"+inBlock("BEGIN;\nDROP TABLE a;\nCOMMIT;")+"\n"))
	if run := mustUp(t, m); run.Version != 1 || !one[bool](t, db, "SELECT to_regclass('a') IS NOT NULL") {
		t.Errorf("run = %+v", run)
	}
	if run, err := m.Down(within(t)); err != nil || run.Version != 0 || !one[bool](t, db, "SELECT to_regclass('a') IS NULL") {
		t.Errorf("Down = %+v, %v", run, err)
	}
}

// A setting can make the server read a text in another way than its own default is.
// What it says of the transaction after each statement is the last word.
func TestWhatEndsTheTransactionUnseenIsNotRecorded(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := files("00001_x.sql", inUp("CREATE TABLE a (id int);\nSET standard_conforming_strings = off;\nSELECT 'x\\' , '; COMMIT; --';\nCREATE TABLE b (id int);"))
	if got := report(t, fsys); got != "" {
		t.Fatalf("validate sees it: %s", got)
	}
	run, err := migrator(t, db, fsys).Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || !errors.Is(err, errTransactionEnded) || failed.Line != 4 || len(run.Steps) != 0 {
		t.Errorf("Up = %+v, %v", run, err)
	}
	if got := versions(t, db); got != "0" || one[bool](t, db, "SELECT to_regclass('b') IS NOT NULL") {
		t.Errorf("versions recorded: %s, or the run went on", got)
	}
}

func TestTransactionControlInABodyFailsAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ sql, want string }{
		"in a DO block": {inBlock("DO $$\nBEGIN\n  PERFORM 1;\n  COMMIT;\nEND $$;"), "migrations/00001_x.sql:6:3: ERROR: invalid transaction termination"},
		"in a procedure": {inBlock("CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN\nCOMMIT;\nEND $$;") + "\nCALL p();",
			"migrations/00001_x.sql:7:1: ERROR: invalid transaction termination"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			if _, err := migrator(t, db, files("00001_x.sql", inUp(tc.sql))).Up(within(t)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("Up = %v\nwant %s", err, tc.want)
			}
			if run := mustUp(t, migrator(t, db, files("00001_x.sql", "-- +goose NO TRANSACTION\n"+inUp(tc.sql)))); run.Version != 1 {
				t.Errorf("without a transaction: %+v", run)
			}
		})
	}
}
