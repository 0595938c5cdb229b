package effects

import "testing"

const insteadOf = `
CREATE TABLE base (id bigint PRIMARY KEY, n int);
CREATE TABLE told (id bigint);
CREATE VIEW shown AS SELECT id, n FROM base;
CREATE VIEW above AS SELECT id, n FROM shown;
CREATE VIEW counted AS SELECT n, count(*) AS of FROM base GROUP BY n;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO told VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER tell INSTEAD OF INSERT OR UPDATE OR DELETE ON shown FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER tell INSTEAD OF UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION tell();
CREATE VIEW plain AS SELECT id, n FROM base;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM above;
`

func TestAViewThatIsWrittenIsReadAlikeOnEveryServer(t *testing.T) {
	t.Parallel()
	a := with(t, insteadOf, "")
	for _, c := range []struct{ name, sql, want string }{
		{"a trigger stands in", `UPDATE shown SET n = 1 WHERE id = $1`, "reads=base writes=shown reaches=told unkept: it writes shown, told"},
		{"a trigger stands in for an INSERT", `INSERT INTO shown VALUES ($1, 2)`, "writes=shown reaches=told unkept: it writes shown, told"},
		{"a trigger stands in, of a view that groups", `UPDATE counted SET of = 1 WHERE n = $1`, "reads=base writes=counted reaches=told unkept: it writes counted, told"},
		{"a trigger of a view below stands in", `DELETE FROM above WHERE id = $1`, "reads=base writes=above,shown reaches=told unkept: it writes above, shown, told"},
		{"the statement reads the view too", `UPDATE shown SET n = 1 FROM shown x WHERE x.id = shown.id + $1`, "reads=base,shown writes=shown reaches=told unkept: it writes shown, told"},
		{"a subquery of the statement reads the view too", `DELETE FROM shown WHERE id = (SELECT max(id) FROM shown)`, "reads=base,shown writes=shown reaches=told unkept: it writes shown, told"},
		{"nothing stands in", `UPDATE plain SET n = 1 WHERE id = $1`, "writes=base,plain unkept: it writes base, plain"},
		{"a materialised view reads all that is below", `REFRESH MATERIALIZED VIEW kept`, "reads=above,base,shown writes=kept unkept: it is a REFRESH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := summary(analyze(t, a, ":exec", c.sql).Effects); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}

func TestOfSeveralReasonsTheSameIsNamedEachTime(t *testing.T) {
	t.Parallel()
	conn := database(t, `CREATE TABLE a (t timestamptz); CREATE TABLE b (t timestamptz); CREATE VIEW v1 AS SELECT t::date AS d FROM a;
		CREATE VIEW v2 AS SELECT t::text AS d FROM b; CREATE VIEW v3 AS SELECT current_user AS d; CREATE VIEW v4 AS SELECT to_char(t, 'YYYY') AS d FROM a;
		CREATE VIEW above AS SELECT v4.d FROM v4, v3, v2, v1`)
	for range 8 {
		a := on(t, conn, "")
		for _, sql := range []string{`SELECT v1.d FROM v1, v2, v3, v4`, `SELECT d FROM above`} {
			if got, want := analyze(t, a, ":many", sql).NotCacheable, "date depends on the session"; got != want {
				t.Errorf("%s: %s, want %s", sql, got, want)
			}
		}
	}
}
