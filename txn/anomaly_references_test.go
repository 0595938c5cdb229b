package txn_test

// In these plays a rule about two tables, or about what is unique, is kept by
// reads before the writes.
var references = []play{
	{
		name: "triggers keep a reference by looking without a lock",
		schema: `CREATE TABLE parents (id int PRIMARY KEY);
			CREATE TABLE children (parent int NOT NULL);
			CREATE FUNCTION need_parent() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				IF NOT EXISTS (SELECT FROM parents WHERE id = NEW.parent) THEN
					RAISE EXCEPTION 'no such parent' USING ERRCODE = '23503';
				END IF;
				RETURN NEW;
			END $$;
			CREATE FUNCTION need_no_child() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				IF EXISTS (SELECT FROM children WHERE parent = OLD.id) THEN
					RAISE EXCEPTION 'there are children' USING ERRCODE = '23503';
				END IF;
				RETURN OLD;
			END $$;
			CREATE TRIGGER need_parent BEFORE INSERT ON children FOR EACH ROW EXECUTE FUNCTION need_parent();
			CREATE TRIGGER need_no_child BEFORE DELETE ON parents FOR EACH ROW EXECUTE FUNCTION need_no_child()`,
		fill:  `DELETE FROM children; DELETE FROM parents; INSERT INTO parents VALUES (1), (2)`,
		state: `SELECT 'parent', id FROM parents UNION ALL SELECT 'child', parent FROM children ORDER BY 1, 2`,
		roles: []role{
			{steps: []step{say(`INSERT INTO children VALUES (1)`)}},
			{steps: []step{say(`DELETE FROM parents WHERE id = 1`)}},
		},
		torn: "ABAB",
	},
	{
		name: "a reference is kept by hand",
		schema: `CREATE TABLE parents (id int PRIMARY KEY);
			CREATE TABLE children (parent int NOT NULL)`,
		fill:  `DELETE FROM children; DELETE FROM parents; INSERT INTO parents VALUES (1), (2)`,
		state: `SELECT 'parent', id FROM parents UNION ALL SELECT 'child', parent FROM children ORDER BY 1, 2`,
		roles: []role{
			{steps: []step{
				keep("parents", `SELECT count(*)::int FROM parents WHERE id = 1`),
				say(`INSERT INTO children SELECT 1 WHERE $1 > 0`, "parents"),
			}},
			{steps: []step{
				say(`SELECT id FROM parents ORDER BY id`),
				keep("children", `SELECT count(*)::int FROM children WHERE parent = 1`),
				say(`DELETE FROM parents WHERE id = 1 AND $1 = 0`, "children"),
			}},
		},
		torn: "ABBABAB",
	},
	{
		// A name that two found free is refused to the second with 40001, not
		// 23505, since it has read the place in the index.
		name:     "a name is taken by two who found it free",
		schema:   `CREATE TABLE names (name text PRIMARY KEY, owner text NOT NULL)`,
		fill:     `DELETE FROM names; INSERT INTO names VALUES ('a', 'nobody'), ('z', 'nobody')`,
		state:    `SELECT name, owner FROM names ORDER BY name`,
		settings: map[string]string{"enable_seqscan": "off"},
		roles:    []role{claim("ann"), claim("ben")},
		torn:     "ABABAB",
	},
}

// claim takes the name if it is free.
func claim(owner string) role {
	return role{steps: []step{
		keep("taken", `SELECT count(*)::int FROM names WHERE name = 'm'`),
		say(`INSERT INTO names SELECT 'm', '`+owner+`' WHERE $1 = 0`, "taken"),
	}}
}
