package scratch

import "testing"

func TestWhatReachesBeyondTheDatabaseIsLeftOut(t *testing.T) {
	t.Parallel()
	const runs = ""
	for sql, want := range map[string][2]string{ // on a shared server, on an owned one
		"CREATE ROLE a":                                      {ofServer, runs},
		"CREATE USER a PASSWORD 'x'":                         {ofServer, runs},
		"ALTER ROLE a SET search_path = b":                   {ofServer, runs},
		"ALTER ROLE a RENAME TO b":                           {ofServer, runs},
		"DROP ROLE a":                                        {ofServer, runs},
		"GRANT a TO b":                                       {ofServer, runs},
		"DROP OWNED BY a":                                    {ofServer, runs},
		"REASSIGN OWNED BY a TO b":                           {ofServer, runs},
		"COMMENT ON ROLE a IS 'x'":                           {ofServer, runs},
		"GRANT SET ON PARAMETER work_mem TO a":               {ofServer, runs},
		"GRANT CONNECT ON DATABASE a TO b":                   {ofDatabase, ofDatabase},
		"CREATE DATABASE a":                                  {ofDatabase, ofDatabase},
		"DROP DATABASE a":                                    {ofDatabase, ofDatabase},
		"ALTER DATABASE a OWNER TO b":                        {ofDatabase, ofDatabase},
		"ALTER DATABASE a RENAME TO b":                       {ofDatabase, ofDatabase},
		"ALTER DATABASE a CONNECTION LIMIT 3":                {ofDatabase, ofDatabase},
		"COMMENT ON DATABASE a IS 'x'":                       {ofDatabase, ofDatabase},
		"ALTER SYSTEM SET work_mem = '1MB'":                  {ofDatabase, ofDatabase},
		"CREATE TABLESPACE a LOCATION '/x'":                  {ofDatabase, ofDatabase},
		"CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b": {ofDatabase, ofDatabase},
		"DO $$ BEGIN CREATE  role a; END $$":                 {ofServer, runs},
		"DO $$ BEGIN EXECUTE 'alter user a'; END $$":         {ofServer, runs},
		"DO $$ BEGIN DROP DATABASE a; END $$":                {ofDatabase, ofDatabase},
		"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = a', current_database()); END $$": {runs, runs},
		"DO $$ BEGIN PERFORM 'the role of created things'; END $$":                                        {runs, runs},
		"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ CREATE ROLE a $$":                            {runs, runs},
		"ALTER DATABASE a SET search_path = b":                                                            {runs, runs}, // of the scratch database: see schemafile.Retarget
		"GRANT SELECT ON a TO b":                                                                          {runs, runs},
		"SET ROLE a":                                                                                      {ofRole, ofRole},
		"RESET ROLE":                                                                                      {ofRole, ofRole},
		"SET SESSION AUTHORIZATION a":                                                                     {ofRole, ofRole},
		"SET search_path = a":                                                                             {runs, runs},
		"insert into a values ($1)":                                                                       {"it is a query", "it is a query"},
		"insert into a values ('$1')":                                                                     {runs, runs},
		"ALTER TABLE a OWNER TO b":                                                                        {runs, runs},
		"COMMENT ON TABLE a IS 'x'":                                                                       {runs, runs},
		"CREATE TABLE a (id int)":                                                                         {runs, runs},
		"this is no SQL":                                                                                  {runs, runs},
		"COPY a TO PROGRAM 'x'":                                                                           {"the data are not needed", "the data are not needed"},
		"SELECT $1":                                                                                       {"it is a query", "it is a query"},
		"SELECT '$1'":                                                                                     {runs, runs},
	} {
		if got := [2]string{kindOf(sql, false).skip, kindOf(sql, true).skip}; got != want {
			t.Errorf("%s: left out because %q, want %q", sql, got, want)
		}
	}
}

func TestOnlyWhatTheCatalogDoesNotShowIsHarmless(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"GRANT SELECT ON a TO b":                                  true,
		"ALTER TABLE a OWNER TO b":                                true,
		"ALTER FUNCTION f() OWNER TO b":                           true,
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a":    true,
		"COMMENT ON COLUMN a.b IS 'x'":                            true,
		"SET transaction_timeout = 0":                             true,
		"CREATE PUBLICATION p FOR ALL TABLES":                     true,
		"ALTER TABLE a OWNER TO b, ADD COLUMN c int":              false,
		"ALTER TABLE a ENABLE ROW LEVEL SECURITY":                 false,
		"CREATE POLICY p ON a TO b":                               false,
		"CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()": false,
		"CREATE EXTENSION citext":                                 false,
		"INSERT INTO a VALUES (1)":                                false,
		"DO $$ BEGIN END $$":                                      false,
	} {
		if got := kindOf(sql, false).harmless; got != want {
			t.Errorf("%s: harmless = %t", sql, got)
		}
	}
}

func TestRolesOfAStatement(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"GRANT SELECT ON a TO b, \"C d\", PUBLIC": "C d b",
		"CREATE POLICY p ON a TO x USING (true)":  "x",
		"ALTER TABLE a OWNER TO CURRENT_USER":     "",
		"CREATE SCHEMA AUTHORIZATION o":           "o",
		"not SQL":                                 "",
	} {
		got := ""
		for _, r := range rolesIn(sql) {
			if got != "" {
				got += " "
			}
			got += r
		}
		if got != want {
			t.Errorf("roles of %s = %q, want %q", sql, got, want)
		}
	}
}
