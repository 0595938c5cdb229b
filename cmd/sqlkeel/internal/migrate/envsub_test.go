package migrate

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// These set the environment and so do not run at the same time as others.

func TestErrorsInAFileWithVariablesHaveTheirPlace(t *testing.T) {
	t.Setenv("SQLKEEL_TEST_TABLE", "a_long_name")
	t.Setenv("SQLKEEL_TEST_LINES", "a int,\n  b int")
	t.Setenv("SQLKEEL_TEST_EMPTY", "")
	for name, tc := range map[string]struct{ up, place string }{
		"on a line of its own":            {"CREATE TABLE\n ${SQLKEEL_TEST_TABLE}\n (id int,\n  bad nosuchtype);", "6:7"},
		"behind a variable on the line":   {"SELECT '${SQLKEEL_TEST_TABLE}', nosuch;", "3:33"},
		"before a variable on the line":   {"SELECT nosuch, '$SQLKEEL_TEST_TABLE';", "3:8"},
		"in a variable":                   {"SELECT 1, ${SQLKEEL_TEST_TABLE};", "3:11"},
		"behind an empty one":             {"SELECT ${SQLKEEL_TEST_EMPTY}nosuch;", "3:29"},
		"after a line that is empty":      {"${SQLKEEL_TEST_EMPTY}\nSELECT nosuch;", "4:8"},
		"behind several lines of one":     {"CREATE TABLE t (\n  ${SQLKEEL_TEST_LINES},\n  bad nosuchtype);", "5:7"},
		"behind a dollar sign":            {"SELECT '$$1', nosuch;", "3:15"},
		"in a later statement":            {"CREATE TABLE t (id int);\nSELECT '${SQLKEEL_TEST_TABLE}';\n  SELECT nosuch, $$$$$SQLKEEL_TEST_TABLE$$$$;", "5:10"},
		"where ENVSUB is off again":       {"-- +goose ENVSUB OFF\nSELECT '${SQLKEEL_TEST_TABLE}', nosuch;", "4:33"},
		"in the second of equal ones":     {"CREATE TABLE ${SQLKEEL_TEST_TABLE} (id int);\nCREATE TABLE a_long_name (id int);", "4:1"},
		"of the statement as a whole":     {"SELECT\n  1 / (length('${SQLKEEL_TEST_TABLE}') - 11);", "3:1"},
		"in a file with carriage returns": {"CREATE TABLE\r\n ${SQLKEEL_TEST_TABLE}\r\n (bad nosuchtype);", "5:7"},
	} {
		t.Run(name, func(t *testing.T) {
			file := "-- +goose Up\n-- +goose ENVSUB ON\n" + tc.up + "\n-- +goose Down\n"
			fsys := files("00001_a.sql", file)
			if got := report(t, fsys); got != "" {
				t.Fatalf("validate: %s", got)
			}
			_, err := migrator(t, database(t), fsys).Up(within(t))
			if err == nil || !strings.HasPrefix(err.Error(), "migrations/00001_a.sql:"+tc.place+": ERROR: ") {
				t.Errorf("%s\nUp = %v\nwant %s", file, err, tc.place)
			}
		})
	}
}

func TestAVariableThatIsNotSetIsNamed(t *testing.T) {
	t.Parallel()
	const nothing = "so ENVSUB puts nothing in its place: set it, or give a default, as in ${SQLKEEL_TEST_UNSET:-default}"
	wantProblems(t, inUp("SELECT '${SQLKEEL_TEST_UNSET}';\n-- +goose ENVSUB ON\nCREATE TABLE\n ${SQLKEEL_TEST_UNSET} $SQLKEEL_TEST_UNSET2 ${SQLKEEL_TEST_UNSET};"),
		"5:2: warning: the environment has no SQLKEEL_TEST_UNSET, "+nothing+"\n5:24: warning: the environment has no SQLKEEL_TEST_UNSET2, ")
	wantProblems(t, inUp("-- +goose ENVSUB ON\nSELECT '${SQLKEEL_TEST_UNSET:-a}', '${SQLKEEL_TEST_UNSET-b}', '$$SQLKEEL_TEST_UNSET', '\\$SQLKEEL_TEST_UNSET', '${PATH:0:1}', '$PATH';\n"+
		"-- +goose ENVSUB OFF\nSELECT '$SQLKEEL_TEST_UNSET';"), "")

	m := migrator(t, database(t), files("00001_a.sql", inUp("-- +goose ENVSUB ON\nCREATE TABLE ${SQLKEEL_TEST_UNSET} (id int);")))
	run, err := m.Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || !slices.Equal(failed.Unset, []string{"SQLKEEL_TEST_UNSET"}) || failed.Line != 3 ||
		!strings.Contains(err.Error(), "\nENVSUB put nothing in the place of what is not set: SQLKEEL_TEST_UNSET") {
		t.Errorf("Up = %v", err)
	}
	if len(run.Warnings) != 1 || !strings.HasPrefix(run.Warnings[0], "migrations/00001_a.sql:3:14: the environment has no SQLKEEL_TEST_UNSET") {
		t.Errorf("warnings: %q", run.Warnings)
	}
}

func TestWhatCannotBeExpandedIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	const cannot = "error: goose cannot expand the variables of this line ("
	on := func(up string) string { return inUp("-- +goose ENVSUB ON\n" + up) }
	for name, tc := range map[string]struct{ file, want string }{
		"an expansion without an end":      {on("SELECT 'a';\nSELECT '${PATH', 1;"), "4:9: " + cannot},
		"a variable that must be set":      {on("SELECT ${PATH:-1}, ${SQLKEEL_TEST_UNSET?must be set};"), "3:20: " + cannot + "$SQLKEEL_TEST_UNSET: must be set)"},
		"in the way down":                  {"-- +goose Up\nSELECT 1;\n-- +goose Down\n-- +goose ENVSUB ON\nSELECT '${PATH:a}';\n", "5:9: " + cannot},
		"a dollar quote":                   {on(inBlock("DO $$\nBEGIN\nEND $$;")), "4:4: error: ENVSUB turns $$ into $ and takes $name$ for a variable: write each dollar sign of this quote twice, or turn ENVSUB OFF before it"},
		"a dollar quote around what is on": {inUp(inBlock("DO $$\n-- +goose ENVSUB ON\nBEGIN PERFORM '$PATH'; END\n-- +goose ENVSUB OFF\n$$;")), ""},
		"dollar quotes written twice":      {on(inBlock("DO $$$$\nBEGIN PERFORM '$PATH;\n'; END $$$$;")), ""},
		"a comment that is dropped":        {on("-- costs $5\nSELECT 1;"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblems(t, tc.file, tc.want)
		})
	}
	// Whether a number is a variable depends on the version of goose: it has the word.
	_, refused := askGoose([]byte(on("SELECT 'a', '$5';")))
	if got := problemsOf(t, on("SELECT 'a', '$5';")); (got != "") != (refused != nil) || refused != nil && !strings.HasPrefix(got, "3:14: "+cannot) {
		t.Errorf("%s; goose: %v", got, refused)
	}
}
