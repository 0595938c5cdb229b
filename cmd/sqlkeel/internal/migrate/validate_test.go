package migrate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const good = "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;\n"

// report is what Validate says, one problem a line.
func report(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	problems, err := Validate(fsys, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func TestValidateReportsEveryProblemOfAFileWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, want string }{
		{"nothing wrong", good, ""},
		{"nothing wrong, CRLF", strings.ReplaceAll(good, "\n", "\r\n"), ""},
		{"nothing wrong, annotations in other case and a comment after the semicolon", "-- +goose UP\nSELECT 1; -- one\n-- +goose down\n", ""},
		{"an empty file", "", "1:1: error: no \"-- +goose Up\"\n1:1: warning: no \"-- +goose Down\": the migration cannot be rolled back"},
		{"no Up", "SELECT 1;\n", "1:1: error: SQL before \"-- +goose Up\"\n1:1: error: no \"-- +goose Up\"\n1:1: warning: no \"-- +goose Down\": the migration cannot be rolled back"},
		{"no Down", "-- +goose Up\nSELECT 1;\n", "1:1: warning: no \"-- +goose Down\": the migration cannot be rolled back"},
		{"an empty Up", "-- a note\n-- +goose Up\n-- nothing\n-- +goose Down\n", "2:1: warning: no statement after \"-- +goose Up\""},
		{"Down before Up", "-- +goose Down\nSELECT 1;\n-- +goose Up\nSELECT 1;\n",
			"1:1: error: \"-- +goose Down\" without \"-- +goose Up\" before it\n3:1: error: \"-- +goose Up\" must come before \"-- +goose Down\""},
		{"two of each", good + good, "5:1: error: a second \"-- +goose Up\"; the first is on line 1\n7:1: error: a second \"-- +goose Down\"; the first is on line 3"},
		{"statements not ended", "-- +goose Up\nSELECT 1\n-- +goose Down\n\n  SELECT 2 -- ;\n",
			"2:1: error: the statement is not ended by a semicolon at the end of a line\n5:3: error: the statement is not ended by a semicolon at the end of a line"},
		{"StatementBegin without StatementEnd", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n-- +goose StatementBegin\nSELECT 1;\n",
			"2:1: error: StatementBegin without StatementEnd\n5:1: error: StatementBegin without StatementEnd"},
		{"StatementEnd without StatementBegin", "-- +goose Up\nSELECT 1;\n-- +goose StatementEnd\n-- +goose Down\n", "3:1: error: StatementEnd without StatementBegin"},
		{"a block in a block, and one before Up", "-- +goose StatementBegin\n-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\n-- +goose Down\n",
			"1:1: error: StatementBegin before \"-- +goose Up\"\n1:1: error: StatementBegin without StatementEnd\n4:1: error: StatementBegin inside the block begun on line 3"},
		{"a block without a statement", "-- +goose Up\nSELECT 1;\n-- +goose StatementBegin\n-- note\n-- +goose StatementEnd\n-- +goose Down\n",
			"3:1: warning: no statement between StatementBegin and StatementEnd"},
		{"an unfinished statement before a block", "-- +goose Up\nSELECT 1\n-- +goose StatementBegin\nSELECT 2;\n-- +goose StatementEnd\n-- +goose Down\n",
			"2:1: error: the statement is not ended by a semicolon at the end of a line"},
		{"unknown and indented annotations", "-- +goose Upp\n  -- +goose Up\nSELECT 1;\n-- +goose Down\n",
			"1:1: error: unknown goose annotation \"Upp\"; known are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and ENVSUB OFF\n" +
				"2:3: error: a goose annotation must start in the first column"},
		{"a byte order mark", "\uFEFF" + good, "1:1: error: the file starts with a byte order mark; save it as UTF-8 without one"},
		{"NUL and invalid UTF-8", "-- +goose Up\nSELECT '\u00e9\x00';\nSELECT '\u00e9\u00e9\xff';\n-- +goose Down\n",
			"2:10: error: NUL byte; PostgreSQL cannot take one in SQL\n3:11: error: invalid UTF-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := ""
			for line := range strings.Lines(tc.want) {
				want += "migrations/00001_a.sql:" + line
			}
			if got := report(t, files("00001_a.sql", tc.file)); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestValidateReportsEveryProblemOfTheNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files []string
		want  string
	}{
		{"in a row, other files beside them", []string{"00001_a.sql", "00002_b.sql", "embed.go", "README.md", "00003_x_test.go"}, ""},
		{"no files", nil, "migrations:1:1: error: no migrations in this directory"},
		{"one version thrice", []string{"1_a.sql", "00001_b.sql", "01_c.sql"}, "migrations/01_c.sql:1:1: error: version 1 is also the version of migrations/00001_b.sql\n" +
			"migrations/1_a.sql:1:1: error: version 1 is also the version of migrations/01_c.sql"},
		{"gaps", []string{"00001_a.sql", "00003_b.sql", "00007_c.sql"}, "migrations/00003_b.sql:1:1: warning: version 2 is missing between migrations/00001_a.sql and this file\n" +
			"migrations/00007_c.sql:1:1: warning: versions 4 to 6 are missing between migrations/00003_b.sql and this file"},
		{"times for versions have no gaps", []string{"20260101000000_a.sql", "20260102000000_b.sql"}, ""},
		{"names without a version", []string{"00001_a.sql", "a.sql", "_b.sql", "0_c.sql", "-1_d.sql", "00002.sql", "99999999999999999999_e.sql"},
			"migrations/-1_d.sql:1:1: %[1]s\nmigrations/00002.sql:1:1: %[1]s\nmigrations/0_c.sql:1:1: %[1]s\nmigrations/99999999999999999999_e.sql:1:1: %[1]s\n" +
				"migrations/_b.sql:1:1: %[1]s\nmigrations/a.sql:1:1: %[1]s"},
		{"other kinds of file", []string{"00001_a.sql", "00002_b.go", "00003_c.SQL"},
			"migrations/00002_b.go:1:1: error: Go migrations are not supported; write SQL\nmigrations/00003_c.SQL:1:1: error: the name must end in .sql, in lower case"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{"sub/00009_z.sql": {Data: []byte("not read")}}
			for _, name := range tc.files {
				fsys[name] = &fstest.MapFile{Data: []byte(good)}
			}
			want := tc.want
			if strings.Contains(want, "%[1]s") {
				want = fmt.Sprintf(want, "error: no version in the name; it must look like 00001_name.sql, with a version from 1")
			}
			if got := report(t, fsys); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// tricky has all that goose's splitting turns on.
const tricky = `-- A head that is dropped.

-- +goose Up

  -- dropped too
	SELECT 1 AS a; -- kept
   
-- kept, after a line of blanks
SELECT ';',
-- kept inside
  2 AS b
;
-- +goose StatementBegin

-- dropped
DO $$
BEGIN
  PERFORM 1;

  PERFORM 2; -- kept
END
$$;
-- +goose StatementEnd
SELECT 3 AS c; SELECT 4 AS d;

-- +goose Down
SELECT 5 AS e;
-- the end
`

func TestStatementsAreSplitAsGooseSplitsThem(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"LF": tricky, "CRLF": strings.ReplaceAll(tricky, "\n", "\r\n"), "no newline at the end": strings.TrimRight(tricky, "\n")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{path: "x.sql"}
			s.parse([]byte(file))
			if len(s.problems) != 0 || len(s.up) != 4 || len(s.down) != 1 {
				t.Fatalf("%d up, %d down, %v", len(s.up), len(s.down), s.problems)
			}
			var sent []string
			m := migrator(t, database(t), files("00001_x.sql", file))
			m.tune.onStatement = func(sql string) { sent = append(sent, sql) }
			mustUp(t, m)
			if _, err := m.Down(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, st := range slices.Concat(s.up, s.down) {
				if !slices.Contains(sent, st.text) {
					t.Errorf("goose did not send %q", st.text)
				}
				checkPlaces(t, st, file)
			}
		})
	}
}

// checkPlaces compares each character of a statement with the one in the file
// at the place it is said to be.
func checkPlaces(t *testing.T, s statement, file string) {
	t.Helper()
	lines := strings.Split(strings.ReplaceAll(file, "\r\n", "\n"), "\n")
	pos := 0
	for _, r := range s.text {
		pos++
		if r == '\n' {
			continue
		}
		line, col := s.place(pos)
		if line > len(lines) || col > len([]rune(lines[line-1])) || []rune(lines[line-1])[col-1] != r {
			t.Errorf("character %d (%q) of %q is not at %d:%d", pos, r, s.text, line, col)
			return
		}
	}
}

func FuzzParseNeverPanicsAndKnowsThePlaceOfEveryCharacter(f *testing.F) {
	f.Add(tricky)
	f.Add(good)
	f.Add("\uFEFF" + good)
	for _, tc := range broken {
		f.Add(tc.file)
	}
	f.Add("-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n-- +goose StatementEnd\n-- +goose Down\n;\x00\n")
	f.Fuzz(func(t *testing.T, file string) {
		s := &script{path: "x.sql"}
		s.parse([]byte(file))
		for _, p := range s.problems {
			if p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
		if strings.Contains(file, "\r") || len(s.problems) > 0 {
			return
		}
		for _, st := range slices.Concat(s.up, s.down) {
			checkPlaces(t, st, file)
			st.place(len(st.text) + 10)
		}
	})
}
