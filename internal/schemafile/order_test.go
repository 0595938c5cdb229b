package schemafile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The first line of a file of each tool.
const (
	byGoose      = "-- +goose Up\n"
	bySQLMigrate = "-- +migrate Up\n"
	byDbmate     = "-- migrate:up\n"
	byTern       = "SELECT 1;\n---- create above / drop below ----\nSELECT 2;\n"
	plain        = "SELECT 1;\n"
)

// folder writes files, all with the same text, and returns where they are.
func folder(t *testing.T, text string, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		put(t, dir, name, text)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// byName returns names as a folder or a glob lists them.
func byName(names ...string) [][]string {
	slices.Sort(names)
	return [][]string{names}
}

func messages(list []Finding) string {
	var lines []string
	for _, f := range list {
		kind := "error "
		if f.Note {
			kind = "note "
		}
		lines = append(lines, kind+f.File+": "+f.Message)
	}
	return strings.Join(lines, "\n")
}

func TestFilesAreInTheOrderInWhichTheirToolAppliesThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		order []string // as the tool applies them
	}{
		"goose, by number":                    {byGoose, []string{"1_base.sql", "2_x.sql", "10_audit.sql"}},
		"goose, from 9 to 10":                 {byGoose, []string{"8_a.sql", "9_b.sql", "10_c.sql", "11_d.sql"}},
		"goose, some with leading zeros":      {byGoose, []string{"007_a.sql", "8_b.sql", "0009_c.sql", "10_d.sql"}},
		"goose, times after numbers":          {byGoose, []string{"3_a.sql", "40_b.sql", "20240101000000_c.sql"}},
		"goose, a version of many digits":     {byGoose, []string{"9_a.sql", "99999999999999999998_b.sql", "99999999999999999999_c.sql"}},
		"golang-migrate":                      {plain, []string{"1_a.up.sql", "2_b.up.sql", "10_c.up.sql"}},
		"tern":                                {byTern, []string{"1_a.sql", "2_b.sql", "10_c.sql"}},
		"sql-migrate, by number":              {bySQLMigrate, []string{"1-a.sql", "2x.sql", "10.sql"}},
		"sql-migrate, by name in a number":    {bySQLMigrate, []string{"01_b.sql", "1_b.sql", "2_a.sql"}},
		"sql-migrate, those without a number": {bySQLMigrate, []string{"2_a.sql", "10_b.sql", "-first.sql", "other.sql"}},
		"dbmate, by name":                     {byDbmate, []string{"10_c.sql", "1_a.sql", "2_b.sql"}},
		"flyway":                              {plain, []string{"V1__a.sql", "V1.1__b.sql", "V1_2__c.sql", "V2__d.sql", "V10__e.sql", "R__views.sql"}},
		"no tool, with leading zeros":         {plain, []string{"001_a.sql", "002_b.sql", "010_c.sql"}},
		"no tool, without numbers":            {plain, []string{"functions.sql", "tables.sql", "views.sql"}},
		"no tool, numbers behind words":       {plain, []string{"table10.sql", "table2.sql", "users.sql", "users_2fa.sql"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lists := byName(slices.Clone(c.order)...)
			got, findings := Order(folder(t, c.text, c.order...), lists)
			if !slices.Equal(got, c.order) {
				t.Errorf("order %q, want %q", got, c.order)
			}
			for _, f := range findings {
				if !f.Note {
					t.Errorf("%s: %s", f.File, f.Message)
				}
			}
			if sameAsByName := slices.Equal(lists[0], c.order); sameAsByName == (len(findings) > 0) {
				t.Errorf("findings: %s", messages(findings))
			}
		})
	}
}

// Each row: the files of a folder with their texts, and what is said of them.
func TestWhatTheOrderLeavesOpenIsSaid(t *testing.T) {
	t.Parallel()
	const byNumber = ": list the files under schema: in that order, or write the numbers with leading zeros"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"sqlc reads goose's files in another order": {map[string]string{"m/1_base.sql": byGoose, "m/10_audit.sql": byGoose, "m/2_x.sql": byGoose, "m/3_y.sql": byGoose},
			"note m/10_audit.sql: goose applies 1_base.sql before this file and sqlc reads it after: the effects are those of goose's order, and sqlc's types may be wrong" + byNumber},
		"numbers, and no tool": {map[string]string{"m/1_base.sql": plain, "m/10_audit.sql": plain, "m/2_x.sql": plain},
			"error m/10_audit.sql: by name this file comes before m/1_base.sql and by number after it, and nothing in it says by which tool it is applied: " +
				"write the numbers with leading zeros, or list the files under schema: in their order"},
		"numbers in folders, and no tool": {map[string]string{"1_a/up.sql": plain, "10_c/up.sql": plain, "2_b/up.sql": plain},
			"error 10_c/up.sql: by name this file comes before 1_a/up.sql and by number after it, and nothing in it says by which tool it is applied: " +
				"write the numbers with leading zeros, or list the files under schema: in their order"},
		"versions of several numbers, and no tool": {map[string]string{"v1.9.sql": plain, "v1.10.sql": plain},
			"error v1.10.sql: by name this file comes before v1.9.sql and by number after it, and nothing in it says by which tool it is applied: " +
				"write the numbers with leading zeros, or list the files under schema: in their order"},
		"dates without zeros, and no tool": {map[string]string{"2024-2-1_a.sql": plain, "2024-10-1_b.sql": plain},
			"error 2024-10-1_b.sql: by name this file comes before 2024-2-1_a.sql and by number after it, and nothing in it says by which tool it is applied: " +
				"write the numbers with leading zeros, or list the files under schema: in their order"},
		"one version twice, goose": {map[string]string{"1_a.sql": byGoose, "01_b.sql": byGoose, "2_c.sql": byGoose},
			"error 1_a.sql: its version 1 is also that of 01_b.sql, which goose refuses: give it a number of its own"},
		"one version twice, golang-migrate": {map[string]string{"1_a.up.sql": plain, "1_b.up.sql": plain},
			"error 1_b.up.sql: its version 1 is also that of 1_a.up.sql, which golang-migrate refuses: give it a number of its own"},
		"one version twice, sql-migrate": {map[string]string{"1_a.sql": bySQLMigrate, "1_b.sql": bySQLMigrate}, ""},
		"dbmate, whose order is by name": {map[string]string{"1_a.sql": byDbmate, "10_b.sql": byDbmate, "2_c.sql": byDbmate}, ""},
		"atlas, whose order is by name":  {map[string]string{"1_a.sql": plain, "10_b.sql": plain, "2_c.sql": plain, "atlas.sum": "h1:"}, ""},
		"tern without a way down": {map[string]string{"1_a.sql": plain, "10_b.sql": plain, "2_c.sql": plain, "tern.conf": "[database]"},
			"note 10_b.sql: tern applies 1_a.sql before this file and sqlc reads it after: the effects are those of tern's order, and sqlc's types may be wrong" + byNumber},
		"a file without goose's mark among goose's": {map[string]string{"1_a.sql": byGoose, "10_b.sql": plain, "2_c.sql": byGoose},
			"note 10_b.sql: goose applies 1_a.sql before this file and sqlc reads it after: the effects are those of goose's order, and sqlc's types may be wrong" + byNumber},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, names := t.TempDir(), []string{}
			for file, text := range c.files {
				put(t, dir, file, text)
				if strings.HasSuffix(file, ".sql") {
					names = append(names, file)
				}
			}
			if _, findings := Order(dir, byName(names...)); messages(findings) != c.want {
				t.Errorf("got\n%s\nwant\n%s", messages(findings), c.want)
			}
		})
	}
}

func TestEntriesKeepTheirOrderAndFoldersDoNotMix(t *testing.T) {
	t.Parallel()
	dir := folder(t, byGoose, "a/1_x.sql", "a/2_x.sql", "a/10_x.sql", "b/1_x.sql", "b/5_x.sql", "b/20_x.sql")
	put(t, dir, "p/1.sql", plain)
	put(t, dir, "p/2.sql", plain)
	put(t, dir, "p/10.sql", plain)
	for name, c := range map[string]struct {
		lists []string
		want  string
	}{
		"two folders":                         {[]string{"b/1_x.sql b/20_x.sql b/5_x.sql", "a/1_x.sql a/10_x.sql a/2_x.sql"}, "b/1_x.sql b/5_x.sql b/20_x.sql a/1_x.sql a/2_x.sql a/10_x.sql"},
		"a glob over two folders":             {[]string{"a/1_x.sql a/10_x.sql a/2_x.sql b/1_x.sql b/20_x.sql b/5_x.sql"}, "a/1_x.sql a/2_x.sql a/10_x.sql b/1_x.sql b/5_x.sql b/20_x.sql"},
		"files of two folders in turn":        {[]string{"a/10_x.sql", "b/1_x.sql", "a/2_x.sql", "b/5_x.sql"}, "a/2_x.sql b/1_x.sql a/10_x.sql b/5_x.sql"},
		"files of no tool, listed one by one": {[]string{"p/10.sql", "p/2.sql", "p/1.sql"}, "p/10.sql p/2.sql p/1.sql"},
	} {
		var lists [][]string
		for _, list := range c.lists {
			lists = append(lists, strings.Fields(list))
		}
		got, findings := Order(dir, lists)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: order %q, want %q", name, got, c.want)
		}
		for _, f := range findings {
			if !f.Note {
				t.Errorf("%s: %s", name, f.Message)
			}
		}
	}
}

func TestFlywaysWayBackIsLeftOut(t *testing.T) {
	t.Parallel()
	dir := folder(t, plain, "V1__a.sql", "V2__b.sql", "U2__b.sql")
	if got, findings := Order(dir, byName("V1__a.sql", "V2__b.sql", "U2__b.sql")); !slices.Equal(got, []string{"V1__a.sql", "V2__b.sql"}) || findings != nil {
		t.Errorf("order %q, %s", got, messages(findings))
	}
}

func TestAFileThatCannotBeReadKeepsItsPlace(t *testing.T) {
	t.Parallel()
	if got, findings := Order(t.TempDir(), [][]string{{"gone.sql", "1_gone.sql"}}); !slices.Equal(got, []string{"gone.sql", "1_gone.sql"}) || findings != nil {
		t.Errorf("order %q, %s", got, messages(findings))
	}
}
