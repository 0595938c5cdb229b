package soundness

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// readingBodies are PL/pgSQL bodies that read the table t, by the place where they
// do.
var readingBodies = map[string]string{
	"a declaration":           "DECLARE n bigint := (SELECT count(*) FROM t); BEGIN RETURN n; END",
	"a constant":              "DECLARE n CONSTANT bigint NOT NULL := reads(); BEGIN RETURN n; END",
	"RETURN":                  "BEGIN RETURN reads(); END",
	"an assignment":           "DECLARE n bigint; BEGIN n := reads(); RETURN n; END",
	"an element":              "DECLARE n bigint[]; BEGIN n[1] := reads(); RETURN n[1]; END",
	"an index":                "DECLARE n bigint[]; BEGIN n[reads()] := 1; RETURN coalesce(n[1], 0); END",
	"IF":                      "BEGIN IF reads() > 0 THEN RETURN 1; END IF; RETURN 0; END",
	"ELSIF":                   "BEGIN IF false THEN RETURN 5; ELSIF reads() > 0 THEN RETURN 1; END IF; RETURN 0; END",
	"CASE":                    "BEGIN CASE reads() WHEN 1 THEN RETURN 1; ELSE RETURN 0; END CASE; END",
	"WHEN":                    "BEGIN CASE WHEN reads() > 0 THEN RETURN 1; ELSE RETURN 0; END CASE; END",
	"WHILE":                   "DECLARE n bigint := 0; BEGIN WHILE n < reads() LOOP n := n + 1; END LOOP; RETURN n; END",
	"EXIT WHEN":               "DECLARE n bigint := 0; BEGIN LOOP EXIT WHEN n >= reads(); n := n + 1; END LOOP; RETURN n; END",
	"the bounds of FOR":       "DECLARE n bigint := 0; BEGIN FOR i IN 1..reads() LOOP n := n + i; END LOOP; RETURN n; END",
	"the rows of FOR":         "DECLARE n bigint := 0; r record; BEGIN FOR r IN SELECT * FROM t LOOP n := n + 1; END LOOP; RETURN n; END",
	"FOR over EXECUTE":        "DECLARE n bigint := 0; r record; BEGIN FOR r IN EXECUTE 'SELECT * FROM ' || 't' LOOP n := n + 1; END LOOP; RETURN n; END",
	"FOREACH":                 "DECLARE n bigint := 0; x int; BEGIN FOREACH x IN ARRAY (SELECT array_agg(id) FROM t) || 0 LOOP n := n + 1; END LOOP; RETURN n; END",
	"a cursor":                "DECLARE c CURSOR FOR SELECT count(*) FROM t; n bigint; BEGIN OPEN c; FETCH c INTO n; CLOSE c; RETURN n; END",
	"a cursor opened":         "DECLARE c refcursor; n bigint; BEGIN OPEN c FOR SELECT count(*) FROM t; FETCH c INTO n; CLOSE c; RETURN n; END",
	"a cursor for a string":   "DECLARE c refcursor; n bigint; BEGIN OPEN c FOR EXECUTE 'SELECT count(*) FROM ' || 't'; FETCH c INTO n; CLOSE c; RETURN n; END",
	"FOR over a cursor":       "DECLARE c CURSOR FOR SELECT * FROM t; n bigint := 0; BEGIN FOR r IN c LOOP n := n + 1; END LOOP; RETURN n; END",
	"a cursor's argument":     "DECLARE c CURSOR (x bigint) FOR SELECT x; n bigint; BEGIN OPEN c(reads()); FETCH c INTO n; CLOSE c; RETURN n; END",
	"INTO":                    "DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM t; RETURN n; END",
	"FOUND":                   "BEGIN PERFORM FROM t; IF FOUND THEN RETURN 1; END IF; RETURN 0; END",
	"GET DIAGNOSTICS":         "DECLARE n bigint; BEGIN PERFORM FROM t; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END",
	"EXECUTE":                 "DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM ' || 't' INTO n; RETURN n; END",
	"EXECUTE USING":           "DECLARE n bigint; BEGIN EXECUTE 'SELECT $1' INTO n USING reads(); RETURN n; END",
	"an inner block":          "BEGIN DECLARE n bigint := reads(); BEGIN RETURN n; END; END",
	"an exception's handler":  "BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN RETURN reads(); END",
	"an exception":            "BEGIN IF EXISTS (SELECT FROM t) THEN RAISE 'x'; END IF; RETURN 0; EXCEPTION WHEN OTHERS THEN RETURN 1; END",
	"the message of RAISE":    "BEGIN RAISE EXCEPTION '%', reads(); EXCEPTION WHEN OTHERS THEN RETURN SQLERRM::bigint; END",
	"an option of RAISE":      "BEGIN RAISE EXCEPTION USING MESSAGE = reads()::text; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM::bigint; END",
	"ASSERT":                  "BEGIN ASSERT reads() > 0; RETURN 0; EXCEPTION WHEN assert_failure THEN RETURN 1; END",
	"a common table":          "DECLARE n bigint; BEGIN WITH w AS (SELECT * FROM t) SELECT count(*) INTO n FROM w; RETURN n; END",
	"a view":                  "BEGIN RETURN (SELECT count(*) FROM v); END",
	"a type's default":        "DECLARE n bigint DEFAULT reads(); BEGIN RETURN n; END",
	"CALL":                    "DECLARE n bigint := 0; BEGIN CALL gives(n); RETURN n; END",
	"a comment with a dollar": "BEGIN /* $x$ */ RETURN reads(); -- no\n END",
}

// writingBodies are those that empty it.
var writingBodies = map[string]string{
	"PERFORM":                      "BEGIN PERFORM writes(); RETURN 1; END",
	"an assignment":                "DECLARE n bigint; BEGIN n := writes(); RETURN n; END",
	"a common table":               "BEGIN WITH w AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM w; RETURN 1; END",
	"a common table of SELECT":     "DECLARE n bigint; BEGIN WITH w AS (DELETE FROM t RETURNING *) SELECT count(*) INTO n FROM w; RETURN n; END",
	"RETURNING INTO":               "DECLARE n bigint; BEGIN DELETE FROM t RETURNING id INTO n; RETURN n; END",
	"CURRENT OF":                   "DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE; r record; BEGIN OPEN c; FETCH c INTO r; DELETE FROM t WHERE CURRENT OF c; RETURN 1; END",
	"the rows of FOR":              "DECLARE r record; BEGIN FOR r IN DELETE FROM t RETURNING * LOOP NULL; END LOOP; RETURN 1; END",
	"EXECUTE":                      "BEGIN EXECUTE format('DELETE FROM %I', 't'); RETURN 1; END",
	"CALL":                         "BEGIN CALL empties(); RETURN 1; END",
	"TRUNCATE":                     "BEGIN TRUNCATE t; RETURN 1; END",
	"MERGE":                        "BEGIN MERGE INTO t USING (VALUES (1)) s(id) ON t.id = s.id WHEN MATCHED THEN DELETE; RETURN 1; END",
	"a handler":                    "BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN DELETE FROM t; RETURN 1; END",
	"DO":                           "BEGIN DO 'BEGIN DELETE FROM t; END'; RETURN 1; END",
	"a rename, a table made again": "BEGIN ALTER TABLE t RENAME TO s; CREATE TABLE t (id int); RETURN 1; END",
}

const underBodies = `CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); CREATE VIEW v AS SELECT * FROM t;
	CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM t $$;
	CREATE PROCEDURE gives(INOUT n bigint) LANGUAGE plpgsql AS $$ BEGIN n := reads(); END $$;
	CREATE FUNCTION writes() RETURNS bigint LANGUAGE sql AS $$ DELETE FROM t; SELECT 1::bigint $$;
	CREATE PROCEDURE empties() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; END $$`

// withBodies is a scenario with a function for each body, and a call of each.
func withBodies(bodies map[string]string) (s *scenario, calls []statement) {
	s = counterexample{setup: underBodies}.scenario()
	s.reads, s.writes = nil, nil
	for _, place := range slices.Sorted(maps.Keys(bodies)) {
		s.setup = append(s.setup, fmt.Sprintf("CREATE FUNCTION %q() RETURNS bigint LANGUAGE plpgsql AS $$ %s $$", place, bodies[place]))
		calls = append(calls, statement{sql: fmt.Sprintf("SELECT %q()", place), args: [][]any{{}}})
	}
	return s, calls
}

func TestWhatABodyReadsIsSeenInEveryPlace(t *testing.T) {
	t.Parallel()
	s, calls := withBodies(readingBodies)
	s.reads, s.writes = calls, []statement{{sql: "DELETE FROM t", args: [][]any{{}}}}
	tryAll(t, s, len(calls))
}

func TestWhatABodyWritesIsSeenInEveryPlace(t *testing.T) {
	t.Parallel()
	s, calls := withBodies(writingBodies)
	s.reads, s.writes = []statement{{sql: "SELECT * FROM t", args: [][]any{{}}}}, calls
	tryAll(t, s, len(calls))
}

// tryAll tries a scenario in which every pair changes a result.
func tryAll(t *testing.T, s *scenario, pairs int) {
	t.Helper()
	got, err := newLab(t).try(t.Context(), s, generator)
	if err != nil {
		t.Fatal(err)
	}
	if got.tally.changed != pairs || got.tally.refusedDDL+got.tally.refused+got.tally.failed > 0 {
		t.Errorf("it shows less than it should: %s", got.tally.String())
	}
	for _, m := range got.misses {
		t.Errorf("%s", m)
	}
}
