package gen

import (
	"slices"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// The digest of a function is asked for by the name that the catalog gives it, so
// both must spell every name alike.
func TestEveryFunctionHasADigestUnderItsSignature(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.New(t).Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `
		CREATE SCHEMA app; CREATE SCHEMA "Odd one"; CREATE SCHEMA ext;
		CREATE EXTENSION citext SCHEMA ext;
		CREATE TYPE kind AS ENUM ('a'); CREATE TYPE app.kind AS ENUM ('a'); CREATE TYPE app."Kind x" AS (a int);
		CREATE DOMAIN app.many AS integer[];
		CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION app.plain(int, integer[], timestamptz, varchar(3), "char", char(4), bit(3), interval day) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION "Odd one"."F""n"(kind, kind[], app.kind, app.kind[], app."Kind x", app."Kind x"[], app.many) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION with_extension(ext.citext, ext.citext[], VARIADIC text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION with_out(IN a int, OUT b int, INOUT c text) LANGUAGE sql AS 'SELECT 1, ''x''';
		CREATE PROCEDURE app.proc(a int DEFAULT 3) LANGUAGE sql AS 'SELECT 1';
		CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
		CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`); err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Load(t.Context(), conn.Conn())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range cat.Functions {
		if f.Signature != "" && f.Extension == "" {
			names = append(names, f.Signature)
		}
	}
	slices.Sort(names)
	db := &database{conn: conn.Conn()}
	digests, err := db.digests(t.Context(), names)
	if err != nil || len(names) != 8 {
		t.Fatalf("functions %q, error %v; want 8", names, err)
	}
	for _, name := range names {
		if digests[name] == "" {
			t.Errorf("generated.SchemaQuery does not know %q", name)
		}
	}
}
