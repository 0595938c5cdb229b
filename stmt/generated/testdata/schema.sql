-- What a digest is made of, in the forms that versions of PostgreSQL word differently.
CREATE SCHEMA app;
CREATE TYPE app.kind AS ENUM ('a', 'b');
CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);
CREATE FUNCTION app.f(a int, k app.kind[]) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT count(*) FROM app.t); END $$;
CREATE TABLE app.t (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int, "Mixed Case" text NOT NULL COLLATE loose,
	n numeric(10, 2) DEFAULT 3, k app.kind[], v varchar(10), p positive, g int GENERATED ALWAYS AS (length('x')) STORED,
	x timestamptz DEFAULT now(), UNIQUE NULLS NOT DISTINCT (n, v), EXCLUDE (v WITH =));
ALTER TABLE app.t DROP COLUMN gone;
CREATE TABLE child (
	id int PRIMARY KEY DEFAULT app.f(1, NULL), t bigint REFERENCES app.t ON DELETE SET NULL (t) DEFERRABLE,
	u bigint REFERENCES app.t ON UPDATE CASCADE);
CREATE UNIQUE INDEX "U" ON child (lower(id::text)) INCLUDE (u) WHERE t IS NOT NULL;
CREATE TABLE parts (id int, ts date, t bigint REFERENCES app.t, PRIMARY KEY (id, ts)) PARTITION BY RANGE (ts);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE refers (id int, ts date, FOREIGN KEY (id, ts) REFERENCES parts ON DELETE CASCADE);
CREATE TABLE base (a int);
CREATE TABLE derived (b int) INHERITS (base);
CREATE TABLE "Odd.Name" (a int);
CREATE SEQUENCE numbers;
CREATE VIEW grouped AS
	SELECT c.id, count(*) AS n, max(t.n) AS m, b.* FROM child c JOIN app.t t ON t.id = c.t LEFT JOIN base b ON true
	WHERE app.f(1, NULL) > 0 GROUP BY c.id, b.a;
CREATE VIEW nested WITH (security_invoker = true) AS
	WITH q AS (SELECT * FROM grouped)
	SELECT q.id, (SELECT sum(g) FROM app.t) AS s, row_number() OVER (ORDER BY q.n) AS r FROM q JOIN child USING (id)
	WHERE EXISTS (SELECT FROM parts p WHERE p.id = q.id) UNION SELECT a, a, a FROM derived ORDER BY 1;
CREATE VIEW whole AS SELECT b AS whole, count(*) FROM base b GROUP BY GROUPING SETS ((b), ());
CREATE VIEW joined AS SELECT x.* FROM child x FULL JOIN refers USING (id) CROSS JOIN LATERAL (SELECT ts FROM parts WHERE parts.id = x.id) y;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM grouped;
CREATE UNIQUE INDEX kept_id ON kept (id);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE UPDATE OF t, u ON child FOR EACH ROW WHEN (NEW.t > 1) EXECUTE FUNCTION note();
CREATE RULE also AS ON DELETE TO base DO ALSO INSERT INTO child (id) SELECT OLD.a;
CREATE RULE never AS ON UPDATE TO derived DO INSTEAD NOTHING;
ALTER TABLE child ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON child FOR SELECT TO PUBLIC USING (t IN (SELECT id FROM app.t WHERE n > 0) AND app.f(id, NULL) > 1);
CREATE FUNCTION atomic(i int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM child WHERE id = i AND app.f(i, NULL) = 1; END;
