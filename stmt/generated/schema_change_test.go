package generated_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const before = `
	CREATE TABLE other (id int PRIMARY KEY, k int UNIQUE);
	CREATE TABLE t (id int PRIMARY KEY, a text, n int NOT NULL, o int CONSTRAINT t_o REFERENCES other, d int DEFAULT 1);
	CREATE TABLE refers (t int CONSTRAINT refers_t REFERENCES t);
	CREATE TABLE p (id int, a text) PARTITION BY RANGE (id);
	CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (9);
	CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
	CREATE VIEW v AS SELECT id, a FROM t;
	CREATE POLICY po ON p USING (true);`

var watched = []string{"t", "refers", "p", "p_1", "v", "g()", "f()"}

// changes are what may become of the schema, and whose digests must differ then.
var changes = []struct{ sql, differ string }{
	{"ALTER TABLE t DROP COLUMN d", "t"},
	{"ALTER TABLE t ADD COLUMN b int", "t"},
	{"ALTER TABLE t ALTER n TYPE bigint", "t"},
	{"ALTER TABLE t RENAME d TO e", "t"},
	{"ALTER TABLE t ALTER n DROP NOT NULL", "t"},
	{"ALTER TABLE t ALTER d DROP DEFAULT", "t"},
	{"ALTER TABLE t ALTER d SET DEFAULT g()", "t"},
	{"ALTER TABLE t ADD UNIQUE (a)", "t"},
	{"CREATE UNIQUE INDEX ON t (n) WHERE n > 0", "t"},
	{"ALTER TABLE t DROP CONSTRAINT t_o; ALTER TABLE t ADD CONSTRAINT t_o FOREIGN KEY (o) REFERENCES other ON DELETE CASCADE", "t"},
	{"ALTER TABLE t DROP CONSTRAINT t_o; ALTER TABLE t ADD CONSTRAINT t_o FOREIGN KEY (o) REFERENCES other (k)", "t"},
	{"ALTER TABLE t DROP CONSTRAINT t_o", "t"},
	{"ALTER TABLE refers DROP CONSTRAINT refers_t; ALTER TABLE refers ADD CONSTRAINT refers_t FOREIGN KEY (t) REFERENCES t ON UPDATE CASCADE", "refers t"},
	{"CREATE TABLE late (t int REFERENCES t ON DELETE CASCADE)", "t"},
	{"ALTER TABLE refers ALTER CONSTRAINT refers_t DEFERRABLE", "refers t"},
	{"CREATE TRIGGER late AFTER INSERT ON t EXECUTE FUNCTION f()", "t"},
	{"ALTER TABLE t DISABLE TRIGGER tr", "t"},
	{"CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", "f() t"},
	{"CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 2'", "g()"},
	{"ALTER FUNCTION g() STABLE", "g()"},
	{"CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(id)::int FROM t; END", "g()"},
	{"CREATE RULE late AS ON INSERT TO t DO ALSO NOTHING", "t"},
	{"CREATE RULE late AS ON INSERT TO refers DO ALSO INSERT INTO other VALUES (1)", "refers"},
	{"CREATE OR REPLACE VIEW v AS SELECT n AS id, a FROM t", "v"},
	{"CREATE OR REPLACE VIEW v AS SELECT id, a, g() FROM t", "v"},
	{"CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT id, a FROM t", "v"},
	{"DROP VIEW v", "v"},
	{"DROP VIEW v; CREATE MATERIALIZED VIEW v AS SELECT id, a FROM t", "v"},
	{"ALTER TABLE t ENABLE ROW LEVEL SECURITY", "t"},
	{"ALTER TABLE t FORCE ROW LEVEL SECURITY", "t"},
	{"CREATE POLICY late ON t FOR UPDATE USING (true)", "t"},
	{"ALTER POLICY po ON p USING (id IN (SELECT id FROM other))", "p"},
	{"CREATE TABLE late () INHERITS (t)", "t"},
	{"DROP TABLE p; CREATE TABLE p (id int, a text) PARTITION BY RANGE (a); CREATE POLICY po ON p USING (true)", "p"},
	{"ALTER TABLE t RENAME CONSTRAINT t_o TO t_x", "t"},
	{"DROP FUNCTION g()", "g()"},

	{"CREATE TABLE late (a int)", ""},
	{"ALTER TABLE other ADD COLUMN late int", ""},
	{"CREATE INDEX ON t (n); CREATE INDEX ON t (lower(a))", ""},
	{"CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (19)", ""},
	{"ALTER TABLE p DETACH PARTITION p_1; DROP TABLE p_1", ""},
	{"CREATE TABLE late (t int REFERENCES t) PARTITION BY RANGE (t); CREATE TABLE late_1 PARTITION OF late FOR VALUES FROM (0) TO (9)", "t"},
	{"ALTER TABLE p_1 ADD FOREIGN KEY (id) REFERENCES t", ""},
	{"INSERT INTO other VALUES (1); INSERT INTO t (id, n, o) VALUES (1, 1, 1); ANALYZE t", ""},
	{"ALTER TABLE t SET (fillfactor = 50)", ""},
	{"COMMENT ON TABLE t IS 'x'; GRANT SELECT ON t TO PUBLIC", ""},
	{"ALTER TABLE t ADD CHECK (n > 0)", ""},
	{"ALTER TABLE t DROP COLUMN d; ALTER TABLE t ADD COLUMN d int DEFAULT 2", ""},
	{"CREATE OR REPLACE VIEW v AS SELECT id, a FROM t WHERE a > ''", ""},
}

var errUndo = errors.New("undo")

// missed returns the changes after which other digests differ than should.
func missed(t *testing.T, query string, atMost int) (list []string) {
	t.Helper()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	was := digests(t, conn, query, watched)
	for _, change := range changes {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), change.sql); err != nil {
				return err
			}
			is := digests(t, tx, query, watched)
			var differ []string
			for _, name := range slices.Sorted(maps.Keys(was)) {
				if is[name] != was[name] {
					differ = append(differ, name)
				}
			}
			if got := strings.Join(differ, " "); got != change.differ {
				list = append(list, change.sql+": differ "+got+", want "+change.differ)
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Fatalf("%s: %v", change.sql, err)
		}
		if len(list) == atMost {
			break
		}
	}
	return list
}

func TestADigestDiffersWhenAndOnlyWhenEffectsMay(t *testing.T) {
	t.Parallel()
	for _, m := range missed(t, generated.SchemaQuery, len(changes)) {
		t.Error(m)
	}
}

// Each kind of fact that a digest is made of is left out in turn.
func TestEveryKindOfFactIsNeeded(t *testing.T) {
	t.Parallel()
	const and = "\n\tUNION ALL\n"
	head, facts, _ := strings.Cut(generated.SchemaQuery, "), facts (wanted, line) AS (\n")
	facts, tail, _ := strings.Cut(facts, "\n)\nSELECT wanted AS name")
	kinds := strings.Split(facts, and)
	if len(kinds) < 12 {
		t.Fatalf("%d kinds of facts were found in the query", len(kinds))
	}
	for i, kind := range kinds {
		rest := slices.Delete(slices.Clone(kinds), i, i+1)
		query := head + "), facts (wanted, line) AS (\n" + strings.Join(rest, and) + "\n)\nSELECT wanted AS name" + tail
		if len(missed(t, query, 1)) == 0 {
			t.Errorf("no change is missed without %s", kind)
		}
	}
}
