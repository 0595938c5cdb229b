package plpgsql

import (
	"fmt"
	"strings"
	"testing"
)

// shown writes a piece as kind: SQL → targets.
func shown(r *Routine) string {
	var list []string
	for _, p := range r.Pieces {
		s := map[Kind]string{Query: "", Expression: "=", Dynamic: "!", Assign: "@", Fetch: "<"}[p.Kind] + strings.TrimPrefix(p.SQL, "SELECT ")
		if p.Type != "" {
			s += "::" + p.Type
		}
		if p.Cursor != nil {
			s += " cursor " + p.Cursor.Name
		}
		for _, u := range p.Using {
			s += " using " + strings.TrimPrefix(u, "SELECT ")
		}
		for _, t := range p.Into {
			s += " > " + strings.Join(append([]string{t.Variable.Name}, t.Fields...), ".")
			if t.Element {
				s += "[]"
			}
		}
		if p.Result {
			s += " result"
		}
		list = append(list, strings.Join(strings.Fields(s), " "))
	}
	return strings.Join(list, " | ")
}

func parse(body string) (*Routine, error) {
	return Parse("f", body, []*Variable{{Name: "a", Type: "integer"}, {Name: "b", Type: "text"}},
		[]*Variable{{Name: "new", Type: "t"}, {Name: "old", Type: "t"}})
}

var bodies = map[string]string{
	`BEGIN NULL; END`:                            ``,
	`BEGIN NULL; END;`:                           ``,
	`BEGIN NULL; END f`:                          ``,
	`DECLARE r record := ROW(hit(a)); BEGIN END`: `=ROW(hit(a)) > r`,
	`DECLARE x CONSTANT int NOT NULL DEFAULT g(1); BEGIN END`:                                                              `=g(1) > x`,
	`DECLARE x t.c%TYPE = 1; y t%ROWTYPE; z numeric(10, 2) [] := '{}'; BEGIN x := y.c; END`:                                `=1 > x | ='{}' > z | =y.c > x`,
	`DECLARE x text COLLATE "C" := 'a'; BEGIN END`:                                                                         `='a' > x`,
	`<<top>> DECLARE x int; BEGIN DECLARE x int; BEGIN top.x := 1; x := 2; f.a := 3; END; END`:                             `=1 > x | =2 > x | =3 > a`,
	`DECLARE n ALIAS FOR NEW; m ALIAS FOR $2; BEGIN n.x := 1; m := 'z'; END`:                                               `=1 > new.x | ='z' > b`,
	`BEGIN NEW.x[g(1)] := 2; a[1:h(2)] = 3; END`:                                                                           `=g(1)::integer > | x`,
	`BEGIN SELECT 1, x INTO STRICT a, NEW.y FROM t WHERE z = 2; END`:                                                       `1, x FROM t WHERE z = 2 > a > new.y`,
	`BEGIN INSERT INTO t VALUES (1) RETURNING id INTO a; END`:                                                              `INSERT INTO t VALUES (1) RETURNING id > a`,
	`BEGIN WITH x AS (INSERT INTO t DEFAULT VALUES RETURNING id) SELECT id FROM x INTO a; END`:                             `WITH x AS (INSERT INTO t DEFAULT VALUES RETURNING id) SELECT id FROM x > a`,
	`BEGIN MERGE INTO t USING u ON true WHEN MATCHED THEN DO NOTHING; END`:                                                 `MERGE INTO t USING u ON true WHEN MATCHED THEN DO NOTHING`,
	`BEGIN IF a > 1 THEN PERFORM g(); ELSIF h() THEN NULL; ELSE PERFORM i(); END IF; END`:                                  `=a > 1::boolean | g() | =h()::boolean | i()`,
	`BEGIN CASE g() WHEN 1, h() THEN NULL; ELSE PERFORM i(); END CASE; END`:                                                `=(g() ) IN (1, h() )::boolean | i()`,
	`BEGIN CASE WHEN a = 1 THEN NULL; WHEN g() THEN NULL; END CASE; END`:                                                   `=a = 1::boolean | =g()::boolean`,
	`BEGIN <<l>> LOOP EXIT l WHEN g(); CONTINUE; EXIT; END LOOP l; WHILE h() LOOP END LOOP; END`:                           `=g()::boolean | =h()::boolean`,
	`BEGIN FOR i IN REVERSE g()..h(2) BY 1 LOOP PERFORM i; END LOOP; END`:                                                  `=g()::integer | =h(2)::integer | =1::integer | i`,
	`BEGIN FOR i IN 1..3 LOOP PERFORM i; END LOOP; END`:                                                                    `=1::integer | =3::integer | i`,
	`DECLARE r record; BEGIN FOR r IN SELECT * FROM t LOOP PERFORM r.x; END LOOP; END`:                                     `* FROM t > r | r.x`,
	`DECLARE x int; y int; BEGIN FOR x, y IN (SELECT 1, 2) LOOP END LOOP; END`:                                             `(SELECT 1, 2) > x > y`,
	`DECLARE r record; BEGIN FOR r IN EXECUTE b USING g(), 2 LOOP END LOOP; END`:                                           `!b using g() using 2 > r`,
	`DECLARE c CURSOR (k int) FOR SELECT k FROM t; BEGIN FOR r IN c(g(1)) LOOP END LOOP; END`:                              `k FROM t cursor c | =g(1) > k | < cursor c > r`,
	`DECLARE c NO SCROLL CURSOR IS SELECT 1; r record; BEGIN OPEN c; FETCH NEXT FROM c INTO r; MOVE c; CLOSE c; END`:       `1 cursor c | < cursor c > r | < cursor c`,
	`DECLARE c refcursor; BEGIN OPEN c FOR SELECT 1; OPEN c FOR EXECUTE b USING 1; FETCH ABSOLUTE -2 IN c INTO NEW.x; END`: `1 cursor c | !b cursor c using 1 | < cursor c > new.x`,
	`DECLARE c CURSOR (k int) FOR SELECT k; BEGIN OPEN c (k := 3); END`:                                                    `k cursor c | =3 > k`,
	`DECLARE x int; BEGIN FOREACH x SLICE 1 IN ARRAY g() LOOP END LOOP; END`:                                               `=g()::element > x`,
	`BEGIN RETURN; RETURN a + 1; RETURN NEXT a; RETURN NEXT; RETURN QUERY SELECT 1; RETURN QUERY EXECUTE b USING a; END`:   `=a + 1 result | =a result | 1 result | !b using a result`,
	`BEGIN RAISE NOTICE 'a % %', g(1, 2), h() USING HINT = i(), ERRCODE = '1'; RAISE; RAISE EXCEPTION USING MESSAGE := g(); RAISE unique_violation; RAISE SQLSTATE '22012' USING DETAIL = 'x'; END`: `=g(1, 2) | =h() | =i()::text | ='1'::text | =g()::text | ='x'::text`,
	`BEGIN ASSERT g(), h(); END`: `=g()::boolean | =h()::text`,
	`BEGIN EXECUTE 'x' || b INTO STRICT a USING g(); EXECUTE b USING 1, 2 INTO a; END`:                                           `!'x' || b using g() > a | !b using 1 using 2 > a`,
	`BEGIN GET STACKED DIAGNOSTICS b = MESSAGE_TEXT, NEW.x := ROW_COUNT; END`:                                                    `@ > b > new.x`,
	`BEGIN PERFORM g(); EXCEPTION WHEN others OR SQLSTATE '22012' THEN PERFORM h(sqlerrm); WHEN unique_violation THEN NULL; END`: `g() | h(sqlerrm)`,
	`BEGIN COMMIT; ROLLBACK AND CHAIN; CALL p(a); TRUNCATE t; LOCK TABLE t; END`:                                                 `CALL p(a) | TRUNCATE t | LOCK TABLE t`,
	"#variable_conflict use_variable\nBEGIN NULL; END":                                                                           ``,
	"BEGIN -- a comment; END\n/* END; */ PERFORM g('; END;'); END":                                                               `g('; END;')`,
	`DECLARE open int; BEGIN open := 1; "open" := 2; found := true; END`:                                                         `=1 > open | =2 > open | =true > found`,
	`BEGIN PERFORM a, (SELECT 1 WHERE true); END`:                                                                                `a, (SELECT 1 WHERE true)`,
}

func TestABodyIsCutIntoItsSQL(t *testing.T) {
	t.Parallel()
	for body, want := range bodies {
		r, err := parse(body)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if strings.Contains(body, "[g(1)]") {
			want = `=g(1)::integer | =2 > new.x[] | =1::integer | =h(2)::integer | =3 > a[]`
		}
		if got := shown(r); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

func TestWhatHasNoPlaceInTheLanguageIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `BEGIN`, `BEGIN NULL END`, `NULL;`, `BEGIN x := 1; END`, `BEGIN IF THEN END IF; END`, `BEGIN IF a THEN NULL; END`, `BEGIN END; NULL;`,
		`DECLARE x; BEGIN END`, `DECLARE x int := 1 BEGIN END`, `BEGIN LOOP END; END`, `BEGIN SELECT 1 INTO nothing; END`, `BEGIN FETCH c INTO a; END`,
		`BEGIN FOR r IN SELECT 1 LOOP END LOOP; END`, `BEGIN <<l>> PERFORM 1; END`, `BEGIN , END`, "#what is\nBEGIN END",
	} {
		if r, err := parse(body); err == nil {
			t.Errorf("%s: %s", body, shown(r))
		}
	}
}

func TestAVariableIsFoundInItsBlock(t *testing.T) {
	t.Parallel()
	r, err := parse(`<<top>> DECLARE x int; BEGIN DECLARE x text; BEGIN PERFORM 1; END; PERFORM 2; END`)
	if err != nil {
		t.Fatal(err)
	}
	inner, outer := r.Pieces[0].Scope, r.Pieces[1].Scope
	if inner.Find("x").Type != "text" || outer.Find("x").Type != "int" || inner.Labelled("top").Own("x").Type != "int" || inner.Find("y") != nil ||
		inner.Labelled("f").Own("a").Number != 1 || inner.Labelled("none") != nil {
		t.Error("a name means another variable")
	}
	if r.PrefersVariables {
		t.Error("variables are preferred without being asked")
	}
}

func FuzzParse(f *testing.F) {
	for body := range bodies {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, err := parse(body)
		if (err == nil) != (r != nil) {
			t.Errorf("%v and %s", err, fmt.Sprint(r))
		}
	})
}
