package txn_test

// In these plays the transactions that write are in a serial order, and one that
// reads, at times only that, sees what no serial order would show.
var reports = []play{
	{
		name: "a receipt is added to a day that was reported as closed",
		schema: `CREATE TABLE batches (day int NOT NULL);
			CREATE TABLE receipts (number int PRIMARY KEY, day int NOT NULL)`,
		fill: `DELETE FROM receipts; DELETE FROM batches;
			INSERT INTO batches VALUES (1);
			INSERT INTO receipts VALUES (1, 1), (2, 1)`,
		state: `SELECT 0, day FROM batches UNION ALL SELECT number, day FROM receipts ORDER BY 1`,
		roles: []role{
			{steps: []step{
				keep("day", `SELECT day FROM batches`),
				say(`INSERT INTO receipts VALUES (3, $1)`, "day"),
			}},
			{steps: []step{say(`UPDATE batches SET day = day + 1`)}},
			{readOnly: true, steps: []step{
				keep("day", `SELECT day FROM batches`),
				say(`SELECT number FROM receipts WHERE day = $1 - 1 ORDER BY number`, "day"),
			}},
		},
		torn: "ABBCCCAA",
	},
	overdraft("a balance shows a deposit but not the fee that it should have spared", role{}),
	overdraft("the same in a transaction that is read only", role{readOnly: true}),
	overdraft("the same in one that is deferrable and so never refused", role{readOnly: true, deferrable: true}),
	{
		name:     "four pass on versions of rows in a circle",
		schema:   `CREATE TABLE cells (id int PRIMARY KEY, text text NOT NULL) WITH (fillfactor = 50)`,
		fill:     `DELETE FROM cells; INSERT INTO cells VALUES (1, 'x'), (2, 'y'), (3, 'z')`,
		state:    `SELECT id, text FROM cells ORDER BY id`,
		settings: map[string]string{"enable_seqscan": "off"},
		roles: []role{
			{steps: []step{
				say(`SELECT text FROM cells WHERE id = 1`),
				say(`UPDATE cells SET text = 'a' WHERE id = 3`),
			}},
			{steps: []step{say(`UPDATE cells SET text = 'b' WHERE id = 1`)}},
			{steps: []step{
				say(`UPDATE cells SET text = 'c' WHERE id = 1`),
				say(`SELECT text FROM cells WHERE id = 2`),
			}},
			{steps: []step{
				say(`UPDATE cells SET text = 'd' WHERE id = 2`),
				say(`SELECT text FROM cells WHERE id = 3`),
			}},
		},
		torn: "ABBCCDDDCAA",
	},
	{
		name: "of two counters the one that follows is seen too late",
		schema: `CREATE TABLE lead (n int NOT NULL);
			CREATE TABLE follow (n int NOT NULL)`,
		fill: `DELETE FROM follow; DELETE FROM lead;
			INSERT INTO lead VALUES (1);
			INSERT INTO follow VALUES (1)`,
		state: `SELECT lead.n, follow.n FROM lead, follow`,
		roles: []role{
			{steps: []step{say(`UPDATE lead SET n = n + 1`)}},
			{steps: []step{say(`UPDATE follow SET n = (SELECT n + 1 FROM lead)`)}},
			{steps: []step{say(`SELECT n FROM lead`), say(`SELECT n FROM follow`)}},
		},
		torn: "BAACCCB",
	},
}

// overdraft is about a withdrawal (A) that costs a fee when the accounts do not
// hold enough, a deposit (B), and one who looks at the balances (C).
func overdraft(name string, reader role) play {
	reader.steps = []step{say(`SELECT kind, cents FROM accounts ORDER BY kind`)}
	return play{
		name:   name,
		schema: `CREATE TABLE accounts (kind text PRIMARY KEY, cents int NOT NULL)`,
		fill:   `DELETE FROM accounts; INSERT INTO accounts VALUES ('checking', 0), ('savings', 0)`,
		state:  `SELECT kind, cents FROM accounts ORDER BY kind`,
		roles: []role{
			{steps: []step{
				keep("total", `SELECT sum(cents)::int FROM accounts`),
				say(`UPDATE accounts SET cents = cents - 10 - CASE WHEN $1 < 10 THEN 1 ELSE 0 END
					WHERE kind = 'checking'`, "total"),
			}},
			{steps: []step{say(`UPDATE accounts SET cents = cents + 20 WHERE kind = 'savings'`)}},
			reader,
		},
		torn: "ABBCCAA",
	}
}
