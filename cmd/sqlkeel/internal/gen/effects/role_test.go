package effects

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// asRole returns an analyzer that prepares as a role which owns nothing, on a
// database with the schema.
func asRole(t *testing.T, schema string) *Analyzer {
	t.Helper()
	role := "effects_" + strings.ToLower(rand.Text())
	conn := database(t, schema)
	script := "CREATE ROLE " + role + "; GRANT USAGE ON SCHEMA public, app TO " + role +
		"; GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO " + role + "; REVOKE TEMPORARY ON DATABASE " + quote(conn.Config().Database) + " FROM PUBLIC"
	t.Cleanup(func() {
		if _, err := conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Error(err)
		}
	})
	if _, err := conn.Exec(t.Context(), script, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	return on(t, conn, role)
}

func TestAPolicysTablesAreReadByTheRoleThatItBinds(t *testing.T) {
	t.Parallel()
	const sql, want = `SELECT * FROM secrets WHERE id = $1`, "reads=secrets,tenants ro unique unkept: row-level security on secrets"
	if got := summary(analyze(t, asRole(t, shop), ":one", sql).Effects); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestWhatAPolicyCallsOfPostgreSQLIsSaidOfItsTable(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"id > 0":                                  "reads=t ro unkept: row-level security on t",
		"txid_current() > 0":                      "reads=t volatile unkept: row-level security on t",
		"pg_try_advisory_xact_lock(id)":           "reads=t volatile unkept: row-level security on t",
		"at < now()":                              "reads=t ro volatile unkept: row-level security on t",
		"(SELECT random() < 2)":                   "reads=t ro volatile unkept: row-level security on t",
		"set_config('app.seen', '1', true) = '1'": "reads=t volatile unkept: row-level security on t",
	} {
		a := asRole(t, "CREATE SCHEMA app; CREATE TABLE t (id int, at timestamptz); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING ("+policy+")")
		if got := summary(analyze(t, a, ":many", `SELECT * FROM t`).Effects); got != want {
			t.Errorf("%s: got %s\nwant %s", policy, got, want)
		}
	}
}

func TestARoleThatMayMakeNothingIsAnalysedAllTheSame(t *testing.T) {
	t.Parallel()
	a := asRole(t, shop)
	const sql, want = `SELECT * FROM notes WHERE id = $1`, "reads=notes rkeys=notes.id$1 ro unique"
	if got := summary(analyze(t, a, ":one", sql).Effects); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	var role string
	if err := a.conn.QueryRow(t.Context(), `SELECT current_user`).Scan(&role); err != nil || role == a.role {
		t.Errorf("afterwards the session is %s's (%v)", role, err)
	}
}

func TestNamesAreLookedUpInTheRolesSchemas(t *testing.T) {
	t.Parallel()
	role := "effects_" + strings.ToLower(rand.Text())
	conn := pgtest.New(t).Conn()
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role, pgx.QueryExecModeSimpleProtocol)
	})
	_, err := conn.Exec(t.Context(), "CREATE TABLE t (id int); CREATE ROLE "+role+"; CREATE SCHEMA "+role+"; GRANT USAGE ON SCHEMA "+role+" TO "+role+
		"; CREATE TABLE "+role+".t (id int); GRANT SELECT ON "+role+".t TO "+role, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(analyze(t, on(t, conn, role), ":many", `SELECT * FROM t WHERE id = $1`).Effects),
		"reads="+role+".t rkeys="+role+".t.id$1 ro"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestARoleThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	a := with(t, "", "")
	if _, err := New(t.Context(), a.conn, a.cat, "nobody_at_all"); err == nil || !strings.Contains(err.Error(), "nobody_at_all") {
		t.Errorf("error = %v", err)
	}
}
