package pgerr_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const constrained = `
	CREATE DOMAIN positive AS int CONSTRAINT positive_check CHECK (VALUE > 0);
	CREATE TABLE parents (id int PRIMARY KEY);
	CREATE TABLE children (
		id int PRIMARY KEY, parent int CONSTRAINT children_parent REFERENCES parents, strict int CONSTRAINT children_strict REFERENCES parents ON DELETE RESTRICT,
		n int NOT NULL DEFAULT 1, CHECK (n > 0), span int4range, EXCLUDE USING gist (span WITH &&), d positive);
	CREATE UNIQUE INDEX "Children Parent" ON children (parent);
	CREATE TABLE parts (id int, n int, CONSTRAINT parts_n CHECK (n > 0), CONSTRAINT parts_key UNIQUE (id)) PARTITION BY RANGE (id);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
	INSERT INTO parents VALUES (1), (2);
	INSERT INTO children (id, parent, strict, span) VALUES (1, 1, 2, '[1,9]');
	INSERT INTO parts VALUES (1, 1);
	CREATE FUNCTION raises() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '23000', CONSTRAINT = 'mine'; END $$;`

func TestAViolationNamesItsConstraint(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), constrained); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, sql string
		kind      pgerr.ConstraintKind
		id        pgerr.ConstraintID
		column    string
	}{
		{"primary key", "INSERT INTO children VALUES (1)", pgerr.Unique, id("children", "children_pkey"), ""},
		{"unique index", "INSERT INTO children (id, parent) VALUES (2, 1)", pgerr.Unique, id("children", "Children Parent"), ""},
		{"a parent that is missing", "UPDATE children SET parent = 9", pgerr.ForeignKey, id("children", "children_parent"), ""},
		{"a parent that is needed", "DELETE FROM parents WHERE id = 1", pgerr.ForeignKey, id("children", "children_parent"), ""},
		{"a parent that is needed, RESTRICT", "DELETE FROM parents WHERE id = 2", restrict(conn), id("children", "children_strict"), ""},
		{"check", "UPDATE children SET n = -1", pgerr.Check, id("children", "children_n_check"), ""},
		{"exclusion", "INSERT INTO children (id, span) VALUES (3, '[2,3]')", pgerr.Exclusion, id("children", "children_span_excl"), ""},
		{"not null", "UPDATE children SET n = NULL", pgerr.NotNull, id("children", ""), "n"},
		{"a domain has no table", "UPDATE children SET d = 0", pgerr.Check, id("", "positive_check"), ""},
		{"a partition's check has the name of its parent's", "UPDATE parts SET n = 0", pgerr.Check, id("parts_1", "parts_n"), ""},
		{"a partition's key has a name of its own", "INSERT INTO parts VALUES (1)", pgerr.Unique, id("parts_1", "parts_1_id_key"), ""},
		{"no partition fits", "INSERT INTO parts VALUES (99)", pgerr.Check, id("parts", ""), ""},
		{"raised by a function", "SELECT raises()", pgerr.Integrity, pgerr.ConstraintID{Name: "mine"}, ""},
	} {
		_, err := conn.Exec(t.Context(), tc.sql)
		c, ok := pgerr.ConstraintOf(fmt.Errorf("wrapped: %w", err))
		if !ok || c.ID != tc.id || c.Kind != tc.kind || c.Column != tc.column {
			t.Errorf("%s: %v: %+v", tc.name, err, c)
		}
		if !pgerr.Is(err, tc.id) || pgerr.Is(err, id("children", "another")) {
			t.Errorf("%s: Is does not go by the constraint", tc.name)
		}
	}
}

func id(table, name string) pgerr.ConstraintID {
	return pgerr.ConstraintID{Schema: "public", Table: table, Name: name}
}

// restrict is what the server calls a violation of RESTRICT.
func restrict(conn *pgx.Conn) pgerr.ConstraintKind {
	if conn.PgConn().ParameterStatus("server_version") >= "18" {
		return pgerr.Restrict
	}
	return pgerr.ForeignKey
}

func TestWhatIsNoViolationHasNoConstraint(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF, context.Canceled, &pgconn.PgError{Code: "40001", ConstraintName: "x"}, &pgconn.PgError{Code: "42704", ConstraintName: "missing_key"}} {
		if c, ok := pgerr.ConstraintOf(err); ok || c != (pgerr.Constraint{}) {
			t.Errorf("ConstraintOf(%v) = %v", err, c)
		}
	}
}

func ExampleConstraintID() {
	booksISBN := pgerr.ConstraintID{Schema: "public", Table: "books", Name: "books_isbn_key"} // as generated code declares it
	err := &pgconn.PgError{Code: "23505", SchemaName: "public", TableName: "books", ConstraintName: "books_isbn_key"}
	fmt.Println(pgerr.Is(err, booksISBN))
	// Output: true
}
