package db

import (
	"errors"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

var readStatements = []string{
	"SELECT 1",
	"  select 1;  ",
	"-- name: GetBook :one\nSELECT * FROM books WHERE id = $1",
	"-- update\nSELECT 1 /* delete /* insert */ merge */ -- into",
	"(SELECT 1) UNION (SELECT 2)",
	"WITH x AS (SELECT 1) TABLE x",
	"VALUES (1), (2)",
	"TABLE books",
	"SHOW search_path",
	"SELECT 'insert', 'it''s into', $$delete$$, $tag$ merge $$ update $tag$, E'a\\'update'",
	`SELECT "update", "a""delete" FROM "into"`,
	"SELECT key, share FROM t WHERE $1 = $2",
	"SELECT updated_at, deleted, for_share FROM inserts",
	"SELECT substring('abc' for 2)",
	"SELECT x'1F', b'01', U&'d\\0061t'",
	"SELECT a.b, -c, d::text[] FROM e",
	"SELECT größe FROM straße",
	`SELECT '\', '\\', E'\''`,
	"SELECT 'a' -- x\n'; DELETE'",
	"SELECT begin atomic FROM t",
}

var notReadStatements = map[string]string{
	"":                              "empty",
	" -- x":                         "empty",
	";":                             "empty",
	"/* x":                          "empty",
	"INSERT INTO t VALUES (1)":      "begins with INSERT",
	"update t set n = 1":            "begins with UPDATE",
	"DELETE FROM t":                 "begins with DELETE",
	"TRUNCATE t":                    "begins with TRUNCATE",
	"CALL p()":                      "begins with CALL",
	"DO $$ BEGIN END $$":            "begins with DO",
	"COPY t TO STDOUT":              "begins with COPY",
	"EXPLAIN ANALYZE DELETE FROM t": "begins with EXPLAIN",
	"SET x = 1":                     "begins with SET",
	"BEGIN":                         "begins with BEGIN",
	"WITH x AS (DELETE FROM t RETURNING *) TABLE x": "contains DELETE",
	"WITH x AS (SELECT 1) INSERT INTO t TABLE x":    "contains INSERT",
	"WITH x AS (SELECT 1) MERGE INTO t USING x":     "contains MERGE",
	"SELECT * INTO u FROM t":                        "contains INTO",
	"SELECT * FROM t FOR UPDATE":                    "contains UPDATE",
	"SELECT * FROM t FOR NO KEY UPDATE":             "contains UPDATE",
	"SELECT * FROM t FOR SHARE":                     "locks rows",
	"SELECT * FROM t for /* x */ key SHARE":         "locks rows",
	"SELECT 1; SELECT 2":                            "more than one",
	"SELECT 1; DELETE FROM t":                       "more than one",
	"SELECT '/*'; DELETE FROM t -- */":              "more than one",
	"-- x\rDELETE FROM t":                           "begins with DELETE",
	"SELECT $1$2 FROM t; DELETE FROM t":             "more than one",
	"SELECT a$b$ FROM t; DELETE FROM t; SELECT $b$": "more than one",
	"SELECT E'\\\\'; DELETE FROM t":                 "more than one",
	"SELECT fooe'\\'; DELETE FROM t; --'":           "ends in a backslash",
	"SELECT '\\' || '; DELETE FROM t; --'":          "ends in a backslash",
	`SELECT 'a\''; DELETE FROM t; --'`:              "ends in a backslash",
	"SELECT 1into u FROM t":                         "contains INTO",
	"SELECT begin atomic FROM t; DELETE FROM t":     "more than one",
	"SELECT 'a' /* x\n*/ 'b'; DELETE FROM t":        "more than one",
	"'x'":                                           "begins with no word",
	"SELECT \"x\\\"; DELETE FROM t":                 "more than one",
}

func TestReadsAreTakenForReads(t *testing.T) {
	t.Parallel()
	for _, sql := range readStatements {
		if err := checkRead(sql); err != nil {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestWhatIsNotKnownToBeAReadIsRefused(t *testing.T) {
	t.Parallel()
	for sql, want := range notReadStatements {
		err := checkRead(sql)
		var refused *NotReadError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, want) {
			t.Errorf("%q: %v, want %s", sql, err, want)
		}
	}
}

// FuzzCheckRead looks for text that confuses the scanner: comments around a
// statement do not change the verdict, and a write after it is always seen.
func FuzzCheckRead(f *testing.F) {
	for _, sql := range readStatements {
		f.Add(sql)
	}
	for sql := range notReadStatements {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		first, second := checkRead(sql), checkRead("/* c */ "+sql+"\n-- c")
		if (first == nil) != (second == nil) && !strings.Contains(sql, "*/") && balanced(sql) {
			t.Errorf("comments around it change the verdict on %q: %v, %v", sql, first, second)
		}
		if first == nil && checkRead(sql+"; DELETE FROM t") == nil && balanced(sql) {
			t.Errorf("a second statement is not seen after %q", sql)
		}
	})
}

// balanced says whether nothing in sql is left open, as far as that is simple.
func balanced(sql string) bool { return !strings.ContainsAny(sql, `'"$/-`) }

func TestTheServerAgreesOnWhatIsARead(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	exec(t, conn, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)", "SET default_transaction_read_only = on")
	for sql := range notReadStatements {
		if !strings.HasPrefix(sql, "WITH") && !strings.Contains(sql, "INTO") && !strings.Contains(strings.ToUpper(sql), " FOR ") {
			continue // the server must refuse these as writes, and not as nonsense
		}
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("a read-only session runs %q", sql)
		}
	}
}
