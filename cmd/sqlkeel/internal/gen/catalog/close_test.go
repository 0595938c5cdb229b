package catalog

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// effect is a statement that is really run.
type effect struct {
	name   string
	schema string
	write  string
	want   string // what is predicted: ! is reached again
	since  int    // the first version of PostgreSQL that knows this, if not all
}

// chain is a root whose rows are followed over two foreign keys, and something
// that stays.
const chain = `
	CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE aside (id int PRIMARY KEY, a int REFERENCES a);
	CREATE TABLE b (id int PRIMARY KEY, a int CONSTRAINT b_a REFERENCES a ON DELETE CASCADE);
	CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b ON DELETE SET NULL);
	CREATE TABLE d (id int PRIMARY KEY, c int REFERENCES c ON DELETE CASCADE);
	INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (1, 1); INSERT INTO d VALUES (1, 1);`

// sales is partitioned twice.
const sales = `
	CREATE TABLE sales (id int, day int, n int) PARTITION BY LIST (day);
	CREATE TABLE sales_1 PARTITION OF sales FOR VALUES IN (1);
	CREATE TABLE sales_2 PARTITION OF sales FOR VALUES IN (2) PARTITION BY LIST (n);
	CREATE TABLE sales_2_1 PARTITION OF sales_2 FOR VALUES IN (1);
	CREATE TABLE sales_2_x PARTITION OF sales_2 DEFAULT;
	CREATE TABLE log (t text);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_TABLE_NAME || TG_OP); RETURN NULL; END $$;
	INSERT INTO sales VALUES (1, 1, 1), (2, 2, 1), (3, 2, 3);`

var effects = []effect{
	{name: "foreign keys are followed at all levels", schema: chain, write: `DELETE FROM a WHERE id = 1`,
		want: "a b! c!"},
	{name: "a foreign key without action is followed nowhere", schema: chain + `INSERT INTO aside VALUES (1, 2)`, write: `DELETE FROM aside`, want: "aside"},
	{name: "an update of what is not referenced is not followed", schema: chain, write: `UPDATE a SET n = 3`, want: "a"},
	{name: "an insert sets nothing in motion", schema: chain, write: `INSERT INTO a VALUES (3)`, want: "a"},
	{name: "TRUNCATE CASCADE follows every foreign key, whatever its action", schema: chain, write: `TRUNCATE a CASCADE`,
		want: "a aside! b! c! d!"},
	{name: "an update of a referenced column is followed", write: `UPDATE a SET k = k + 10`, want: "a b! c!",
		schema: `CREATE TABLE a (id int PRIMARY KEY, k int UNIQUE); INSERT INTO a VALUES (1, 1);
			CREATE TABLE b (id int PRIMARY KEY, k int UNIQUE REFERENCES a (k) ON UPDATE CASCADE); INSERT INTO b VALUES (1, 1);
			CREATE TABLE c (id int DEFAULT 1, k int DEFAULT NULL REFERENCES b (k) ON UPDATE SET DEFAULT); INSERT INTO c VALUES (1, 1);
			CREATE TABLE d (id int REFERENCES a);`},
	{name: "a cascade that refers to its own table reaches it again", write: `DELETE FROM tree WHERE id = 1`, want: "tree!",
		schema: `CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE); INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2);`},
	{name: "a generated column that is referenced is followed", write: `UPDATE a SET n = 2`, want: "a b!",
		schema: `CREATE TABLE a (n int, k int GENERATED ALWAYS AS (n * 2) STORED UNIQUE); INSERT INTO a VALUES (1);
			CREATE TABLE b (k int REFERENCES a (k) ON DELETE CASCADE ON UPDATE CASCADE);`,
	},
	{name: "a trigger's writes are followed", schema: chain + `CREATE TABLE gone (id int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM b; INSERT INTO gone VALUES (OLD.id); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER DELETE ON aside FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO aside VALUES (1, 2)`,
		write: `DELETE FROM aside`, want: "aside b! c! gone!"},
	{name: "a trigger on what a cascade reaches is followed", schema: chain + `CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE ON c EXECUTE FUNCTION f();`,
		write: `DELETE FROM a WHERE id = 1`, want: "a b! c! log!"},
	{name: "a trigger on other columns does not fire", schema: chain + `CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE OF id ON a EXECUTE FUNCTION f();`,
		write: `UPDATE a SET n = 1 WHERE id = 2`, want: "a"},
	{name: "a trigger on a generated column fires when its source is set", write: `UPDATE a SET n = 2`, want: "a log!",
		schema: `CREATE TABLE a (n int, k int GENERATED ALWAYS AS (n * 2) STORED); INSERT INTO a VALUES (1); CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE OF k ON a FOR EACH ROW EXECUTE FUNCTION f();`},
	{name: "what a trigger alters is followed", write: `UPDATE a SET n = 2`, want: "a b!",
		schema: `CREATE TABLE a (n int, k int UNIQUE); INSERT INTO a VALUES (1, 1);
			CREATE TABLE b (k int REFERENCES a (k) ON UPDATE CASCADE); INSERT INTO b VALUES (1);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.k := NEW.n * 100; RETURN NEW; END $$;
			CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();`},
	{name: "a disabled trigger does not fire", schema: chain + `CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE ON a EXECUTE FUNCTION f(); ALTER TABLE a DISABLE TRIGGER t`,
		write: `UPDATE a SET n = 1`, want: "a"},
	{name: "a constraint trigger fires", schema: chain + `CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()`,
		write: `UPDATE a SET n = 1`, want: "a log!"},
	{name: "a trigger that writes its own table reaches it again", write: `UPDATE a SET n = 1 WHERE id = 1`, want: "a!",
		schema: `CREATE TABLE a (id int, n int); INSERT INTO a VALUES (1, 0), (2, 0);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE a SET n = 7 WHERE id = 2 AND n <> 7; RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()`},
	{name: "functions that call functions are followed, in circles too", since: 14, write: `SELECT f(1)`, want: "a! b!",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE aside (n int);
			CREATE FUNCTION h(int) RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO b VALUES ($1); END;
			CREATE FUNCTION g(int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES ($1); PERFORM h($1); IF $1 > 5 THEN PERFORM f($1); END IF; END $$;
			CREATE FUNCTION f(int) RETURNS void LANGUAGE sql AS 'SELECT g($1)';`},
	{name: "of several functions of a name the one that is called is followed", write: `SELECT f('x'::text)`, want: "b!",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int);
			CREATE FUNCTION g(int) RETURNS void LANGUAGE sql AS 'INSERT INTO a VALUES (1)';
			CREATE FUNCTION g(text) RETURNS void LANGUAGE sql AS 'INSERT INTO b VALUES (1)';
			CREATE FUNCTION f(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM g($1); END $$`},
	{name: "a function's own search_path says what its names mean", write: `SELECT f()`, want: "s.a!",
		schema: `CREATE SCHEMA s; CREATE TABLE s.a (n int); CREATE TABLE a (n int);
			CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = s, public AS 'INSERT INTO a VALUES (1)'`},
	{name: "a function that is called like a column is followed", write: `SELECT f()`, want: "b!",
		schema: `CREATE TABLE a (n int); INSERT INTO a VALUES (1); CREATE TABLE b (n int);
			CREATE FUNCTION twice(a) RETURNS int LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING n';
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT a.twice FROM a); END $$`},
	{name: "a function behind an operator is followed", write: `SELECT f()`, want: "b!",
		schema: `CREATE TABLE b (n int);
			CREATE FUNCTION plus(int, text) RETURNS int LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING n';
			CREATE OPERATOR <+> (FUNCTION = plus, LEFTARG = int, RIGHTARG = text);
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 <+> 'x'::text; END $$`},
	{name: "a function behind an aggregate is followed", since: 14, write: `SELECT f()`, want: "b!",
		schema: `CREATE TABLE b (n int);
			CREATE FUNCTION acc(int, int) RETURNS int LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING n';
			CREATE AGGREGATE total(int) (SFUNC = acc, STYPE = int, INITCOND = '0');
			CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT total(x) FROM generate_series(1, 2) x; END`},
	{name: "the default of an argument is followed", write: `SELECT f()`, want: "b!",
		schema: `CREATE TABLE b (n int); CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING n';
			CREATE FUNCTION f(n int DEFAULT g()) RETURNS int LANGUAGE sql AS 'SELECT n'`},
	{name: "the check of a domain in a body is followed", write: `SELECT f()`, want: "b!",
		schema: `CREATE TABLE b (n int); CREATE FUNCTION fine(int) RETURNS boolean LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING true';
			CREATE DOMAIN number AS int CHECK (fine(VALUE));
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n number := 1; BEGIN RETURN n; END $$`},
	{name: "MERGE writes through a view", since: 17, write: `MERGE INTO v USING (VALUES (1)) x (n) ON v.id = x.n WHEN MATCHED THEN DELETE`,
		schema: chain + `CREATE VIEW v AS SELECT * FROM a`, want: "a b! c! v"},
	{name: "a virtual generated column changes with its source", since: 18, write: `UPDATE a SET n = 2`, want: "a log!",
		schema: `CREATE TABLE a (n int, k int GENERATED ALWAYS AS (n * 2) VIRTUAL); INSERT INTO a VALUES (1); CREATE TABLE log (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER UPDATE OF k ON a FOR EACH ROW EXECUTE FUNCTION f();`},
	{name: "a default's function is followed", write: `INSERT INTO a (n) VALUES (1)`, want: "a b!",
		schema: `CREATE TABLE b (n int); CREATE FUNCTION next() RETURNS int LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING n';
			CREATE TABLE a (id int DEFAULT next(), n int)`},
	{name: "the function of a domain's check is followed", write: `INSERT INTO a (n) VALUES (1)`, want: "a b!",
		schema: `CREATE TABLE b (n int); CREATE FUNCTION fine(int) RETURNS boolean LANGUAGE sql AS 'INSERT INTO b VALUES (1) RETURNING true';
			CREATE DOMAIN number AS int CHECK (fine(VALUE)); CREATE TABLE a (n number)`},
	{name: "DO INSTEAD writes elsewhere", write: `INSERT INTO a VALUES (1)`, want: "a b!",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE RULE r AS ON INSERT TO a DO INSTEAD INSERT INTO b VALUES (new.n)`},
	{name: "DO ALSO writes elsewhere too", write: `DELETE FROM a`, want: "a b! c!",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE c (n int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
			CREATE RULE r AS ON DELETE TO a WHERE old.n > 0 DO ALSO (DELETE FROM b WHERE n = old.n; INSERT INTO c SELECT n FROM b)`},
	{name: "a view is written down to its table", write: `UPDATE w SET m = 5`, want: "a b! v w",
		schema: `CREATE TABLE a (id int, n int UNIQUE, aside int UNIQUE); INSERT INTO a VALUES (1, 1, 1); CREATE TABLE b (n int REFERENCES a (n) ON UPDATE CASCADE);
			INSERT INTO b VALUES (1); CREATE TABLE c (n int REFERENCES a (aside) ON UPDATE CASCADE);
			CREATE VIEW v AS SELECT id, n AS k FROM a WHERE id > 0; CREATE VIEW w AS SELECT k AS m, id FROM v WITH CHECK OPTION`},
	{name: "INSTEAD OF writes what its function writes", write: `INSERT INTO v VALUES (1)`, want: "b! v",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE VIEW v AS SELECT * FROM a;
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO b VALUES (NEW.n); RETURN NEW; END $$;
			CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()`},
	{name: "a row moves to another partition, at every level", schema: sales, write: `UPDATE sales SET day = 2 WHERE id = 1`,
		want: "sales sales_1! sales_2! sales_2_1! sales_2_x!"},
	{name: "a move fires what an insert and a delete fire", schema: sales + `CREATE TRIGGER t AFTER INSERT ON sales_2_1 FOR EACH ROW EXECUTE FUNCTION note()`,
		write: `UPDATE sales SET day = 2 WHERE id = 1`,
		want:  "log! sales sales_1! sales_2! sales_2_1! sales_2_x!"},
	{name: "an update that cannot move a row fires no insert", schema: sales + `CREATE TRIGGER t AFTER INSERT ON sales_2_1 FOR EACH ROW EXECUTE FUNCTION note()`,
		write: `UPDATE sales SET id = 7 WHERE id = 1`,
		want:  "sales sales_1 sales_2 sales_2_1 sales_2_x"},
	{name: "a trigger that moves rows counts", schema: sales + `CREATE TRIGGER t AFTER DELETE ON sales_1 FOR EACH ROW EXECUTE FUNCTION note();
			CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.day := 2; RETURN NEW; END $$;
			CREATE VIEW v AS SELECT * FROM sales; CREATE RULE r AS ON UPDATE TO v DO INSTEAD UPDATE sales SET day = new.day WHERE id = old.id`,
		write: `UPDATE v SET day = 2 WHERE id = 1`,
		want:  "log! sales! sales_1! sales_2! sales_2_1! sales_2_x! v"},
	{name: "a partition shows in its ancestors", schema: sales, write: `DELETE FROM sales_2_1`, want: "sales sales_2 sales_2_1"},
	{name: "a trigger of the root is one of its partitions", schema: sales + `CREATE TRIGGER t AFTER DELETE ON sales FOR EACH ROW EXECUTE FUNCTION note()`,
		write: `DELETE FROM sales_2_1`, want: "log! sales sales_2 sales_2_1"},
	{name: "TRUNCATE empties partitions and fires their triggers", schema: sales + `CREATE TRIGGER t AFTER TRUNCATE ON sales_1 EXECUTE FUNCTION note()`,
		write: `TRUNCATE sales`, want: "log! sales sales_1 sales_2 sales_2_1 sales_2_x"},
	{name: "a cascade goes through partitions on both ends", write: `DELETE FROM p WHERE id = 1`, want: "p p_1 p_2 q! q_1! q_2!",
		schema: `CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p DEFAULT;
			CREATE TABLE q (id int REFERENCES p ON DELETE CASCADE) PARTITION BY LIST (id); CREATE TABLE q_1 PARTITION OF q FOR VALUES IN (1);
			CREATE TABLE q_2 PARTITION OF q DEFAULT; CREATE TABLE aside (n int); INSERT INTO p VALUES (1), (2); INSERT INTO q VALUES (1), (2)`},
	{name: "a cascade starts at a partition too", write: `DELETE FROM p_1`, want: "p p_1 q!",
		schema: `CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
			CREATE TABLE q (id int REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1); INSERT INTO q VALUES (1)`},
	{name: "TRUNCATE CASCADE goes from a partition to what refers to the root", write: `TRUNCATE p_1 CASCADE`, want: "p p_1 q! q_x!",
		schema: `CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
			CREATE TABLE q (id int REFERENCES p) PARTITION BY LIST (id); CREATE TABLE q_x PARTITION OF q DEFAULT; INSERT INTO p VALUES (1); INSERT INTO q VALUES (1)`},
	{name: "DO INSTEAD NOTHING sets nothing in motion", write: `UPDATE a SET n = 2`, want: "a",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); INSERT INTO a VALUES (1);
			CREATE RULE r AS ON UPDATE TO a WHERE old.n IN (SELECT n FROM b) DO INSTEAD NOTHING`},
	{name: "a child of a table is changed with it", write: `UPDATE city SET n = 2`, want: "capital city",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city); INSERT INTO capital VALUES (1, 1); CREATE TABLE aside (n int)`},
	{name: "ONLY leaves children alone", write: `UPDATE ONLY city SET n = 2`, want: "city",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city); INSERT INTO city VALUES (1)`},
	{name: "an insert leaves children alone", write: `INSERT INTO city VALUES (1)`, want: "city",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city)`},
	{name: "a child shows in its parents", write: `INSERT INTO capital VALUES (1)`, want: "capital city",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city)`},
	{name: "what only a child has does not show in its parent", write: `UPDATE capital SET c = 2`, want: "capital",
		schema: `CREATE TABLE city (n int); CREATE TABLE capital (c int) INHERITS (city); INSERT INTO capital VALUES (1, 1)`},
	{name: "a refresh changes the materialised view alone", write: `REFRESH MATERIALIZED VIEW m`, want: "m",
		schema: `CREATE TABLE a (n int); CREATE MATERIALIZED VIEW m AS SELECT * FROM a; INSERT INTO a VALUES (1)`},
	{name: "a write does not change a materialised view", write: `INSERT INTO a VALUES (1)`, want: "a",
		schema: `CREATE TABLE a (n int); CREATE MATERIALIZED VIEW m AS SELECT * FROM a`},
	{name: "writes in WITH count, also twice to one table", write: `WITH x AS (DELETE FROM a WHERE n = 1 RETURNING n), y AS (INSERT INTO b SELECT n FROM x) INSERT INTO a VALUES (3)`, want: "a! b",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE c (n int); INSERT INTO a VALUES (1)`},
	{name: "transition tables are no relations", write: `INSERT INTO a VALUES (1)`, want: "a b!",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE TABLE c (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO b SELECT n FROM fresh; RETURN NULL; END $$;
			CREATE TRIGGER t AFTER INSERT ON a REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION f()`},
	{name: "what is put together at run time may be anything", write: `INSERT INTO a VALUES (1)`, want: "a anything",
		schema: `CREATE TABLE a (n int); CREATE TABLE b (n int);
			CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I VALUES (1)', 'b'); RETURN NULL; END $$;
			CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()`},
	{name: "odd names are found", write: `DELETE FROM "My Schema"."Order"`, want: `"My Schema"."Item"! "My Schema"."Order"`,
		schema: `CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."Order" ("Id" int PRIMARY KEY); CREATE TABLE "Item" (x int);
			CREATE TABLE "My Schema"."Item" ("Order" int REFERENCES "My Schema"."Order" ON DELETE CASCADE);
			INSERT INTO "My Schema"."Order" VALUES (1); INSERT INTO "My Schema"."Item" VALUES (1)`},
	{name: "MERGE does what its actions do", since: 15, write: `MERGE INTO a USING (VALUES (1)) x (n) ON a.id = x.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (n)`,
		schema: chain, want: "a b! c!"},
	{name: "ON CONFLICT DO UPDATE updates", write: `INSERT INTO a VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET k = 9`, want: "a b!",
		schema: `CREATE TABLE a (id int PRIMARY KEY, k int UNIQUE); INSERT INTO a VALUES (1, 1); CREATE TABLE c (id int REFERENCES a ON UPDATE CASCADE);
			CREATE TABLE b (k int REFERENCES a (k) ON UPDATE CASCADE); INSERT INTO b VALUES (1)`},
}

func TestWhatAWriteChangesWasPredicted(t *testing.T) {
	t.Parallel()
	share(t, effects, func(t *testing.T, conn *pgx.Conn, e effect) {
		exec(t, conn, e.schema)
		c := load(t, conn)
		e.predict(t, c)
		e.run(t, conn, c)
	})
}

func (e effect) title() string { return e.name }
func (e effect) first() int    { return e.since }

func (e effect) predict(t *testing.T, c *Catalog) {
	k := closure(t, c, e.write)
	if got := told(c, k); got != e.want {
		t.Errorf("predicted %s, want %s (%s)", got, e.want, k.Anything)
	}
}

func (e effect) run(t *testing.T, conn *pgx.Conn, c *Catalog) {
	was := changed(t, conn, c, e.write)
	if len(was) == 0 {
		t.Errorf("%s changed nothing", e.write)
	}
	if miss := missed(c, closure(t, c, e.write), was); len(miss) > 0 {
		t.Errorf("changed but not predicted: %v", miss)
	}
}
