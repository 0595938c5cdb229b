package effects

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// with returns an analyzer on a new database with the schema.
func with(t *testing.T, schema, role string) *Analyzer {
	t.Helper()
	return on(t, database(t, schema), role)
}

// database returns a connection to a new database with the schema.
func database(t *testing.T, schema string) *pgx.Conn {
	t.Helper()
	digest := sha256.Sum256([]byte(schema))
	return pgtest.New(t, pgtest.WithSeed(fmt.Sprintf("effects %x", digest), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, schema, pgx.QueryExecModeSimpleProtocol)
		return err
	})).Conn()
}

// on returns an analyzer on a connection.
func on(t *testing.T, conn *pgx.Conn, role string) *Analyzer {
	t.Helper()
	cat, err := catalog.Load(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), conn, cat, role)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// statement makes a statement as sqlc would: "X :many", its text, and its
// annotations, which are written before it as -- @key names.
func statement(command, sql string) *project.Statement {
	st := &project.Statement{Name: "X", Command: command, Const: "x", Pos: project.Position{File: "q.sql", Line: 1, Column: 1}}
	for strings.HasPrefix(sql, "-- @") {
		line, rest, _ := strings.Cut(sql, "\n")
		key, args, _ := strings.Cut(strings.TrimPrefix(line, "-- @"), " ")
		note := project.Annotation{Key: key, Args: args, Pos: project.Position{File: "q.sql", Line: 2, Column: 4}}
		if args != "nothing" {
			note.Names = strings.Split(args, ", ")
		}
		st.Annotations = append(st.Annotations, note)
		sql = rest
	}
	st.SQL = "-- name: X " + command + "\n" + sql
	return st
}

// analyze works out one statement and ends the test when it cannot.
func analyze(t *testing.T, a *Analyzer, command, sql string) *Result {
	t.Helper()
	out, err := a.Analyze(context.WithoutCancel(t.Context()), statement(command, sql))
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// knows reports whether the server's version has a statement: MERGE came with 15.
func knows(t *testing.T, a *Analyzer, sql string) bool {
	t.Helper()
	var version int
	if err := a.conn.QueryRow(t.Context(), `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version >= 150000 || !strings.HasPrefix(sql, "MERGE")
}

// summary writes effects in one line, what is empty left out.
func summary(e stmt.Effects) string {
	var out []string
	list := func(name string, relations []string) {
		if len(relations) > 0 {
			out = append(out, name+"="+strings.Join(relations, ","))
		}
	}
	flag := func(name string, on bool) {
		if on {
			out = append(out, name)
		}
	}
	list("reads", e.Reads)
	list("writes", e.Writes)
	list("locks", e.Locks)
	list("reaches", e.Reaches)
	list("rkeys", keys(e.ReadKeys))
	list("wkeys", keys(e.WriteKeys))
	flag("ANYTHING", e.Anything)
	flag("READSANYTHING", e.ReadsAnything)
	flag("ro", e.ReadOnly)
	flag("volatile", e.Volatile)
	flag("unique", e.Unique)
	if e.NotCacheable != "" {
		out = append(out, "unkept: "+e.NotCacheable)
	}
	return strings.Join(out, " ")
}

// keys writes row keys as books.id$1, and books.id>1 for the first column of the
// result. books.id$1[] is any element of $1.
func keys(list []stmt.RowKey) []string {
	var out []string
	for _, k := range list {
		value := fmt.Sprintf("$%d", k.Param)
		if k.Result > 0 {
			value = fmt.Sprintf(">%d", k.Result)
		}
		if k.Each {
			value += "[]"
		}
		out = append(out, k.Relation+"."+k.Column+value)
	}
	return out
}

// columns writes columns as books(id,title), with a * behind them for Rows.
func columns(list []stmt.Columns) string {
	var out []string
	for _, c := range list {
		text := c.Relation + "(" + strings.Join(c.Names, ",") + ")"
		if c.Rows {
			text += "*"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// again runs statements of the schema, reads it anew and returns what a statement does.
func again(t *testing.T, a *Analyzer, ddl, sql string) string {
	t.Helper()
	if _, err := a.conn.Exec(t.Context(), ddl, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", ddl, err)
	}
	return summary(analyze(t, on(t, a.conn, ""), ":many", sql).Effects)
}

// holdsBehind checks cases, each on a schema of its own behind a common one.
func holdsBehind(t *testing.T, common string, cases []behind) {
	t.Helper()
	a := with(t, "", "")
	for _, c := range cases {
		got := again(t, a, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "+common+c.schema, c.sql)
		if got != c.want {
			t.Errorf("%s %s\n%s\n got %s\nwant %s", c.name, c.schema, c.sql, got, c.want)
		}
	}
}

// keyless leaves the row keys out of a summary.
func keyless(summary string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(summary), func(s string) bool {
		return strings.HasPrefix(s, "rkeys=") || strings.HasPrefix(s, "wkeys=")
	}), " ")
}
