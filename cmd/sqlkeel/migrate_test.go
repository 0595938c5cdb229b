package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// migrateCommand runs one command line of migrate.
func migrateCommand(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	root := &cobra.Command{Use: "sqlkeel", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(newMigrate())
	var out, diag bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&diag)
	root.SetArgs(append([]string{"migrate"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), diag.String(), err
}

// shelf is a directory with two migrations.
func shelf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	putMigration(t, dir, "00001_authors.sql", "-- +goose Up\nCREATE TABLE authors (id bigint);\n-- +goose Down\nDROP TABLE authors;\n")
	putMigration(t, dir, "00002_books.sql", "-- +goose Up\nCREATE TABLE books (id bigint);\n-- +goose Down\nDROP TABLE books;\n")
	return dir
}

func putMigration(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	milliseconds = regexp.MustCompile(`[0-9.]+ ms`)
	instants     = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
)

// steady replaces what differs from run to run.
func steady(text, dir string) string {
	text = strings.ReplaceAll(text, filepath.ToSlash(dir), "DIR")
	text = instants.ReplaceAllString(text, "THEN")
	return milliseconds.ReplaceAllString(text, "N ms")
}

func TestMigrateTellsWhatItDid(t *testing.T) {
	t.Parallel()
	dir, dsn := shelf(t), pgtest.New(t).DSN()
	for _, tc := range []struct{ args, want string }{
		{"status", "STATE    VERSION  APPLIED AT  FILE\npending  1        -           DIR/00001_authors.sql\n" +
			"pending  2        -           DIR/00002_books.sql\nthe schema is at version 0 of 2: 2 pending, 0 missing\n"},
		{"up-to 1", "up  DIR/00001_authors.sql  N ms\nthe schema is at version 1\n"},
		{"up", "up  DIR/00002_books.sql  N ms\nthe schema is at version 2\n"},
		{"up", "nothing to do, the schema is at version 2\n"},
		{"status --exit-code", "STATE    VERSION  APPLIED AT            FILE\napplied  1        THEN  DIR/00001_authors.sql\n" +
			"applied  2        THEN  DIR/00002_books.sql\nthe schema is at version 2 of 2: 0 pending, 0 missing\n"},
		{"redo", "down  DIR/00002_books.sql  N ms\nup    DIR/00002_books.sql  N ms\nthe schema is at version 2\n"},
		{"down", "down  DIR/00002_books.sql  N ms\nthe schema is at version 1\n"},
		{"validate", ""},
	} {
		args := append(strings.Fields(tc.args), "--dsn", dsn, "--dir", dir)
		out, diag, err := migrateCommand(t, args...)
		if err != nil || diag != "" || steady(out, dir) != tc.want {
			t.Errorf("%s: %v\n%s%s\nwant\n%s", tc.args, err, diag, steady(out, dir), tc.want)
		}
	}
}

func TestMigrateWritesJSON(t *testing.T) {
	t.Parallel()
	dir, dsn := shelf(t), pgtest.New(t).DSN()
	for _, tc := range []struct{ args, path string }{
		{"up", "steps"}, {"down", "steps"}, {"redo", "steps"}, {"status", "migrations"}, {"validate", "problems"}, {"create more", "file"},
	} {
		args := append(strings.Fields(tc.args), "--json", "--dsn", dsn, "--dir", dir)
		out, _, err := migrateCommand(t, args...)
		var v map[string]any
		if err != nil || json.Unmarshal([]byte(out), &v) != nil || v[tc.path] == nil {
			t.Errorf("%s: %v\n%s", tc.args, err, out)
		}
	}
}

func TestMigrateUpThatFailsReportsThePlaceAndWhatWasDone(t *testing.T) {
	t.Parallel()
	dir, dsn := shelf(t), pgtest.New(t).DSN()
	putMigration(t, dir, "00003_bad.sql", "-- +goose Up\nSELECT 1;\nSELECT FRM;\n-- +goose Down\n")
	out, _, err := migrateCommand(t, "up", "--dsn", dsn, "--dir", dir)
	if want := filepath.ToSlash(dir) + `/00003_bad.sql:3:8: ERROR: column "frm" does not exist (SQLSTATE 42703) (version 3, up)`; err == nil || err.Error() != want {
		t.Errorf("err = %v\nwant %s", err, want)
	}
	if !strings.HasSuffix(out, "the schema is at version 2\n") {
		t.Errorf("out = %s", out)
	}
	out, _, err = migrateCommand(t, "up", "--dsn", dsn, "--dir", dir)
	if err == nil || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
	out, _, err = migrateCommand(t, "up", "--json", "--dsn", dsn, "--dir", dir)
	if err == nil || !strings.Contains(out, `"version": 2`) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestMigrateStatusExitsWithTwoOnRequest(t *testing.T) {
	t.Parallel()
	dir, dsn := shelf(t), pgtest.New(t).DSN()
	if _, _, err := migrateCommand(t, "status", "--dsn", dsn, "--dir", dir); err != nil {
		t.Errorf("without --exit-code: %v", err)
	}
	_, _, err := migrateCommand(t, "status", "--exit-code", "--dsn", dsn, "--dir", dir)
	if exitCode(err) != 2 || err.Error() != "the schema is not up to date: 2 pending, 0 missing" {
		t.Errorf("err = %v", err)
	}
}

func TestMigrateTakesTheDatabaseFromTheEnvironment(t *testing.T) {
	dir := shelf(t)
	t.Setenv("DATABASE_URL", pgtest.New(t).DSN())
	if out, _, err := migrateCommand(t, "up", "--dir", dir); err != nil || !strings.HasSuffix(out, "the schema is at version 2\n") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Setenv("DATABASE_URL", "")
	_, _, err := migrateCommand(t, "up", "--dir", dir)
	if err == nil || !strings.HasPrefix(err.Error(), "no database: give --dsn or set DATABASE_URL") {
		t.Errorf("err = %v", err)
	}
}

func TestMigrateRefusesBadArguments(t *testing.T) {
	t.Parallel()
	dir := shelf(t)
	for args, want := range map[string]string{
		"up-to x":               `"x" is no version: it must be a whole number from 1`,
		"up-to -- -1":           `"-1" is no version: it must be a whole number from 1`,
		"up-to":                 "accepts 1 arg(s), received 0",
		"up extra":              `unknown command "extra" for "sqlkeel migrate up"`,
		"up --lock-timeout 0s":  "--lock-timeout is 0s; it must be more than 0",
		"up-to 9":               "no file in " + filepath.ToSlash(dir) + " has version 9; the last is 2",
		"create -- ---":         `create migration: the name "---" has no letter or digit from a-z, 0-9`,
		"up --dsn postgres://%": "--dsn is not a valid URL: the port must be a number; percent-encode special characters in user and password",
	} {
		line := append([]string{"--dir", dir, "--dsn", "postgres://127.0.0.1:1/x"}, strings.Fields(args)...)
		if _, _, err := migrateCommand(t, line...); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", args, err, want)
		}
	}
}

func TestMigrateValidateListsEveryProblem(t *testing.T) {
	t.Parallel()
	dir := shelf(t)
	putMigration(t, dir, "00002_twice.sql", "-- +goose Up\nSELECT 1\n")
	out, _, err := migrateCommand(t, "validate", "--dir", dir)
	want := "DIR/00002_twice.sql:1:1: warning: no \"-- +goose Down\": the migration cannot be rolled back\n" +
		"DIR/00002_twice.sql:1:1: error: version 2 is also the version of DIR/00002_books.sql\n" +
		"DIR/00002_twice.sql:2:1: error: the statement is not ended by a semicolon at the end of a line\n"
	if err == nil || err.Error() != "2 error(s) in the migration files" || steady(out, dir) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, steady(out, dir), want)
	}
	out, _, err = migrateCommand(t, "validate", "--json", "--dir", dir)
	var result struct {
		Errors   int
		Problems []struct {
			File, Severity, Message string
			Line, Col               int
		}
	}
	if err == nil || json.Unmarshal([]byte(out), &result) != nil || result.Errors != 2 || len(result.Problems) != 3 || result.Problems[2].Line != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err := migrateCommand(t, "validate", "--dir", filepath.Join(dir, "gone")); err == nil || !strings.Contains(err.Error(), "read migrations directory") {
		t.Errorf("err = %v", err)
	}
}

func TestMigrateCreatePrintsTheFile(t *testing.T) {
	t.Parallel()
	dir := shelf(t)
	out, _, err := migrateCommand(t, "create", "Add tags", "--dir", dir)
	if err != nil || steady(out, dir) != "DIR/00003_add_tags.sql\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "00003_add_tags.sql")); err != nil {
		t.Error(err)
	}
}

// inDirectory makes a project with two migrations the working directory.
func inDirectory(t *testing.T, config string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"sqlc.yaml":         config,
		"db/up/00001_a.sql": "-- +goose Up\nCREATE TABLE a (id bigint);\n-- +goose Down\nDROP TABLE a;\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func TestMigrateFindsTheSchemaFolderOfTheWorkingDirectory(t *testing.T) {
	inDirectory(t, "version: \"2\"\nsql:\n  - engine: postgresql\n    schema: db/up\n    queries: q\n")
	dsn := pgtest.New(t).DSN()
	for _, tc := range []struct{ args, want string }{
		{"validate", ""},
		{"status --dsn " + dsn, "db/up/00001_a.sql"},
		{"up --dsn " + dsn, "up  db/up/00001_a.sql"},
		{"create more", "db/up/00002_more.sql"},
	} {
		out, diag, err := migrateCommand(t, strings.Fields(tc.args)...)
		if err != nil || diag != "" || !strings.Contains(out, tc.want) {
			t.Errorf("%s: %v\n%s%s", tc.args, err, diag, out)
		}
	}
}

// No command falls back to files of its own, least of all this project's.
func TestMigrateWithoutMigrationsIsAnErrorThatNamesDir(t *testing.T) {
	db := pgtest.New(t)
	for name, config := range map[string]string{"no configuration": "", "a file for a schema": "version: \"2\"\nsql:\n  - {engine: postgresql, schema: db/up/00001_a.sql}\n"} {
		t.Run(name, func(t *testing.T) {
			inDirectory(t, config)
			if config == "" {
				if err := os.Remove("sqlc.yaml"); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range []string{"up", "up-to 1", "down", "redo", "status", "validate", "create more"} {
				line := strings.Fields(args)
				if args != "validate" && args != "create more" {
					line = append(line, "--dsn", db.DSN())
				}
				if out, _, err := migrateCommand(t, line...); err == nil || out != "" || !strings.Contains(err.Error(), "name the folder of the migrations with --dir") {
					t.Errorf("%s: %v\n%s", args, err, out)
				}
			}
			var made bool
			if err := db.Conn().QueryRow(t.Context(), "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&made); err != nil || made {
				t.Errorf("something was applied: %v", err)
			}
		})
	}
}

func TestTheDSNHasOneNameInAllCommands(t *testing.T) {
	t.Parallel()
	var look func(cmd *cobra.Command)
	found := 0
	look = func(cmd *cobra.Command) {
		for _, name := range []string{"database-url", "url", "database"} {
			if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
				t.Errorf("%s has --%s", cmd.CommandPath(), name)
			}
		}
		own, forAll := cmd.Flags().Lookup("dsn"), cmd.PersistentFlags().Lookup("dsn")
		if own == nil {
			own = forAll
		}
		if own != nil {
			found++
			if !strings.Contains(own.Usage, ", as a URL or key=value (default $") {
				t.Errorf("%s: %s", cmd.CommandPath(), own.Usage)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	if look(newRoot()); found != 4 {
		t.Errorf("%d commands have --dsn: generate, check, inspect and migrate should", found)
	}
}

func TestMigrateTakesAVersionTableOfAnotherName(t *testing.T) {
	t.Parallel()
	dir, db := shelf(t), pgtest.New(t)
	if out, _, err := migrateCommand(t, "up", "--dir", dir, "--dsn", db.DSN(), "--table", "app_versions"); err != nil || !strings.HasSuffix(out, "the schema is at version 2\n") {
		t.Errorf("%v\n%s", err, out)
	}
	var last int
	if err := db.Conn().QueryRow(t.Context(), "SELECT max(version_id) FROM app_versions").Scan(&last); err != nil || last != 2 {
		t.Errorf("version %d, %v", last, err)
	}
	if _, _, err := migrateCommand(t, "status", "--dir", dir, "--dsn", db.DSN(), "--table", "App"); err == nil || !strings.Contains(err.Error(), "it must be a name in lower case") {
		t.Errorf("err = %v", err)
	}
}
