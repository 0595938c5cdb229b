package schemafile

import "testing"

func TestWhatIsSaidOfADatabaseIsSaidOfAnother(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ALTER DATABASE shop SET search_path = app;":                          `ALTER DATABASE "x""y" SET search_path = app;`,
		"alter /* a */ database -- b\n \"Shop 1\" reset all":                  "alter /* a */ database -- b\n \"x\"\"y\" reset all",
		"SELECT 1; GRANT CONNECT ON DATABASE shop TO app; SELECT 2;":          `SELECT 1; GRANT CONNECT ON DATABASE "x""y" TO app; SELECT 2;`,
		"REVOKE ALL ON DATABASE shop FROM PUBLIC":                             `REVOKE ALL ON DATABASE "x""y" FROM PUBLIC`,
		"ALTER ROLE app IN DATABASE shop SET work_mem = '1MB'":                `ALTER ROLE app IN DATABASE "x""y" SET work_mem = '1MB'`,
		"COMMENT ON DATABASE shop IS 'ALTER DATABASE shop'":                   `COMMENT ON DATABASE "x""y" IS 'ALTER DATABASE shop'`,
		"CREATE DATABASE shop":                                                "CREATE DATABASE shop",
		"DROP DATABASE shop":                                                  "DROP DATABASE shop",
		"GRANT SELECT ON database TO app":                                     "GRANT SELECT ON database TO app",
		"REVOKE SELECT ON database FROM app":                                  "REVOKE SELECT ON database FROM app",
		"COMMENT ON COLUMN database.shop IS 'x'":                              "COMMENT ON COLUMN database.shop IS 'x'",
		"DO $$ BEGIN EXECUTE 'ALTER DATABASE shop SET a = b'; END $$":         "DO $$ BEGIN EXECUTE 'ALTER DATABASE shop SET a = b'; END $$",
		"SELECT a AS database, shop FROM t; -- ALTER DATABASE shop SET a = b": "SELECT a AS database, shop FROM t; -- ALTER DATABASE shop SET a = b",
		"ALTER DATABASE ${NAME} SET a = b":                                    "ALTER DATABASE ${NAME} SET a = b",
	} {
		if got := Retarget(text, `x"y`); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
