package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// named returns the relation of that printed name.
func relationNamed(t *testing.T, c *Catalog, schema, name string) *Relation {
	t.Helper()
	oid, ok := c.Resolve(schema, name)
	if !ok {
		t.Fatalf("no relation %s.%s", schema, name)
	}
	return c.Relations[oid]
}

func TestRelationsAreFoundAsTheSessionFindsThem(t *testing.T) {
	t.Parallel()
	conn, _ := schema(t, `
		CREATE SCHEMA s; CREATE TABLE s.a (n int); CREATE TABLE a (n int); CREATE TABLE s.alone (n int); CREATE TABLE s."Odd Name" (n int); CREATE TABLE "user" (n int)`)
	for path, want := range map[string]string{"public": "a", "s, public": "s.a", `"$user", "s"`: "s.a", "nowhere": ""} {
		exec(t, conn, "SET search_path = "+path)
		c := load(t, conn)
		oid, _ := c.Resolve("", "a")
		if got := c.Name(oid); got != want {
			t.Errorf("with search_path %s a is %q, want %q", path, got, want)
		}
	}
	exec(t, conn, "SET search_path = public")
	c := load(t, conn)
	for name, want := range map[[2]string]string{
		{"s", "alone"}: "s.alone", {"public", "a"}: "a", {"s", "Odd Name"}: `s."Odd Name"`, {"public", "user"}: `"user"`,
		{"", "pg_class"}: "pg_catalog.pg_class", {"", "alone"}: "", {"s", "odd name"}: "",
	} {
		oid, found := c.Resolve(name[0], name[1])
		if got := c.Name(oid); got != want || found != (want != "") {
			t.Errorf("%v is %q, want %q", name, got, want)
		}
	}
}

func TestColumnsAndKeysAreRead(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `
		CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE TABLE a (gone int, id bigint PRIMARY KEY, name varchar(5) COLLATE blind NOT NULL, low text GENERATED ALWAYS AS (lower(name) || id) STORED,
			x int, y int, UNIQUE (x, y), UNIQUE (x) DEFERRABLE);
		ALTER TABLE a DROP COLUMN gone;
		CREATE UNIQUE INDEX ON a (lower(low)); CREATE UNIQUE INDEX ON a (y) WHERE x > 1; CREATE UNIQUE INDEX plain ON a (y) INCLUDE (x)`)
	a := relationNamed(t, c, "", "a")
	var columns []string
	for _, col := range a.Columns {
		columns = append(columns, fmt.Sprintf("%d %s %s null:%t generated:%t%v deterministic:%t", col.Number, col.Name, col.TypeName, !col.NotNull, col.Generated, col.From, col.Deterministic))
	}
	want := []string{
		"2 id bigint null:false generated:false[] deterministic:true",
		"3 name character varying(5) null:false generated:false[] deterministic:false",
		"4 low text null:true generated:true[3 2] deterministic:true",
		"5 x integer null:true generated:false[] deterministic:true",
		"6 y integer null:true generated:false[] deterministic:true",
	}
	if !slices.Equal(columns, want) {
		t.Errorf("columns\n%s\nwant\n%s", strings.Join(columns, "\n"), strings.Join(want, "\n"))
	}
	keys := []Key{{"a_pkey", []int{2}, true, true}, {"a_x_y_key", []int{5, 6}, false, true}, {"plain", []int{6}, false, true}}
	if !reflect.DeepEqual(a.Keys, keys) {
		t.Errorf("keys %v, want %v", a.Keys, keys)
	}
}

func TestAKeyThatHoldsNullOnceIsTold(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	since(t, conn, 15)
	exec(t, conn, `CREATE TABLE a (x int UNIQUE NULLS NOT DISTINCT)`)
	c := load(t, conn)
	if keys := relationNamed(t, c, "", "a").Keys; len(keys) != 1 || keys[0].Distinct {
		t.Errorf("keys %v", keys)
	}
}

func TestRowKeysLearnWhatMayAlterARow(t *testing.T) {
	t.Parallel()
	const function = `CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NEW; END $$;`
	_, c := schema(t, fmt.Sprintf(function, "sets_id", "NEW.id := NEW.id + 100;")+fmt.Sprintf(function, "sets_name", "NEW.name := 'x';")+
		fmt.Sprintf(function, "nothing", "PERFORM 1;")+fmt.Sprintf(function, "whole", "NEW := OLD;")+`
		CREATE TABLE a (id int, name text, low text GENERATED ALWAYS AS (lower(name)) STORED, doc tsvector);
		CREATE TABLE quiet (LIKE a INCLUDING ALL); CREATE TABLE any_row (LIKE a INCLUDING ALL); CREATE TABLE search (LIKE a INCLUDING ALL); CREATE TABLE same (LIKE a INCLUDING ALL);
		CREATE TRIGGER t1 BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION sets_id();
		CREATE TRIGGER t2 BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION sets_name();
		CREATE TRIGGER t BEFORE INSERT OR UPDATE ON quiet FOR EACH ROW EXECUTE FUNCTION nothing();
		CREATE TRIGGER u AFTER INSERT OR UPDATE ON quiet FOR EACH ROW EXECUTE FUNCTION whole();
		CREATE TRIGGER t BEFORE UPDATE ON any_row FOR EACH ROW EXECUTE FUNCTION whole();
		CREATE TRIGGER t BEFORE UPDATE ON search FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(doc, 'pg_catalog.english', name);
		CREATE TRIGGER t BEFORE UPDATE ON same FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
		CREATE TABLE p (x int, id int, name text) PARTITION BY LIST (id); CREATE TABLE p_1 (name text, gone int, x int, id int);
		ALTER TABLE p_1 DROP COLUMN gone; ALTER TABLE p ATTACH PARTITION p_1 FOR VALUES IN (1);
		CREATE TRIGGER t BEFORE UPDATE ON p_1 FOR EACH ROW EXECUTE FUNCTION sets_name();`)
	for _, test := range []struct {
		relation string
		events   Event
		columns  []int
		any      bool
	}{
		{"a", Update, []int{1}, false}, {"a", Insert, []int{2, 3}, false}, {"a", Insert | Update, []int{1, 2, 3}, false}, {"a", Delete, nil, false},
		{"quiet", Insert | Update, nil, false}, {"any_row", Update, nil, true}, {"search", Update, []int{4}, false}, {"same", Update, nil, false},
		{"p", Update, []int{3}, false}, {"p_1", Update, []int{1}, false}, {"p", Insert, nil, false},
	} {
		columns, all := c.TriggersMayAlter(relationNamed(t, c, "", test.relation).OID, test.events)
		if !slices.Equal(columns, test.columns) || all != test.any {
			t.Errorf("%s, events %b: %v %t, want %v %t", test.relation, test.events, columns, all, test.columns, test.any)
		}
	}
}

func TestAPartitionsRootIsTheTopmost(t *testing.T) {
	t.Parallel()
	_, c := schema(t, sales+`CREATE TABLE city (n int); CREATE TABLE capital () INHERITS (city); CREATE RULE r AS ON UPDATE TO city DO INSTEAD NOTHING;
		CREATE VIEW v AS SELECT 1`)
	for name, want := range map[string]string{"sales_2_1": "sales", "sales_1": "sales", "sales": "sales", "capital": "capital"} {
		if got := c.Name(c.Root(relationNamed(t, c, "", name).OID)); got != want {
			t.Errorf("the root of %s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]bool{"city": true, "capital": false, "v": false} {
		if got := c.HasRules(relationNamed(t, c, "", name).OID); got != want {
			t.Errorf("%s has rules: %t", name, got)
		}
	}
}

func TestCausesAreReadable(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `
		CREATE TABLE orders (id int PRIMARY KEY, n int); CREATE TABLE items (id int, o int, CONSTRAINT items_o_fkey FOREIGN KEY (o) REFERENCES orders ON DELETE CASCADE ON UPDATE SET NULL);
		CREATE TABLE audit (n int); CREATE TABLE copied (n int); CREATE TABLE called (n int);
		CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (1); RETURN NULL; END $$;
		CREATE TRIGGER audit_items AFTER DELETE ON items FOR EACH ROW EXECUTE FUNCTION tell();
		CREATE RULE copies AS ON INSERT TO orders DO ALSO INSERT INTO copied VALUES (new.n);
		CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'INSERT INTO called VALUES (1)';
		CREATE VIEW recent AS SELECT * FROM orders;`+sales)
	for sql, want := range map[string]map[string]string{
		`DELETE FROM orders`:             {"orders": "", "items": "foreign key items_o_fkey (ON DELETE CASCADE)", "audit": "trigger audit_items on items"},
		`UPDATE recent SET id = 1`:       {"recent": "", "orders": "view recent", "items": "foreign key items_o_fkey (ON UPDATE SET NULL)"},
		`INSERT INTO orders VALUES (1)`:  {"orders": "", "copied": "rule copies on orders"},
		`TRUNCATE orders CASCADE`:        {"orders": "", "items": "foreign key items_o_fkey (TRUNCATE CASCADE)"},
		`SELECT f()`:                     {"called": "function f()"},
		`INSERT INTO sales_1 VALUES (1)`: {"sales_1": "", "sales": "its partition sales_1"},
		`DELETE FROM sales_2`:            {"sales_2": "", "sales": "its partition sales_2", "sales_2_1": "partition of sales_2", "sales_2_x": "partition of sales_2"},
	} {
		got := map[string]string{}
		for oid, r := range closure(t, c, sql).Changes {
			got[c.Name(oid)] = r.Cause
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %v\nwant %v", sql, got, want)
		}
	}
}

func TestTheColumnsOfAnUpdateAreKnown(t *testing.T) {
	t.Parallel()
	_, c := schema(t, `
		CREATE TABLE a (id int PRIMARY KEY, n int, g int GENERATED ALWAYS AS (n + 1) STORED, touched int, name text);
		CREATE TABLE b (a int, aside int, n int REFERENCES a ON UPDATE CASCADE);
		CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := 1; RETURN NEW; END $$;
		CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION touch();
		CREATE TABLE p (day int, touched int, n int) PARTITION BY LIST (day); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p DEFAULT;
		CREATE TRIGGER t BEFORE INSERT ON p_2 FOR EACH ROW EXECUTE FUNCTION touch();
		CREATE VIEW v AS SELECT name AS called, n + 1 AS more, id FROM a`)
	for sql, want := range map[string]map[string][]int{
		`UPDATE a SET n = 1`:        {"a": {2, 3, 4}},
		`UPDATE a SET id = 1`:       {"a": {1, 4}, "b": {3}},
		`UPDATE v SET called = 'x'`: {"v": {1}, "a": {4, 5}},
		`INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'`: {"a": {4, 5}},
		`DELETE FROM a`:        {"a": nil},
		`UPDATE p SET day = 2`: {"p": {1, 2}, "p_1": {1, 2}, "p_2": {1, 2}},
		`UPDATE p SET n = 2`:   {"p": {3}, "p_1": {3}, "p_2": {3}},
	} {
		got := map[string][]int{}
		for oid, r := range closure(t, c, sql).Changes {
			got[c.Name(oid)] = r.Columns
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %v\nwant %v", sql, got, want)
		}
	}
}

func TestALargeSchemaLoadsQuickly(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, `CREATE TABLE t%d (id int PRIMARY KEY, a int UNIQUE, b text, c timestamptz DEFAULT now(), up int REFERENCES t%d ON DELETE CASCADE);
			CREATE VIEW v%d AS SELECT t.*, u.b AS other FROM t%d t JOIN t%d u ON u.id = t.up WHERE t.c > now();
			CREATE FUNCTION f%d() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.c := now(); INSERT INTO t%d (id) VALUES (1); RETURN NEW; END $$;
			CREATE TRIGGER x BEFORE UPDATE ON t%d FOR EACH ROW EXECUTE FUNCTION f%d();`, i, max(i-1, 0), i, i, max(i-1, 0), i, max(i-1, 0), i, i)
	}
	conn, c := schema(t, b.String())
	best := time.Hour
	for range 3 {
		begin := time.Now()
		load(t, conn)
		best = min(best, time.Since(begin))
	}
	if best > time.Second {
		t.Errorf("loading takes %s", best)
	}
	begin := time.Now()
	if k := closure(t, c, `DELETE FROM t0`); len(k.Changes) != 200 {
		t.Errorf("%d tables are reached", len(k.Changes))
	}
	t.Logf("loaded in %s, closed in %s", best, time.Since(begin))
}
