package effects

import (
	"strings"
	"testing"
)

func TestTheUsersTypesOfAStatementAreNamed(t *testing.T) {
	t.Parallel()
	a := with(t, `
		CREATE EXTENSION citext;
		CREATE SCHEMA "My.Types";
		CREATE TYPE mood AS ENUM ('ok');
		CREATE TYPE "My.Types"."Odd" AS ENUM ('ok');
		CREATE DOMAIN tags AS text[];
		CREATE DOMAIN small AS int CHECK (VALUE < 10);
		CREATE TYPE pair AS (mood mood, n small);
		CREATE TYPE span AS RANGE (subtype = float8);
		CREATE TABLE t (id int, mood mood, moods mood[], odd "My.Types"."Odd", tags tags, small small, smalls small[], pairs pair[], spans span[], name citext, names citext[], doc jsonb, ids int[]);`, "")
	for sql, want := range map[string]string{
		`SELECT id, name, doc, ids, small, tags FROM t WHERE id = $1`:        "", // PostgreSQL tells of a domain's column as its base type
		`SELECT mood, moods FROM t`:                                          "mood",
		`SELECT id FROM t WHERE mood = ANY($1)`:                              "mood",
		`SELECT id FROM t WHERE odd = $1`:                                    `"My.Types"."Odd"`,
		`SELECT smalls, pairs FROM t`:                                        "pair small",
		`SELECT $1::tags, $2::small`:                                         "small tags",
		`SELECT spans, names FROM t`:                                         "citext span",
		`SELECT t FROM t`:                                                    "t",
		`SELECT array_agg(ROW(mood, 1)::pair) FROM t`:                        "pair",
		`INSERT INTO t (mood, tags) VALUES ($1, $2) RETURNING "odd"`:         `"My.Types"."Odd" mood tags`,
		`UPDATE t SET smalls = $1, names = $2 WHERE id = $3 RETURNING moods`: "citext mood small",
	} {
		if got := strings.Join(analyze(t, a, ":many", sql).Types, " "); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
