package migrate

import (
	"fmt"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// scraps are what random files are made of: all that goose's splitting and
// PostgreSQL's turn on.
var scraps = []string{
	"-- +goose Up\n", "-- +goose Down\n", "-- +goose StatementBegin\n", "-- +goose StatementEnd\n", "-- +goose NO TRANSACTION\n",
	"-- +goose ENVSUB ON\n", "-- +goose ENVSUB OFF\n", "--+goose up\n", " -- +goose Up\n", "-- +Goose Down\n", "-- +goose", "+goose", "/*", "*/", "-- a", "--b",
	"'", "''", "$$", "$x$", "\"", "\\", "E'", "SELECT 1", "SELECT 'a'", "$5", "${HOME}", "$A", "BEGIN ATOMIC ", "CREATE FUNCTION f() ",
	"END", "CREATE RULE r AS (", ")", ";", ";\n", "; ", "\n", "\n", "\n", " ", "  \n", "\t", "\r\n", "\r", "\v", "\u00a0", "\u00e9", "COPY t FROM STDIN", "BEGIN", "COMMIT", "x",
}

// randomFile makes a file that often is nearly right.
func randomFile(r *rand.Rand) string {
	var b strings.Builder
	if r.IntN(4) > 0 {
		b.WriteString("-- +goose Up\n")
	}
	for range r.IntN(14) {
		b.WriteString(scraps[r.IntN(len(scraps))])
	}
	if r.IntN(2) > 0 {
		b.WriteString(";\n")
	}
	if r.IntN(3) > 0 {
		b.WriteString("\n-- +goose Down\n")
		for range r.IntN(6) {
			b.WriteString(scraps[r.IntN(len(scraps))])
		}
	}
	return b.String()
}

// agrees tells where validate and goose differ about a file, "" when nowhere; and
// whether the file passed.
func agrees(file string) (passed bool, difference string) {
	s := &script{path: "x.sql"}
	s.parse([]byte(file))
	read, err := askGoose([]byte(file))
	if s.faulty() {
		for _, p := range s.problems {
			if strings.HasPrefix(p.Message, "goose refuses the file") || strings.HasPrefix(p.Message, "goose splits") {
				return false, "only goose itself knew: " + p.String()
			}
		}
		if err == nil && claimsRefusal(s) {
			return false, fmt.Sprintf("goose takes it: %v", s.problems)
		}
		return false, ""
	}
	if err != nil {
		return true, "goose refuses it: " + err.Error()
	}
	for direction, sent := range map[Direction][]string{Up: read.up, Down: read.down} {
		own, _ := s.section(direction)
		var texts []string
		for _, st := range own {
			texts = append(texts, st.text)
		}
		if !slices.Equal(texts, sent) {
			return true, fmt.Sprintf("%s: goose sends %q, not %q", direction, sent, texts)
		}
		if difference := wholeStatements(own); difference != "" {
			return true, difference
		}
	}
	return true, ""
}

// claims are the beginnings of errors that say that goose refuses a file.
var claims = []string{
	"the statement is not ended by", "the statement ends inside", "goose takes a comment between", "goose does not see the semicolon that ends", "goose cannot expand",
	"StatementBegin", "StatementEnd", "a second", "unknown goose annotation", "a goose annotation must", "SQL before", "no \"-- +goose Up\"", "\"-- +goose",
}

// claimsRefusal tells whether all errors are such.
func claimsRefusal(s *script) bool {
	for _, p := range s.faults(Up) {
		if !slices.ContainsFunc(claims, func(c string) bool { return strings.HasPrefix(p.Message, c) }) {
			return false
		}
	}
	return true
}

// wholeStatements compares the statements in each piece with those in all of them
// together: a piece that does not end one would swallow the next.
func wholeStatements(pieces []statement) string {
	var apart, all []string
	var together strings.Builder
	for _, st := range pieces {
		for _, s := range sqltext.Statements(st.text) {
			apart = append(apart, strings.TrimSuffix(s.Text(st.text), ";"))
		}
		together.WriteString(st.text + "\n")
		if st.block || !strings.HasSuffix(st.text, ";") {
			together.WriteString(";\n")
		}
	}
	for _, s := range sqltext.Statements(together.String()) {
		all = append(all, strings.TrimSuffix(s.Text(together.String()), ";"))
	}
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	for i := range apart {
		apart[i] = strings.TrimSpace(apart[i])
	}
	if !slices.Equal(apart, all) {
		return fmt.Sprintf("PostgreSQL sees %q, in pieces %q", all, apart)
	}
	return ""
}

func TestWhatValidatePassesIsSentByGooseAsPostgreSQLWouldReadIt(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	passed, count := 0, 4000
	for range count {
		file := randomFile(r)
		ok, difference := agrees(file)
		if ok {
			passed++
		}
		if difference != "" {
			t.Fatalf("seed %d: %q: %s", seed, file, difference)
		}
	}
	if passed < count/20 {
		t.Errorf("only %d of %d files were right: the comparison means little", passed, count)
	}
}

func FuzzValidateAgreesWithGoose(f *testing.F) {
	for _, file := range []string{tricky, good, inUp("SELECT 'a;\n';"), inUp(inBlock("")), inUp(inBlock("  \n") + "\nSELECT 1;"), "-- +goose Up\n  \n-- +goose Down\n-- note\n"} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file string) {
		if _, difference := agrees(file); difference != "" {
			t.Error(difference)
		}
	})
}

// goose's own files are read as its own tests say.
func TestGoosesTestDataPassOrAreRefusedByBoth(t *testing.T) {
	out, err := osexec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pressly/goose/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOSE_ENV_REGION", "us_east_")
	t.Setenv("GOOSE_ENV_NAME", "foo")
	seen := 0
	err = filepath.WalkDir(strings.TrimSpace(string(out)), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".sql" || strings.Contains(path, "golden") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		passed, difference := agrees(string(data))
		_, refused := askGoose(data)
		if difference != "" || passed != (refused == nil) {
			t.Errorf("%s: passed %t, goose: %v, %s", path, passed, refused, difference)
		}
		return nil
	})
	if err != nil || seen < 20 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// What no rule of ours foresees is found by asking goose.
func TestGooseHasTheLastWord(t *testing.T) {
	t.Parallel()
	s := &script{path: "x.sql", data: []byte(good), upLine: 1, up: []statement{newStatement([]line{{2, "SELECT 2;", "SELECT 2;"}})}}
	if s.compareWithGoose(); len(s.problems) != 2 || s.problems[0].Line != 2 || !strings.HasPrefix(s.problems[0].Message, "goose splits the file in another way") {
		t.Errorf("%v", s.problems)
	}
	// goose expands a comment between two sections, which is dropped here.
	const odd = "-- +goose Up\n-- +goose ENVSUB ON\n \n-- +goose Down\n-- ${PATH\n"
	if _, refused := askGoose([]byte(odd)); refused == nil {
		t.Skip("this goose takes the file")
	}
	if got := problemsOf(t, odd); !strings.Contains(got, "1:1: error: goose refuses the file: ") {
		t.Errorf("%s", got)
	}
}
