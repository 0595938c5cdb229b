package syntax

import (
	"strings"
	"testing"
)

func TestABodysSQLIsFound(t *testing.T) {
	t.Parallel()
	const declare = `DECLARE v int := (SELECT max(id) FROM a); r record; c CURSOR FOR SELECT * FROM cc; cu refcursor; arr int[]; BEGIN `
	for body, want := range map[string]string{
		`NULL;`:                    ``,
		`SELECT id INTO v FROM b;`: `<b`,
		`INSERT INTO b VALUES (v) RETURNING id INTO v;`: `b:i`,
		`v := (SELECT count(*) FROM b WHERE x = v);`:    `<b count()`,
		`v = f(1);`:          `f()`,
		`arr[g(1)] := f(1);`: `f() g()`,
		`IF EXISTS (SELECT FROM b) THEN DELETE FROM d; ELSIF f(1) THEN PERFORM g(2); END IF;`: `d:d <b f() g()`,
		`FOR r IN SELECT * FROM b LOOP UPDATE d SET x = r.x; END LOOP;`:                       `d:ux <b`,
		`FOREACH v IN ARRAY (SELECT array_agg(id) FROM b) LOOP NULL; END LOOP;`:               `<b array_agg()`,
		`FOR r IN c LOOP NULL; END LOOP;`:                                                     ``,
		`WHILE EXISTS (SELECT FROM b) LOOP EXIT; END LOOP;`:                                   `<b`,
		`OPEN cu FOR SELECT * FROM b;`:                                                        `<b`,
		`CASE (SELECT 1 FROM b) WHEN 1 THEN NULL; END CASE;`:                                  `<b`,
		`RAISE NOTICE '%', (SELECT 1 FROM b);`:                                                `<b`,
		`BEGIN NULL; EXCEPTION WHEN others THEN INSERT INTO d VALUES (1); END;`:               `d:i`,
		`CALL p(1);`:                                               `p()`,
		`EXECUTE 'DELETE FROM d';`:                                 `d:d`,
		`EXECUTE 'DELETE FROM ' || v;`:                             `?`,
		`EXECUTE format('DELETE FROM %I', f(1)) USING g(1);`:       `f() format() g() ?`,
		`FOR r IN EXECUTE v::text LOOP NULL; END LOOP;`:            `?`,
		`OPEN cu FOR EXECUTE v::text;`:                             `?`,
		`DO $x$ BEGIN END $x$;`:                                    `?`,
		`CREATE TEMP TABLE x (y int);`:                             `?`,
		`TRUNCATE d CASCADE;`:                                      `d:t+`,
		`INSERT INTO b VALUES ('"[{}},{}}\"', (SELECT 1 FROM d));`: `b:i <d`,
		`COMMIT;`:             ``,
		`this is no PL/pgSQL`: `?`,
	} {
		got := PLpgSQL(`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$` + declare + body + ` END $$`)
		uses := strings.Join(strings.Fields(strings.NewReplacer("<a ", " ", "<a", "", "<cc", "", "max()", "").Replace(shown(&got.Uses)+" ")), " ")
		if uses != want {
			t.Errorf("%s\n got %s (%s)\nwant %s", body, uses, got.Unknown, want)
		}
		if parsed := got.Unknown == "" || strings.Contains(shown(&got.Uses), "<a"); parsed && !strings.Contains(shown(&got.Uses), "<cc") {
			t.Errorf("%s: the declarations are lost: %s", body, shown(&got.Uses))
		}
	}
	u := PLpgSQL(`CREATE FUNCTION f(a int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT 1 FROM b; RETURN QUERY EXECUTE a; END $$`)
	if got := shown(&u.Uses); got != "<b ?" {
		t.Errorf("RETURN QUERY: %s", got)
	}
}

var altering = map[string]string{
	`RETURN NEW;`:  ``,
	`RETURN NULL;`: ``,
	`RETURN OLD;`:  ``,
	`IF NEW.x > 1 AND OLD.y = NEW.z THEN RETURN NULL; END IF; RETURN NEW;`: ``,
	`NEW.x := 1; new.y = NEW.z; RETURN NEW;`:                               `x y`,
	`NEW."Odd" := 1; RETURN NEW;`:                                          `Odd`,
	`NEW.x[1] := 1; RETURN NEW;`:                                           `x`,
	`SELECT 1, 2 INTO NEW.x, NEW.y; RETURN NEW;`:                           `x y`,
	`SELECT 1 INTO NEW; RETURN NEW;`:                                       `any`,
	`NEW := OLD; RETURN NEW;`:                                              `any`,
	`NEW = OLD; RETURN NEW;`:                                               `any`,
	`UPDATE d SET x = 1 RETURNING x INTO NEW.z; RETURN NEW;`:               `z`,
	`EXECUTE 'SELECT 1' INTO NEW.x; RETURN NEW;`:                           `x`,
	`GET DIAGNOSTICS NEW.x = ROW_COUNT; RETURN NEW;`:                       `x`,
	`r := NEW; r.x := 1; RETURN r;`:                                        `any`,
	`r.x := 1; RETURN NEW;`:                                                ``,
	`n.x := 1; RETURN NEW;`:                                                `x`,
	`n := OLD; RETURN NEW;`:                                                `any`,
	`FOR NEW IN SELECT * FROM d LOOP NULL; END LOOP; RETURN NEW;`:          `any`,
	`FETCH c INTO NEW; RETURN NEW;`:                                        `any`,
	`FETCH c INTO NEW.x; RETURN NEW;`:                                      `x`,
	`FOREACH NEW.x IN ARRAY '{1}'::int[] LOOP NULL; END LOOP; RETURN NEW;`: `x`,
	`CALL p(NEW.x); RETURN NEW;`:                                           `any`,
	`RETURN (SELECT d FROM d);`:                                            `any`,
	`RETURN NEW #= 'x=>1'::hstore;`:                                        `any`,
	`RETURN NEW -- ;
		#= 'x=>1'::hstore;`: `any`,
	`RETURN /* ; */ NEW;`:                        `any`, // a comment is not understood
	`DECLARE new record; BEGIN RETURN new; END;`: `any`,
	`RETURN f(NEW);`:                             `any`,
	`no PL/pgSQL`:                                `any`,
}

func TestTheColumnsThatATriggerAltersAreFound(t *testing.T) {
	t.Parallel()
	for body, want := range altering {
		if got, why := altered(body, sound); got != want {
			t.Errorf("%s\n got %q (%s)\nwant %q", body, got, why, want)
		}
	}
}

func altered(body string, m mutant) (columns, why string) {
	b := plpgsqlBody(`CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE r record; n ALIAS FOR NEW; c refcursor; BEGIN `+body+` END $$`, m)
	if b.AltersAny {
		return "any", b.Unknown
	}
	return strings.Join(b.Alters, " "), b.Unknown
}

func TestTheBodiesCatchMutants(t *testing.T) {
	t.Parallel()
	for _, m := range []mutant{noTargets, noReturns} {
		caught := false
		for body, want := range altering {
			got, _ := altered(body, m)
			caught = caught || got != want
		}
		if !caught {
			t.Errorf("mutant %d is not caught", m)
		}
	}
	const dynamic = `CREATE FUNCTION f(a text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE a; END $$`
	if PLpgSQL(dynamic).Unknown == "" || plpgsqlBody(dynamic, trustsText).Unknown != "" {
		t.Error("a text that is put together at run time is not told from one that is known")
	}
}

func FuzzPLpgSQL(f *testing.F) {
	for body := range altering {
		f.Add(body)
	}
	f.Fuzz(func(_ *testing.T, body string) {
		PLpgSQL(`CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $fuzz$ BEGIN ` + body + ` END $fuzz$`)
	})
}
