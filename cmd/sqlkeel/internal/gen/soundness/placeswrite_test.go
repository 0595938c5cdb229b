package soundness

import (
	"slices"
	"strings"
)

// table is what most of the following writes change, and logged what a trigger
// needs.
const (
	filled  = "CREATE TABLE t@ (x int PRIMARY KEY, e text)\nINSERT INTO t@ VALUES (1, 'a')\n"
	empty   = "CREATE TABLE t@ (x int, e text)\n"
	trigger = "CREATE FUNCTION f@() RETURNS trigger LANGUAGE plpgsql LABEL AS "
	same    = "CREATE FUNCTION same@() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$\n"
	insert  = "INSERT INTO t@ (x) VALUES (5)"
)

// writePlaces are in statements that write and in what those set in motion.
var writePlaces = []place{
	{name: "VALUES of INSERT", setup: empty, write: "INSERT INTO t@ VALUES (1, E(5))"},
	{name: "SELECT of INSERT", setup: empty, write: "INSERT INTO t@ SELECT s.x, E(s.x) FROM src s"},
	{name: "SET", setup: filled, write: "UPDATE t@ SET e = E(t@.x)"},
	{name: "WHERE of UPDATE", setup: filled, write: "UPDATE t@ SET e = 'b' WHERE E(t@.x) IS NOT NULL"},
	{name: "WHERE of DELETE", setup: filled, write: "DELETE FROM t@ WHERE E(t@.x) IS NOT NULL"},
	{name: "RETURNING", setup: filled, write: "UPDATE t@ SET e = 'b' RETURNING E(t@.x)"},
	{name: "ON CONFLICT", setup: filled, write: "INSERT INTO t@ VALUES (1, 'b') ON CONFLICT (x) DO UPDATE SET e = E(t@.x)"},
	{name: "WHERE of ON CONFLICT", setup: filled, write: "INSERT INTO t@ VALUES (1, 'b') ON CONFLICT (x) DO UPDATE SET e = 'c' WHERE E(t@.x) IS NOT NULL"},
	{name: "MERGE's condition", setup: filled, write: "MERGE INTO t@ USING src s ON t@.x = s.x WHEN NOT MATCHED AND E(s.x) IS NOT NULL THEN INSERT VALUES (s.x, 'b')"},
	{name: "MERGE's action", setup: filled, write: "MERGE INTO t@ USING src s ON t@.x < s.x WHEN MATCHED THEN UPDATE SET e = E(s.x)"},
	{name: "an argument of CALL", write: "CALL nothing(E(5))"},
	{name: "a procedure", setup: "CREATE PROCEDURE p@(i int) LANGUAGE plpgsql AS $$ BEGIN PERFORM E(i); END $$", write: "CALL p@(5)"},
	{name: "a procedure in SQL", setup: "CREATE PROCEDURE p@(i int) LANGUAGE sql AS $$ SELECT E(i) $$", write: "CALL p@(5)"},
	{name: "a materialised view", setup: "CREATE MATERIALIZED VIEW m@ AS SELECT E(s.x) AS e FROM src s", write: "REFRESH MATERIALIZED VIEW m@"},

	{name: "a column's default", setup: "CREATE TABLE t@ (x int, e text DEFAULT E(5))", write: insert},
	{name: "a view's default", setup: empty + "CREATE VIEW v@ AS SELECT t@.x, t@.e FROM t@\nALTER VIEW v@ ALTER COLUMN e SET DEFAULT E(5)", write: "INSERT INTO v@ (x) VALUES (5)"},
	{name: "a domain's default", setup: "CREATE DOMAIN dom@ AS text DEFAULT E(5)\nCREATE TABLE t@ (x int, e dom@)", write: insert},
	{name: "a default by name", setup: "CREATE TABLE t@ (x int, e text DEFAULT E(5))\nINSERT INTO t@ VALUES (1, 'a')", write: "UPDATE t@ SET e = DEFAULT"},
	{name: "a default with a domain", setup: checked + "\nCREATE TABLE t@ (x int, e text DEFAULT (5::dom@)::text)", write: insert},
	{name: "a generated column", setup: "CREATE TABLE t@ (x int, e text GENERATED ALWAYS AS (E(x)) STORED)", write: insert},
	{name: "a generated column updated", setup: "CREATE TABLE t@ (x int, e text GENERATED ALWAYS AS (E(x)) STORED)\nINSERT INTO t@ VALUES (1)", write: "UPDATE t@ SET x = x + 1"},
	{name: "a CHECK", setup: "CREATE TABLE t@ (x int CHECK (E(x) IS NOT NULL))", write: insert},
	{name: "a CHECK updated", setup: "CREATE TABLE t@ (x int, e text, CHECK (E(x) IS NOT NULL))\nINSERT INTO t@ VALUES (1)", write: "UPDATE t@ SET x = 6"},
	{name: "a CHECK with a domain", setup: checked + "\nCREATE TABLE t@ (x int CHECK ((x::dom@) > 0))", write: insert},
	{name: "a column of a domain", setup: checked + "\nCREATE TABLE t@ (x dom@)", write: insert},
	{name: "a column of a row with a domain", setup: checked + "\nCREATE TYPE c@ AS (a dom@)\nCREATE TABLE t@ (c c@)", write: "INSERT INTO t@ VALUES (ROW(5))"},
	{name: "a rule's action", setup: empty + "CREATE TABLE u@ (e text)\nCREATE RULE r AS ON INSERT TO t@ DO ALSO INSERT INTO u@ VALUES (E(NEW.x))", write: insert},
	{name: "a rule's condition", setup: empty + "CREATE TABLE u@ (e text)\nCREATE RULE r AS ON INSERT TO t@ WHERE E(NEW.x) IS NOT NULL DO ALSO INSERT INTO u@ VALUES ('a')", write: insert},
	{name: "a rule's action with a domain", setup: checked + "\n" + empty + "CREATE TABLE u@ (n int)\nCREATE RULE r AS ON INSERT TO t@ DO ALSO INSERT INTO u@ VALUES (NEW.x::dom@)", write: insert},
	{name: "a rule's query", setup: empty + "CREATE RULE r AS ON INSERT TO t@ DO ALSO SELECT E(NEW.x)", write: insert},
	{name: "a rule INSTEAD", setup: empty + "CREATE VIEW v@ AS SELECT t@.x FROM t@\nCREATE RULE r AS ON INSERT TO v@ DO INSTEAD INSERT INTO t@ VALUES (NEW.x, E(NEW.x))", write: "INSERT INTO v@ VALUES (5)"},
	{name: "an index", setup: empty + "CREATE INDEX ON t@ ((E(x)))", write: insert},
	{name: "an index's condition", setup: empty + "CREATE INDEX ON t@ (x) WHERE E(x) IS NOT NULL", write: insert},
	{name: "an index's condition with a domain", setup: checked + "\n" + empty + "CREATE INDEX ON t@ ((x + 1)) WHERE (x::dom@) > 0", write: insert},
	{name: "an exclusion", setup: empty + "ALTER TABLE t@ ADD EXCLUDE USING btree ((E(x)) WITH =)", write: insert},
	{name: "an index's comparison", setup: compared + "\nCREATE TABLE t@ (c c@)\nCREATE INDEX ON t@ (c)", write: "INSERT INTO t@ VALUES (ROW(1)), (ROW(2))"},
	{name: "a key's comparison", setup: compared + "\nCREATE TABLE t@ (c c@ PRIMARY KEY)", write: "INSERT INTO t@ VALUES (ROW(1)), (ROW(2))"},
	{name: "a part's comparison", setup: compared + "\nCREATE TABLE t@ (c c@) PARTITION BY RANGE (c)\nCREATE TABLE part@ PARTITION OF t@ FOR VALUES FROM (ROW(1)) TO (ROW(9))", write: "INSERT INTO t@ VALUES (ROW(2))"},
	{name: "a partition of a partition", setup: "CREATE TABLE t@ (x int, e text) PARTITION BY LIST (x)\nCREATE TABLE part@ PARTITION OF t@ DEFAULT PARTITION BY LIST ((E(x)))\nCREATE TABLE piece@ PARTITION OF part@ DEFAULT", write: insert},
	{name: "a trigger of a partition", setup: "CREATE TABLE t@ (x int, e text) PARTITION BY LIST (x)\nCREATE TABLE part@ PARTITION OF t@ DEFAULT\n" + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON part@ FOR EACH ROW EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger on TRUNCATE", setup: empty + trigger + "$$ BEGIN PERFORM E(5); RETURN NULL; END $$\nCREATE TRIGGER g BEFORE TRUNCATE ON t@ EXECUTE FUNCTION f@()", write: "TRUNCATE t@"},
	{name: "a trigger that a rule fires", setup: empty + "CREATE TABLE u@ (x int)\nCREATE RULE r AS ON INSERT TO t@ DO ALSO INSERT INTO u@ VALUES (NEW.x)\n" + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON u@ FOR EACH ROW EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger with old rows", setup: filled + trigger + "$$ DECLARE e text; BEGIN SELECT max(E(o.x)) INTO e FROM gone o; RETURN NULL; END $$\nCREATE TRIGGER g AFTER DELETE ON t@ REFERENCING OLD TABLE AS gone EXECUTE FUNCTION f@()", write: "DELETE FROM t@"},
	{name: "a trigger on a column", setup: filled + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE UPDATE OF e ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "UPDATE t@ SET e = 'b'"},
	{name: "a trigger of MERGE", setup: empty + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "MERGE INTO t@ USING src s ON false WHEN NOT MATCHED THEN INSERT VALUES (s.x, 'b')"},
	{name: "a trigger that is told what to do", setup: empty + trigger + "$$ BEGIN IF TG_ARGV[0] = 'a' AND TG_OP = 'INSERT' THEN PERFORM E(NEW.x); END IF; RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON t@ FOR EACH ROW EXECUTE FUNCTION f@('a')", write: insert},
	{name: "a rule of DELETE", setup: filled + "CREATE TABLE u@ (e text)\nCREATE RULE r AS ON DELETE TO t@ DO ALSO INSERT INTO u@ VALUES (E(OLD.x))", write: "DELETE FROM t@"},
	{name: "a rule of a view's UPDATE", setup: filled + "CREATE VIEW v@ AS SELECT t@.x, t@.e FROM t@\nCREATE RULE r AS ON UPDATE TO v@ DO INSTEAD UPDATE t@ SET e = E(OLD.x) WHERE t@.x = OLD.x", write: "UPDATE v@ SET e = 'b'"},
	{name: "a key that is set to its default", setup: "CREATE TABLE t@ (x int PRIMARY KEY)\nINSERT INTO t@ VALUES (1)\nCREATE TABLE c@ (x int DEFAULT NULLIF(length(E(5)), length(E(5))) REFERENCES t@ ON DELETE SET DEFAULT)\nINSERT INTO c@ VALUES (1)", write: "DELETE FROM t@"},
	{name: "a CHECK behind a foreign key", setup: filled + "CREATE TABLE c@ (x int REFERENCES t@ ON UPDATE CASCADE CHECK (E(x) IS NOT NULL))\nINSERT INTO c@ VALUES (1)", write: "UPDATE t@ SET x = 2"},
	{name: "a common table that writes", setup: filled, write: "WITH w AS (UPDATE t@ SET e = E(t@.x) RETURNING t@.x) SELECT w.x FROM w"},
	{name: "a partition key", setup: "CREATE TABLE t@ (x int, e text) PARTITION BY LIST ((E(x)))\nCREATE TABLE part@ PARTITION OF t@ DEFAULT", write: insert},
	{name: "a partition's CHECK", setup: "CREATE TABLE t@ (x int, e text) PARTITION BY LIST (x)\nCREATE TABLE part@ PARTITION OF t@ (CHECK (E(x) IS NOT NULL)) DEFAULT", write: insert},
	{name: "a child's CHECK", setup: filled + "CREATE TABLE child@ (CHECK (E(x) IS NOT NULL)) INHERITS (t@)\nINSERT INTO child@ VALUES (1)", write: "UPDATE t@ SET x = 2"},
	{name: "a policy's CHECK", visits: true, setup: empty + "ALTER TABLE t@ ENABLE ROW LEVEL SECURITY\nCREATE POLICY p ON t@ WITH CHECK (E(x) IS NOT NULL)", write: insert},
	{name: "a policy of UPDATE", visits: true, setup: filled + "ALTER TABLE t@ ENABLE ROW LEVEL SECURITY\nCREATE POLICY p ON t@ USING (E(x) IS NOT NULL)", write: "UPDATE t@ SET e = 'b'"},

	{name: "a view WITH CHECK OPTION", setup: empty + "CREATE VIEW v@ AS SELECT t@.x FROM t@ WHERE E(t@.x) IS NOT NULL WITH CHECK OPTION", write: "INSERT INTO v@ VALUES (5)"},
	{name: "the WHERE of a view that changes", setup: filled + "CREATE VIEW v@ AS SELECT t@.x, t@.e FROM t@ WHERE E(t@.x) IS NOT NULL", write: "UPDATE v@ SET e = 'b'"},
	{name: "the WHERE of a view of a view that changes",
		setup: filled + "CREATE VIEW u@ AS SELECT t@.x, t@.e FROM t@ WHERE E(t@.x) IS NOT NULL\nCREATE VIEW v@ AS SELECT u@.x, u@.e FROM u@", write: "DELETE FROM v@"},

	{name: "a trigger's WHEN", setup: empty + same + "CREATE TRIGGER g BEFORE INSERT ON t@ FOR EACH ROW WHEN (E(NEW.x) IS NOT NULL) EXECUTE FUNCTION same@()", write: insert},
	{name: "WHEN of a trigger after", setup: empty + same + "CREATE TRIGGER g AFTER INSERT ON t@ FOR EACH ROW WHEN (E(NEW.x) IS NOT NULL) EXECUTE FUNCTION same@()", write: insert},
	{name: "WHEN of a trigger of statements", setup: empty + same + "CREATE TRIGGER g AFTER INSERT ON t@ FOR EACH STATEMENT WHEN (E(5) IS NOT NULL) EXECUTE FUNCTION same@()", write: insert},
	{name: "WHEN with a domain", setup: checked + "\n" + empty + same + "CREATE TRIGGER g AFTER INSERT ON t@ FOR EACH ROW WHEN ((NEW.x::dom@) > 0) EXECUTE FUNCTION same@()", write: insert},
	{name: "a trigger before", setup: empty + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger that alters", setup: empty + trigger + "$$ BEGIN NEW.e := E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g BEFORE INSERT ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger after", setup: filled + trigger + "$$ DECLARE r record := ROW(E(OLD.x)); BEGIN RETURN NULL; END $$\nCREATE TRIGGER g AFTER UPDATE ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "UPDATE t@ SET e = 'b'"},
	{name: "a trigger on DELETE", setup: filled + trigger + "$$ BEGIN PERFORM E(OLD.x); RETURN OLD; END $$\nCREATE TRIGGER g BEFORE DELETE ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "DELETE FROM t@"},
	{name: "a trigger of statements", setup: empty + trigger + "$$ BEGIN IF E(5) IS NOT NULL THEN RETURN NULL; END IF; RETURN NULL; END $$\nCREATE TRIGGER g AFTER INSERT ON t@ EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger with its rows", setup: empty + trigger + "$$ DECLARE e text; BEGIN SELECT max(E(n.x)) INTO e FROM fresh n; RETURN NULL; END $$\nCREATE TRIGGER g AFTER INSERT ON t@ REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger that is deferred", setup: empty + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NULL; END $$\nCREATE CONSTRAINT TRIGGER g AFTER INSERT ON t@ DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f@()", write: insert},
	{name: "a trigger INSTEAD", setup: empty + "CREATE VIEW v@ AS SELECT t@.x FROM t@\n" + trigger + "$$ BEGIN PERFORM E(NEW.x); RETURN NEW; END $$\nCREATE TRIGGER g INSTEAD OF INSERT ON v@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "INSERT INTO v@ VALUES (5)"},
	{name: "a trigger behind a foreign key",
		setup: filled + "CREATE TABLE c@ (x int REFERENCES t@ ON DELETE CASCADE)\nINSERT INTO c@ VALUES (1)\n" + trigger + "$$ BEGIN PERFORM E(OLD.x); RETURN OLD; END $$\nCREATE TRIGGER g BEFORE DELETE ON c@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "DELETE FROM t@"},
	{name: "a trigger on a generated column",
		setup: "CREATE TABLE t@ (x int, e text, y int GENERATED ALWAYS AS (x * 2) STORED)\nINSERT INTO t@ VALUES (1, 'a')\n" + same +
			"CREATE TRIGGER a BEFORE UPDATE ON t@ FOR EACH ROW EXECUTE FUNCTION same@()\n" + trigger +
			"$$ BEGIN PERFORM E(NEW.x); RETURN NULL; END $$\nCREATE TRIGGER g AFTER UPDATE OF y ON t@ FOR EACH ROW EXECUTE FUNCTION f@()", write: "UPDATE t@ SET e = 'b'"},
	{name: "a trigger on a generated column, through a view",
		setup: "CREATE TABLE t@ (x int, e text, y int GENERATED ALWAYS AS (x * 2) STORED)\nINSERT INTO t@ VALUES (1, 'a')\n" + same +
			"CREATE TRIGGER a BEFORE UPDATE ON t@ FOR EACH ROW EXECUTE FUNCTION same@()\n" + trigger +
			"$$ BEGIN PERFORM E(NEW.x); RETURN NULL; END $$\nCREATE TRIGGER g AFTER UPDATE OF y ON t@ FOR EACH ROW EXECUTE FUNCTION f@()\nCREATE VIEW v@ AS SELECT t@.x, t@.e AS p FROM t@", write: "UPDATE v@ SET p = 'b'"},
}

// behind puts the writes of places into bodies, which do them when a value is
// asked for.
func behind(writes []place) []place {
	var list []place
	for i, w := range writes {
		if w.visits || strings.HasPrefix(w.write, "REFRESH") {
			continue
		}
		body := []string{
			"LANGUAGE plpgsql AS $$ BEGIN " + w.write + "; RETURN i; END $$",
			"LANGUAGE sql AS $$ " + w.write + "; SELECT i::text $$",
			"LANGUAGE sql BEGIN ATOMIC " + w.write + "; SELECT i::text; END",
		}
		if strings.Contains(w.write, "CALL") || strings.Contains(w.write, "RETURNING") {
			body = body[1:2]
		}
		list = append(list, place{name: w.name + ", behind a body", idle: true, value: "h@(X)",
			setup: w.setup + "\nCREATE FUNCTION h@(i int) RETURNS text " + body[i%len(body)]})
	}
	return list
}

// families are all places, by what they need beside their expression: those of
// plainFamilies no domain and no cast of one's own.
var (
	plainFamilies = [][]place{
		slices.Concat(queryPlaces, viewPlaces, sqlPlaces), slices.Concat(plpgsqlPlaces, idlePlaces), plainWrites, behind(plainWrites),
	}
	typeFamilies = [][]place{typePlaces, domainWrites, behind(domainWrites)}
)

// valuePlaces are those that give a value.
var valuePlaces = slices.Concat(queryPlaces, viewPlaces, sqlPlaces, typePlaces, plpgsqlPlaces, idlePlaces, behind(plainWrites), behind(domainWrites))

// plainWrites need no domain.
var plainWrites = slices.DeleteFunc(slices.Clone(writePlaces), place.checks)

var domainWrites = slices.DeleteFunc(slices.Clone(writePlaces), func(p place) bool { return !p.checks() })

// checks reports whether a domain checks the expression.
func (p place) checks() bool { return strings.Contains(p.setup, checked) }
