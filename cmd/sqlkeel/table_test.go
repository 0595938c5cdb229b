//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

func TestTheTableHasALineForEachStatement(t *testing.T) {
	t.Parallel()
	list := []gen.Inspected{
		{Package: "shop", Name: "Get", Cmd: ":one", Reads: []string{"a", "b", "c", "d", "e", "f"}, Cacheable: true, Variants: []string{"none", "x"}},
		{Package: "shop", Name: "Set", Cmd: ":exec", Writes: []string{"a"}, Effects: []string{"b", "c"}, WhyNot: "it writes a"},
		{Package: "shop", Name: "Call", Cmd: ":exec", Reads: []string{"a", "*"}, Effects: []string{"*"}, WhyNot: "f may write"},
		{Package: "shop", Name: "Lost", Cmd: ":one", Effects: []string{"*"}, WhyNot: "no\tsuch\ncolumn", Unknown: true},
		{Package: "shop", Name: "Odd", Cmd: ":one", Reads: []string{"my\ttable"}, Cacheable: true},
	}
	const want = `STATEMENT  COMMAND  READS               WRITES       VARIANTS  CACHEABLE
Get        :one     a, b, c, d, 2 more  -            2         yes
Set        :exec    -                   a (+b, c)    -         no: it writes a
Call       :exec    a, anything         (+anything)  -         no: f may write
Lost       :one     unknown             unknown      -         no: no such column
Odd        :one     my table            -            -         yes
`
	var out strings.Builder
	if err := writeTable(&out, list); err != nil || out.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, out.String(), want)
	}
}

func TestTheTableSaysWhatBecomesOfCachedResults(t *testing.T) {
	t.Parallel()
	list := []gen.Inspected{
		{Package: "shop", Name: "Get", Cmd: ":one", Cacheable: true, Cached: "ttl=30s"},
		{Package: "shop", Name: "List", Cmd: ":many", Cacheable: true, Cached: "ttl=1m max=10", DroppedBy: []gen.Writer{{Package: "shop", Statement: "Raw"}, {Package: "shop", Statement: "Set"}}},
		{Package: "shop", Name: "Set", Cmd: ":exec", Invalidates: []gen.Invalidation{
			{Package: "shop", Statement: "Get", Relation: "a", Column: "id"}, {Package: "shop", Statement: "List", Relation: "a"}, {Package: "shop", Statement: "List", Relation: "b", Column: "a_id"}}},
		{Package: "shop", Name: "Raw", Cmd: ":exec", Flushes: "it is\topaque"},
	}
	const want = `
CACHED  FOR            ALL RESULTS DROPPED BY
Get     ttl=30s        -
List    ttl=1m max=10  Raw, Set

WRITE  INVALIDATES
Set    Get (rows by a.id), List (all of a, rows by b.a_id)
Raw    everything: it is opaque
`
	var out strings.Builder
	if err := writeTable(&out, list); err != nil || !strings.HasSuffix(out.String(), want) {
		t.Errorf("%v, got\n%s\nwant\n%s", err, out.String(), want)
	}
	out.Reset()
	for i := range list {
		list[i].Cached = ""
	}
	if err := writeTable(&out, list); err != nil || strings.Contains(out.String(), "CACHED") {
		t.Errorf("%v, nothing is cached, got\n%s", err, out.String())
	}
}

func TestSeveralPackagesAreToldApartInTheTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	list := []gen.Inspected{{Package: "shop", Name: "Get", Cmd: ":one", Cacheable: true}, {Package: "log", Name: "Get", Cmd: ":one", Cacheable: true}}
	if err := writeTable(&out, list); err != nil || !strings.Contains(out.String(), "\nshop.Get   :one ") || !strings.Contains(out.String(), "\nlog.Get    :one ") {
		t.Errorf("%v, got\n%s", err, out.String())
	}
}

func TestInspectPrintsATableAndSaysWhatItCouldNotAnalyse(t *testing.T) {
	t.Parallel()
	dir := project(t, [3]string{"query.sql", "-- name", "-- @description of the query\n-- name"}, [3]string{"query.sql", "WHERE id", "WHERE nobody"},
		[3]string{"db/query.sql.go", "WHERE id", "WHERE nobody"})
	stdout, stderr, code := result(t, sqlkeel(t, onServer(t), "inspect", "--config", dir))
	const table = "STATEMENT   COMMAND  READS    WRITES   VARIANTS  CACHEABLE\n" +
		"DeleteBook  :exec    unknown  unknown  -         no: column \"nobody\" does not exist\n"
	if code != 0 || stdout != table {
		t.Errorf("code %d, got\n%s\nwant\n%s", code, stdout, table)
	}
	if want := "\n1 of 1 statement could not be analysed\n"; !strings.HasSuffix(stderr, want) || !strings.Contains(stderr, "unknown annotation @description") {
		t.Errorf("on standard error: %s", stderr)
	}
	dir = project(t)
	stdout, stderr, code = result(t, sqlkeel(t, onServer(t), "inspect", "--config", dir))
	if want := "DeleteBook  :exec    -      books   -         no: it writes books\n"; code != 0 || !strings.HasSuffix(stdout, want) || !strings.HasSuffix(stderr, "\n0 of 1 statement could not be analysed\n") {
		t.Errorf("code %d, %s\n%s", code, stdout, stderr)
	}
}

func TestInspectShowsAStatementThatIsSetAside(t *testing.T) {
	t.Parallel()
	dir := project(t, [3]string{"query.sql", "-- name", "-- @opaque its table is a library's\n-- name"}, [3]string{"schema.sql", "books", "others"})
	stdout, stderr, code := result(t, sqlkeel(t, onServer(t), "inspect", "--config", dir))
	const table = "STATEMENT   COMMAND  READS    WRITES   VARIANTS  CACHEABLE\n" +
		"DeleteBook  :exec    unknown  unknown  -         no: it is opaque: its table is a library's\n"
	if code != 0 || stdout != table || !strings.HasSuffix(stderr, "\n0 of 1 statement could not be analysed, 1 set aside with @opaque\n") {
		t.Errorf("code %d, got\n%s\n%s", code, stdout, stderr)
	}
	for _, command := range []string{"generate", "check"} {
		if _, stderr, code := result(t, sqlkeel(t, onServer(t), command, "--config", dir)); code != 0 {
			t.Errorf("%s: code %d, %s", command, code, stderr)
		}
	}
	stdout, _, code = result(t, sqlkeel(t, onServer(t), "inspect", "--json", "--config", dir))
	if code != 0 || !strings.Contains(stdout, `"opaque": "its table is a library's"`) {
		t.Errorf("code %d, got\n%s", code, stdout)
	}
}

func TestInspectFailsWithoutASchema(t *testing.T) {
	t.Parallel()
	dir := project(t, [3]string{"sqlc.yaml", "    schema: schema.sql\n", ""})
	for _, args := range [][]string{{"inspect"}, {"inspect", "--json"}, {"generate"}, {"check"}} {
		stdout, stderr, code := result(t, sqlkeel(t, onServer(t), append(args, "--config", dir)...))
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 2 || !strings.Contains(stderr, "sqlc.yaml:3:5: this entry names no schema") {
			t.Errorf("%v: code %d, %s\n%s", args, code, stdout, stderr)
		}
	}
}
