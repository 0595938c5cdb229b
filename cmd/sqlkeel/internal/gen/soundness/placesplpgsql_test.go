package soundness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// plpgsqlPlaces are in PL/pgSQL bodies.
var plpgsqlPlaces = bodies(false, map[string]string{
	"a declaration":              "DECLARE e text := E(i); BEGIN RETURN e; END",
	"a constant":                 "DECLARE e CONSTANT text NOT NULL DEFAULT E(i); BEGIN RETURN e; END",
	"a record's default":         "DECLARE r record := ROW(E(i)); BEGIN RETURN r.f1; END",
	"a composite's default":      "DECLARE r pair := ROW(i, E(i)); BEGIN RETURN r.e; END",
	"a row type's default":       "DECLARE r pair%ROWTYPE := ROW(i, E(i)); BEGIN RETURN r.e; END",
	"a table's type":             "DECLARE r src := ROW(length(E(i))); BEGIN RETURN r.x; END",
	"an inner block's default":   "BEGIN DECLARE e text := E(i); BEGIN RETURN e; END; END",
	"an inner record's default":  "BEGIN <<b>> DECLARE r record = ROW(E(i)); BEGIN RETURN r.f1; END; END",
	"a constant record":          "DECLARE r CONSTANT record := ROW(E(i)); BEGIN RETURN r.f1; END",
	"a default of another":       "DECLARE n int := i; e text := E(n); BEGIN RETURN e; END",
	"an assignment":              "DECLARE e text; BEGIN e := E(i); RETURN e; END",
	"a field":                    "DECLARE r pair; BEGIN r.e := E(i); RETURN r.e; END",
	"an element":                 "DECLARE e text[]; BEGIN e[1] := E(i); RETURN e[1]; END",
	"RETURN":                     "BEGIN RETURN E(i); END",
	"IF":                         "BEGIN IF E(i) IS NULL THEN RETURN ''; END IF; RETURN 'a'; END",
	"ELSIF":                      "BEGIN IF i IS NULL THEN RETURN ''; ELSIF E(i) > '5' THEN RETURN 'a'; END IF; RETURN 'b'; END",
	"CASE":                       "BEGIN CASE E(i) WHEN '' THEN RETURN ''; ELSE RETURN 'a'; END CASE; END",
	"WHEN":                       "BEGIN CASE i WHEN length(E(i)) THEN RETURN ''; ELSE RETURN 'a'; END CASE; END",
	"WHILE":                      "DECLARE n int := 0; BEGIN WHILE E(i) IS NOT NULL AND n < 2 LOOP n := n + 1; END LOOP; RETURN n; END",
	"EXIT":                       "BEGIN LOOP EXIT WHEN E(i) IS NOT NULL; RETURN 'b'; END LOOP; RETURN 'a'; END",
	"FOR over numbers":           "DECLARE n int := 0; BEGIN FOR j IN 1..1 + length(E(i)) LOOP n := n + j; END LOOP; RETURN n; END",
	"FOR over rows":              "DECLARE r record; BEGIN FOR r IN SELECT E(s.x) AS e FROM src s LOOP RETURN r.e; END LOOP; RETURN ''; END",
	"the WHERE of FOR":           "DECLARE r record; BEGIN FOR r IN SELECT s.x FROM src s WHERE E(s.x) IS NOT NULL LOOP RETURN r.x; END LOOP; RETURN ''; END",
	"FOREACH":                    "DECLARE e text; BEGIN FOREACH e IN ARRAY ARRAY[E(i)] LOOP RETURN e; END LOOP; RETURN ''; END",
	"INTO":                       "DECLARE e text; BEGIN SELECT E(s.x) INTO e FROM src s; RETURN e; END",
	"INTO a record":              "DECLARE r record; BEGIN SELECT E(i) AS e, 1 AS n INTO r; RETURN r.e; END",
	"INTO STRICT":                "DECLARE e text; n int; BEGIN SELECT E(s.x), s.x INTO STRICT e, n FROM src s; RETURN e; END",
	"EXECUTE":                    "DECLARE e text; BEGIN EXECUTE $q$SELECT E(5)$q$ INTO e; RETURN e; END",
	"EXECUTE with an argument":   "DECLARE e text; BEGIN EXECUTE $q$SELECT E($1)$q$ INTO e USING i; RETURN e; END",
	"USING":                      "DECLARE e text; BEGIN EXECUTE 'SELECT $1' INTO e USING E(i); RETURN e; END",
	"the rows of EXECUTE":        "DECLARE r record; BEGIN FOR r IN EXECUTE $q$SELECT E(5) AS e$q$ LOOP RETURN r.e; END LOOP; RETURN ''; END",
	"a cursor":                   "DECLARE c CURSOR FOR SELECT E(i); e text; BEGIN OPEN c; FETCH c INTO e; CLOSE c; RETURN e; END",
	"a cursor opened":            "DECLARE c refcursor; e text; BEGIN OPEN c FOR SELECT E(i); FETCH c INTO e; CLOSE c; RETURN e; END",
	"a cursor's argument":        "DECLARE c CURSOR (a text) FOR SELECT a; e text; BEGIN OPEN c(E(i)); FETCH c INTO e; CLOSE c; RETURN e; END",
	"a handler":                  "BEGIN RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN RETURN E(i); END",
	"ASSERT":                     "BEGIN ASSERT E(i) IS NOT NULL; RETURN 'a'; END",
	"an exception's message":     "BEGIN RAISE EXCEPTION '%', E(i); EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; END",
	"an exception's option":      "BEGIN RAISE EXCEPTION USING MESSAGE = 'a' || E(i); EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; END",
	"a query that is returned":   "DECLARE e text; BEGIN e := (SELECT E(s.x) FROM src s); RETURN e; END",
	"FOR over a cursor":          "DECLARE c CURSOR FOR SELECT E(s.x) AS e FROM src s; BEGIN FOR r IN c LOOP RETURN r.e; END LOOP; RETURN ''; END",
	"a cursor's FOR argument":    "DECLARE c CURSOR (a text) FOR SELECT a AS e; BEGIN FOR r IN c(E(i)) LOOP RETURN r.e; END LOOP; RETURN ''; END",
	"a cursor for a string":      "DECLARE c refcursor; e text; BEGIN OPEN c FOR EXECUTE $q$SELECT E(5)$q$; FETCH c INTO e; CLOSE c; RETURN e; END",
	"a formatted EXECUTE":        "DECLARE e text; BEGIN EXECUTE format($q$SELECT E(%s)$q$, 5) INTO e; RETURN e; END",
	"a joined EXECUTE":           "DECLARE e text; BEGIN EXECUTE 'SELECT ' || $q$E(5)$q$ INTO e; RETURN e; END",
	"FOR in steps":               "DECLARE n int := 0; BEGIN FOR j IN REVERSE 9..1 BY 1 + length(E(i)) LOOP n := n + 1; END LOOP; RETURN n; END",
	"CONTINUE":                   "DECLARE n int := 0; BEGIN FOR j IN 1..2 LOOP CONTINUE WHEN E(j) IS NULL; n := n + 1; END LOOP; RETURN n; END",
	"an array's default":         "DECLARE e text[] := ARRAY[E(i)]; BEGIN RETURN e[1]; END",
	"a type of a column":         "DECLARE n src.x%TYPE := length(E(i)); BEGIN RETURN n; END",
	"a name for an argument":     "DECLARE j ALIAS FOR $1; BEGIN RETURN E(j); END",
	"a record's query":           "DECLARE r record := (SELECT q FROM (SELECT E(i) AS e, 1 AS n) q); BEGIN RETURN r::text; END",
	"a composite's query":        "DECLARE r pair := (SELECT ROW(s.x, E(s.x))::pair FROM src s); BEGIN RETURN r.e; END",
	"a record assigned":          "DECLARE r record; BEGIN r := ROW(E(i), 1); RETURN r.f1; END",
	"a composite assigned":       "DECLARE r pair; BEGIN r := ROW(i, E(i)); RETURN r.e; END",
	"a block in a handler":       "BEGIN BEGIN RAISE division_by_zero; EXCEPTION WHEN OTHERS THEN DECLARE e text := E(i); BEGIN RETURN e; END; END; END",
	"a block in a loop":          "BEGIN FOR j IN 1..2 LOOP DECLARE r record := ROW(E(j)); BEGIN RETURN r.f1; END; END LOOP; RETURN ''; END",
	"a variable of a domain":     "DECLARE e word := E(i); BEGIN RETURN e; END",
	"a query's variable":         "DECLARE n int := i; e text; BEGIN SELECT max(E(n)) INTO e FROM src s WHERE s.x = n; RETURN e; END",
	"a column called as another": "#variable_conflict use_column DECLARE x int := i; BEGIN RETURN (SELECT E(x) FROM src); END",
})

// idlePlaces are those whose value nothing is made of.
var idlePlaces = bodies(true, map[string]string{
	"PERFORM":               "BEGIN PERFORM E(i); RETURN i; END",
	"PERFORM of rows":       "BEGIN PERFORM E(s.x) FROM src s; RETURN i; END",
	"the argument of RAISE": "BEGIN RAISE NOTICE '%', E(i); RETURN i; END",
	"a statement of many":   "DECLARE e text; n int := 1; BEGIN n := n + 1; e := E(i); n := n + 1; RETURN n; END",
	"an argument of CALL":   "BEGIN CALL nothing(E(i)); RETURN i; END",
	"FOUND":                 "BEGIN PERFORM FROM src s WHERE E(s.x) IS NOT NULL; IF FOUND THEN RETURN 'a'; END IF; RETURN ''; END",
	"MOVE":                  "DECLARE c CURSOR FOR SELECT E(s.x) FROM src s; BEGIN OPEN c; MOVE c; CLOSE c; RETURN i; END",
	"an INSERT":             "BEGIN INSERT INTO sink VALUES (E(i)); RETURN i; END",
	"an EXECUTEd UPDATE":    "BEGIN EXECUTE $q$UPDATE sink SET e = E(5)$q$; PERFORM E(i); RETURN i; END",
	"a NULL that is raised": "BEGIN RAISE NOTICE USING MESSAGE = 'a' || E(i); RETURN i; END",
	"DO":                    "BEGIN DO $q$ BEGIN PERFORM E(5); END $q$; RETURN i; END",
})

// bodies makes a place of each PL/pgSQL body.
func bodies(idle bool, texts map[string]string) []place {
	var list []place
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		label := "LABEL"
		for _, word := range []string{"DO", "CALL", "INSERT", "EXECUTE $q$UPDATE"} {
			if strings.HasPrefix(texts[name], "BEGIN "+word) {
				label = "VOLATILE" // others may not
			}
		}
		list = append(list, place{name: "PL/pgSQL: " + name, idle: idle, text: strings.Contains(texts[name], "$q$"), value: "f@(X)",
			setup: fmt.Sprintf("CREATE FUNCTION f@(i int) RETURNS text LANGUAGE plpgsql %s AS $$ %s $$", label, texts[name])})
	}
	return append(list, rowsOf(idle)...)
}

// rowsOf are places in PL/pgSQL functions that return rows.
func rowsOf(idle bool) []place {
	if idle {
		return nil
	}
	const setup = "CREATE FUNCTION f@(i int) RETURNS TABLE (e text) LANGUAGE plpgsql LABEL AS $$ %s $$"
	const value = "(SELECT q.e FROM f@(X) q)"
	return []place{
		{name: "PL/pgSQL: RETURN QUERY", value: value, setup: fmt.Sprintf(setup, "BEGIN RETURN QUERY SELECT E(s.x) FROM src s; END")},
		{name: "PL/pgSQL: RETURN NEXT", value: value, setup: fmt.Sprintf(setup, "BEGIN e := E(i); RETURN NEXT; END")},
		{name: "PL/pgSQL: RETURN QUERY EXECUTE", value: value, setup: fmt.Sprintf(setup, "BEGIN RETURN QUERY EXECUTE $q$SELECT E($1)$q$ USING i; END")},
	}
}
