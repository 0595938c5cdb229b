package txn_test

// In these plays transactions read, decide, and write something that another
// one's decision rests on.
var decisions = []play{
	{
		name:   "two paint over each other's colour",
		schema: `CREATE TABLE dots (id int PRIMARY KEY, color text NOT NULL)`,
		fill: `DELETE FROM dots;
			INSERT INTO dots VALUES (1, 'black'), (2, 'white'), (3, 'black'), (4, 'white')`,
		state: `SELECT id, color FROM dots ORDER BY id`,
		roles: []role{
			{steps: []step{say(`UPDATE dots SET color = 'white' WHERE color = 'black'`)}},
			{steps: []step{say(`UPDATE dots SET color = 'black' WHERE color = 'white'`)}},
		},
		torn: "ABAB",
	},
	{
		name:   "two withdraw what both accounts hold together",
		schema: `CREATE TABLE accounts (kind text PRIMARY KEY, cents int NOT NULL)`,
		fill:   `DELETE FROM accounts; INSERT INTO accounts VALUES ('checking', 100), ('savings', 100)`,
		state:  `SELECT kind, cents FROM accounts ORDER BY kind`,
		roles:  []role{withdraw("checking"), withdraw("savings")},
		torn:   "ABABAB",
	},
	{
		name: "somebody is charged by a statute that is repealed for the day",
		schema: `CREATE TABLE statutes (code text, since int, until int);
			CREATE TABLE offenses (number int, code text, day int)`,
		fill:  `DELETE FROM offenses; DELETE FROM statutes; INSERT INTO statutes VALUES ('theft', 1, 100)`,
		state: `SELECT code, since, until FROM statutes UNION ALL SELECT code, number, day FROM offenses ORDER BY 1, 2, 3`,
		roles: []role{
			{steps: []step{
				keep("statutes", `SELECT count(*)::int FROM statutes WHERE code = 'theft' AND 50 BETWEEN since AND until`),
				say(`INSERT INTO offenses SELECT 7, 'theft', 50 WHERE $1 > 0`, "statutes"),
			}},
			{steps: []step{
				keep("offenses", `SELECT count(*)::int FROM offenses WHERE code = 'theft' AND day > 40`),
				say(`UPDATE statutes SET until = 40 WHERE code = 'theft' AND $1 = 0`, "offenses"),
			}},
		},
		torn: "ABABAB",
	},
	{
		name: "a project is given to one who stops being a manager",
		schema: `CREATE TABLE people (name text PRIMARY KEY, manages bool NOT NULL);
			CREATE TABLE projects (name text PRIMARY KEY, manager text NOT NULL)`,
		fill:  `DELETE FROM projects; DELETE FROM people; INSERT INTO people VALUES ('ada', true), ('bob', true)`,
		state: `SELECT name, manages::text FROM people UNION ALL SELECT name, manager FROM projects ORDER BY 1`,
		roles: []role{
			{steps: []step{
				keep("manages", `SELECT manages FROM people WHERE name = 'ada'`),
				say(`INSERT INTO projects SELECT 'bridge', 'ada' WHERE $1`, "manages"),
			}},
			{steps: []step{
				keep("projects", `SELECT count(*)::int FROM projects WHERE manager = 'ada'`),
				say(`UPDATE people SET manages = false WHERE name = 'ada' AND $1 = 0`, "projects"),
			}},
		},
		torn: "ABABAB",
	},
	{
		name: "a class has more students than seats",
		schema: `CREATE TABLE classes (class text PRIMARY KEY, seats int NOT NULL);
			CREATE TABLE roster (class text, student text, PRIMARY KEY (class, student))`,
		fill: `DELETE FROM roster; DELETE FROM classes;
			INSERT INTO classes VALUES ('go', 3);
			INSERT INTO roster VALUES ('go', 'ann'), ('go', 'ben')`,
		state: `SELECT class, seats::text FROM classes UNION ALL SELECT class, student FROM roster ORDER BY 1, 2`,
		roles: []role{enrol("cid"), enrol("dan"), {steps: []step{
			keep("students", `SELECT count(*)::int FROM roster WHERE class = 'go'`),
			say(`UPDATE classes SET seats = 2 WHERE class = 'go' AND $1 <= 2`, "students"),
		}}},
		torn: "AABBABABCCC",
	},
	bookings("a room is booked twice", role{}),
}

// withdraw takes 200 from an account when all accounts hold that much.
func withdraw(kind string) role {
	return role{steps: []step{
		keep("total", `SELECT sum(cents)::int FROM accounts`),
		say(`UPDATE accounts SET cents = cents - 200 WHERE kind = '`+kind+`' AND $1 >= 200`, "total"),
	}}
}

// enrol takes a seat for the student if there is one.
func enrol(student string) role {
	return role{steps: []step{
		keep("seats", `SELECT seats FROM classes WHERE class = 'go'`),
		keep("students", `SELECT count(*)::int FROM roster WHERE class = 'go'`),
		say(`INSERT INTO roster SELECT 'go', '`+student+`' WHERE $1 < $2::int`, "students", "seats"),
	}}
}

// bookings is about a room that three book, each in a role like the one given.
func bookings(name string, like role) play {
	p := play{
		name:   name,
		schema: `CREATE TABLE bookings (room int, since int, until int, title text)`,
		fill:   `DELETE FROM bookings; INSERT INTO bookings VALUES (1, 8, 10, 'early')`,
		state:  `SELECT room, since, until, title FROM bookings ORDER BY since, title`,
		torn:   "ABABABCCC",
	}
	for _, steps := range [][]step{book("10", "12", "tea"), book("11", "13", "lunch"), book("12", "14", "talk")} {
		like.steps = steps
		p.roles = append(p.roles, like)
	}
	return p
}

// book takes the room for the time unless it is taken.
func book(since, until, title string) []step {
	return []step{
		keep("taken", `SELECT count(*)::int FROM bookings WHERE room = 1 AND since < `+until+` AND until > `+since),
		say(`INSERT INTO bookings SELECT 1, `+since+`, `+until+`, '`+title+`' WHERE $1 = 0`, "taken"),
	}
}
