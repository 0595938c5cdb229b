package db

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/db/testdata/typed"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestCompositesOfOneFieldAndOfNoneAreRead(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TYPE empty AS ()", `CREATE TYPE one AS ("a""b" text)`)
	d := start(t, Config{DSN: pg.DSN(), Statements: stmt.Join(stmt.NewRegistry(nil, stmt.Statement{Types: []string{"empty", "one"}}))})
	var none string
	var null, quoted struct{ A *string }
	err := d.QueryRow(t.Context(), `SELECT '()'::empty, '()'::one, ROW(E'(",\\"')::one`).Scan(&none, &null, &quoted)
	if err != nil || none != "()" || null.A != nil || *quoted.A != `(",\"` {
		t.Errorf("%v, %v, %v", null, quoted, err)
	}
}

func TestATypeIsFoundBesideOthersOfItsName(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE SCHEMA app", "CREATE TYPE app.mood AS (a int)", "CREATE TYPE app.text AS ENUM ('x')", typedSchema(t))
	d := start(t, Config{DSN: pg.DSN() + "&search_path=public,app", Statements: stmt.Join(typed.Statements,
		stmt.NewRegistry(nil, stmt.Statement{Types: []string{"app.text"}}))})
	if err := exercise(t.Context(), t, d, 1); err != nil {
		t.Error(err)
	}
	var text []string
	if err := d.QueryRow(t.Context(), "SELECT ARRAY['x']::app.text[]").Scan(&text); err != nil || len(text) != 1 {
		t.Errorf("%v, %v", text, err)
	}
}

func TestATypeOfPublicIsFoundInTheSearchPath(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE SCHEMA tenant", "CREATE TYPE tenant.mood AS ENUM ('sad', 'ok')", "CREATE TABLE tenant.t (moods tenant.mood[])", "INSERT INTO tenant.t VALUES ('{ok}')")
	d := start(t, Config{DSN: pg.DSN() + "&search_path=tenant", Statements: stmt.Join(stmt.NewRegistry(nil, stmt.Statement{Types: []string{"mood"}}))})
	var moods []string
	if err := d.QueryRow(t.Context(), "SELECT moods FROM t").Scan(&moods); err != nil || !slices.Equal(moods, []string{"ok"}) {
		t.Errorf("%v, %v", moods, err)
	}
}

func TestRangesAndMultirangesAreKnown(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE DOMAIN cents AS numeric(9, 2)", "CREATE TYPE prices AS RANGE (subtype = cents, multirange_type_name = price_lists)")
	d := start(t, Config{DSN: pg.DSN(), Statements: stmt.Join(stmt.NewRegistry(nil, stmt.Statement{Types: []string{"price_lists", "prices"}}))})
	want := pgtype.Range[float64]{Lower: 1.5, Upper: 2.25, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
	var one pgtype.Range[float64]
	var list []pgtype.Range[float64]
	var many pgtype.Multirange[pgtype.Range[float64]]
	err := d.QueryRow(t.Context(), "SELECT $1::prices, ARRAY[$1]::prices[], price_lists($1)", want).Scan(&one, &list, &many)
	if err != nil || one != want || len(list) != 1 || list[0] != want || len(many) != 1 || many[0] != want {
		t.Errorf("%v, %v, %v, %v", one, list, many, err)
	}
}

func TestArraysOfAnExtensionsTypesAreReadAsText(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE EXTENSION citext", "CREATE TYPE named AS (name citext, n int)")
	d := start(t, Config{DSN: pg.DSN(), Statements: stmt.Join(stmt.NewRegistry(nil, stmt.Statement{Types: []string{"citext", "named"}}))})
	var names []string
	var all []struct {
		Name string
		N    int
	}
	err := d.QueryRow(t.Context(), "SELECT $1::citext[], ARRAY[ROW('b', 2)]::named[]", []string{"A", "a,b"}).Scan(&names, &all)
	if err != nil || !slices.Equal(names, []string{"A", "a,b"}) || len(all) != 1 || all[0].Name != "b" || all[0].N != 2 {
		t.Errorf("%v, %v, %v", names, all, err)
	}
}
