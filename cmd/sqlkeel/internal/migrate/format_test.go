package migrate

import "testing"

func TestAnotherToolsFilesAreOneErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	const rest = "; they must be goose's: one file a version, as in 00001_name.sql, with \"-- +goose Up\" and \"-- +goose Down\""
	for name, tc := range map[string]struct {
		files []string
		want  string
	}{
		"golang-migrate": {[]string{"1_a.up.sql", "CREATE TABLE a (id int);", "1_a.down.sql", "DROP TABLE a;", "2_b.up.sql", "BEGIN;"}, "golang-migrate's, as 1_a.up.sql is"},
		"dbmate":         {[]string{"20260101_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}, "dbmate's, as 20260101_a.sql is"},
		"sql-migrate":    {[]string{"1_a.sql", "-- +migrate Up\nSELECT 1;\n-- +migrate Down\n"}, "sql-migrate's, as 1_a.sql is"},
		"tern":           {[]string{"001_a.sql", "create table a (id int);\n---- create above / drop below ----\ndrop table a;\n"}, "tern's, as 001_a.sql is"},
		"flyway":         {[]string{"V1__a.sql", "SELECT 1;"}, "flyway's, as V1__a.sql is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, want := report(t, files(tc.files...)), "migrations:1:1: error: the files here are "+tc.want+rest; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	// goose's files may have any name, and one of another tool's does not make all so.
	if got := report(t, files("00001_a.up.sql", good)); got != "" {
		t.Errorf("goose's own: %s", got)
	}
	const want = "migrations/00002_b.sql:1:1: error: SQL before \"-- +goose Up\"\nmigrations/00002_b.sql:1:1: error: no \"-- +goose Up\"\n" +
		"migrations/00002_b.sql:1:1: warning: no \"-- +goose Down\": the migration cannot be rolled back"
	if got := report(t, files("00001_a.sql", good, "00002_b.sql", "SELECT 1; -- migrate:up\n")); got != want {
		t.Errorf("one among goose's: %s", got)
	}
}
