package txn_test

// In these plays the reads go through an index, so that what was read is known
// more exactly than "the table", and what is written comes to be in it.
var indexed = []play{
	{
		name: "a partial index says how many are open",
		schema: `CREATE TABLE tasks (id int PRIMARY KEY, open bool NOT NULL);
			CREATE INDEX tasks_open ON tasks (id) WHERE open`,
		fill:     `DELETE FROM tasks; INSERT INTO tasks SELECT id, id = 1 FROM generate_series(1, 9) id`,
		state:    `SELECT id FROM tasks WHERE open ORDER BY id`,
		settings: throughIndexes,
		roles:    []role{open("2"), open("3")},
		torn:     "ABABAB",
	},
	{
		name: "each removes from one table the least that the other table has",
		schema: `CREATE TABLE lefts (id int PRIMARY KEY);
			CREATE TABLE rights (id int PRIMARY KEY)`,
		fill: `DELETE FROM rights; DELETE FROM lefts;
			INSERT INTO lefts SELECT generate_series(1, 9);
			INSERT INTO rights SELECT generate_series(1, 9)`,
		vacuum:   `VACUUM lefts, rights`, // so that only the index is read
		state:    `SELECT 'left', id FROM lefts UNION ALL SELECT 'right', id FROM rights ORDER BY 1, 2`,
		settings: throughIndexes,
		roles: []role{
			{steps: []step{say(`DELETE FROM lefts WHERE id = (SELECT min(id) FROM rights)`)}},
			{steps: []step{say(`DELETE FROM rights WHERE id = (SELECT min(id) FROM lefts)`)}},
		},
		torn: "ABAB",
	},
	counting("hash", "int", [2]string{"key = 1", "key = 2"}, [2]string{"1", "2"}),
	counting("gist", "point", [2]string{"key <@ box '(0,0),(2,2)'", "key <@ box '(8,8),(9,9)'"}, [2]string{"'(1,1)'", "'(9,9)'"}),
	counting("gin", "int[]", [2]string{"key @> '{1}'", "key @> '{2}'"}, [2]string{"'{1,3}'", "'{2,3}'"}),
}

var throughIndexes = map[string]string{"enable_seqscan": "off", "enable_bitmapscan": "off"}

// open opens a task if fewer than two are open.
func open(id string) role {
	return role{steps: []step{
		keep("open", `SELECT count(*)::int FROM tasks WHERE open`),
		say(`UPDATE tasks SET open = true WHERE id = `+id+` AND $1 < 2`, "open"),
	}}
}

// counting is about two who count the rows that fit a condition of their own, by
// an index of the kind, and add a row with that number which fits the other's.
func counting(kind, key string, fits, row [2]string) play {
	count := func(i int) role {
		return role{steps: []step{
			keep("count", `SELECT count(*)::int FROM marks WHERE `+fits[i]),
			say(`INSERT INTO marks VALUES (`+row[1-i]+`, $1)`, "count"),
		}}
	}
	return play{
		name: "two add what the other counted by an index of kind " + kind,
		schema: `CREATE TABLE marks (key ` + key + ` NOT NULL, n int NOT NULL);
			CREATE INDEX ON marks USING ` + kind + ` (key)`,
		fill: `DELETE FROM marks;
			INSERT INTO marks VALUES (` + row[0] + `, 0), (` + row[1] + `, 0)`,
		state:    `SELECT key::text, n FROM marks ORDER BY 1, 2`,
		settings: map[string]string{"enable_seqscan": "off"},
		roles:    []role{count(0), count(1)},
		torn:     "ABABAB",
	}
}
