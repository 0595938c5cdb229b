package migrate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// problemsOf is what Validate says of one file, with the places alone.
func problemsOf(t *testing.T, file string) string {
	t.Helper()
	return strings.ReplaceAll(report(t, files("00001_a.sql", file)), "migrations/00001_a.sql:", "")
}

// wantProblems compares the problems of a file with those wanted, of which each may
// be the beginning of a line.
func wantProblems(t *testing.T, file, want string) {
	t.Helper()
	got := problemsOf(t, file)
	lines, wanted := strings.Split(got, "\n"), strings.Split(want, "\n")
	ok := len(lines) == len(wanted)
	for i := range wanted {
		ok = ok && strings.HasPrefix(lines[i], wanted[i]) && (wanted[i] != "" || lines[i] == "")
	}
	if !ok {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// inUp makes a file of what stands after "-- +goose Up".
func inUp(up string) string { return "-- +goose Up\n" + up + "\n-- +goose Down\n" }

// inBlock puts statements between StatementBegin and StatementEnd.
func inBlock(sql string) string {
	return "-- +goose StatementBegin\n" + sql + "\n-- +goose StatementEnd"
}

const copying = "error: COPY FROM STDIN waits for data, which a migration cannot send: write INSERT, or load the data with psql"

func TestACopyFromTheClientIsReportedWhereItStands(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, want string }{
		"as pg_dump writes it, with data that are no SQL": {
			inUp("CREATE TABLE p (id int, m text);\nCOPY p (id, m) FROM stdin;\n1\tit's\n-- a line;\n2\t$$\n\\.\nCREATE TABLE q (id int);"), "3:1: " + copying},
		"twice, once in each section": {
			"-- +goose Up\nCOPY p FROM stdin;\n1\n\\.\nCOPY q FROM stdin;\n\\.\n-- +goose Down\nCOPY p FROM STDIN;\n", "2:1: " + copying + "\n5:1: " + copying + "\n8:1: " + copying},
		"with options":                         {inUp("  copy public.p\n  FROM /* the client */ StdIn WITH (FORMAT csv, HEADER);"), "2:3: " + copying},
		"in a block":                           {inUp(inBlock("SELECT 1;\nCOPY p FROM STDIN;\n1\tit's\n\\.")), "4:1: " + copying},
		"behind another statement on its line": {inUp("SELECT 1; COPY p FROM STDIN;"), "2:11: " + copying},
		"from STDOUT, which is the same":       {inUp("COPY BINARY p FROM stdout;"), "2:1: " + copying},
		"not ended by a semicolon":             {inUp("COPY p FROM STDIN"), "2:1: " + copying},
		"with a WHERE":                         {inUp("COPY p (\"from\") FROM STDIN WHERE id > (1);"), "2:1: " + copying},
		"made by ENVSUB":                       {inUp("-- +goose ENVSUB ON\nCOPY p FROM ${SQLKEEL_TEST_IS_NEVER_SET:-STDIN};"), "3:1: " + copying},
		"from a file, to the client, and in names and strings": {
			inUp("COPY p FROM '/tmp/stdin';\nCOPY p FROM PROGRAM 'cat stdin';\nCOPY p TO STDIN;\nCOPY (SELECT a FROM stdin) TO STDOUT;\nCOPY \"p FROM stdin\" TO STDOUT;\n" +
				"SELECT 'COPY p FROM stdin;';\n/* COPY p FROM stdin; */ SELECT 1;\n" + inBlock("DO $$ BEGIN PERFORM 'COPY p FROM STDIN;'; END $$;")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
}

func TestCommandsOfPsqlAreReportedWhereTheyStand(t *testing.T) {
	t.Parallel()
	const not = "which PostgreSQL does not know: remove the line"
	for name, tc := range map[string]struct{ file, want string }{
		"around a dump":             {inUp("\\restrict aBc\n\n--\n-- PostgreSQL database dump\n--\nSET statement_timeout = 0;\n\n\\unrestrict aBc"), "2:1: error: \\restrict is a command of psql, " + not + "\n9:1: error: \\unrestrict is a command of psql, " + not},
		"between statements":        {inUp("SELECT 1;\n\\connect other user\nSELECT 2;"), "3:1: error: \\connect is a command of psql"},
		"copy, and its end":         {inUp("\\copy p FROM 'x'\nSELECT 1;\n\\."), "2:1: error: \\copy is a command\n4:1: error: \\. is a command"},
		"instead of a semicolon":    {inUp("SELECT 1 \\g"), "2:10: error: \\g is a command"},
		"in strings and comments":   {inUp("SELECT '\\connect x', $$\n\\restrict y\n$$; -- \\z\n/* \\a */ SELECT E'\\'';"), ""},
		"in a block, before a cast": {inUp(inBlock("\\i x.sql\nSELECT 1::int;")), "3:1: error: \\i is a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
}

// Nothing at all is applied: neither the good file before, nor the version table.
func TestUpRefusesWhatWouldWaitOrEndItsTransactionBeforeItAppliesAnything(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"COPY authors FROM STDIN", "COMMIT", "ROLLBACK", "DO $$ BEGIN NULL;\nEND $$"} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			fsys := twoTables()
			fsys["00003_x.sql"] = files("x", migration(sql, "SELECT 1"))["x"]
			m := migrator(t, db, fsys)
			for name, up := range map[string]func() (*Run, error){
				"Up":   func() (*Run, error) { return m.Up(within(t)) },
				"UpTo": func() (*Run, error) { return m.UpTo(within(t), 3) },
			} {
				run, err := up()
				var invalid *ValidationError
				if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "\nmigrations/00003_x.sql:2:1: error: ") || len(run.Steps) != 0 {
					t.Errorf("%s = %+v, %v", name, run, err)
				}
			}
			if one[bool](t, db, "SELECT to_regclass('goose_db_version') IS NOT NULL OR to_regclass('authors') IS NOT NULL") {
				t.Error("something was applied")
			}
			// What does not reach the file can be done.
			if run, err := m.UpTo(within(t), 2); err != nil || run.Version != 2 {
				t.Errorf("UpTo(2) = %+v, %v", run, err)
			}
		})
	}
}

// The server heeds no request to cancel while it waits for a client's data.
func TestTheEndOfTheContextEndsAWaitForTheClientsData(t *testing.T) {
	t.Parallel()
	db := database(t)
	exec(t, db, "CREATE TABLE p (id int)")
	ctx, cancel := context.WithCancel(within(t))
	m := migrator(t, db, twoTables())
	m.tune.grace = time.Hour // the connection is not given up meanwhile
	s, err := m.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	ended := make(chan error, 1)
	go func() {
		_, err := s.db.ExecContext(s.ctx, "COPY p FROM STDIN")
		ended <- err
	}()
	const waiting = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COPY p FROM STDIN' AND wait_event = 'ClientRead' AND datname = current_database()"
	for one[int](t, db, waiting) == 0 {
		if within(t).Err() != nil {
			t.Fatal("the server never waited")
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the copy succeeded")
		}
	case <-time.After(liveness / 3):
		exec(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COPY p FROM STDIN' AND datname = current_database()")
		t.Fatal("the copy did not end")
	}
	// The session has outlived it, and can roll back and unlock.
	if _, err := s.db.ExecContext(s.ctx, unlockSQL); err != nil {
		t.Errorf("the session is gone: %v", err)
	}
}
