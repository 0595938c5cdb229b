package fold

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// sample is what a placeholder may be: as PostgreSQL reads it, and as a state.
type sample struct {
	sql   string
	state State
}

func texts(list ...string) []sample {
	out := []sample{{"NULL", nothing()}}
	for _, s := range list {
		out = append(out, sample{"'" + s + "'", str(s)})
	}
	return out
}

func numbers(list ...int64) []sample {
	out := []sample{{"NULL", nothing()}}
	for _, i := range list {
		out = append(out, sample{fmt.Sprintf("'%d'", i), num(i)})
	}
	return out
}

// arrays are NULL, empty, or neither.
func arrays(list ...string) []sample {
	out := []sample{{"NULL", nothing()}, {"'{}'", empty()}}
	for _, s := range list {
		out = append(out, sample{"'" + s + "'", other(empty())})
	}
	return out
}

const noUUID, someUUID = "00000000-0000-0000-0000-000000000000", "0a0b0c0d-0000-4000-8000-00000000000f"

// samples are by type.
var samples = map[string][]sample{
	"text":        texts("", "a", "A", "b", "a ", "ä", "all"),
	"varchar":     texts("", "a", "A", "a ", "all"),
	"plain":       texts("", "a", "A", "a ", "all"),
	"mood":        texts("sad", "ok", "happy"),
	"uuid":        texts(noUUID, someUUID),
	"smallint":    numbers(0, 1, -1, 2, 32767, -32768),
	"int":         numbers(0, 1, -1, 2, 70000, -2147483648),
	"bigint":      numbers(0, 1, -1, 2, 70000, 5000000000, -9223372036854775808),
	"bool":        {{"NULL", nothing()}, {"'t'", flagged(1)}, {"'f'", flagged(0)}},
	"int[]":       arrays("{1}", "{NULL}", "{{1,2},{3,4}}", "[0:1]={1,2}"),
	"text[]":      arrays(`{""}`, "{a,b}"),
	"mood[]":      arrays("{ok}"),
	"citext":      texts("", "a", "A"),
	"bpchar":      texts("", "  ", "a", "a "),
	"checked":     texts("a", "b"),
	"deeper":      texts("a", "b"),
	"yesno":       {{"NULL", nothing()}, {"'t'", flagged(1)}, {"'f'", flagged(0)}},
	"numbers":     arrays("{1}"),
	"needed":      texts("a", "b")[1:],
	"short":       texts("a", "a  "),
	"folded":      texts("a", "A"),
	"numeric":     texts("0", "1"),
	"float8":      texts("0", "-0", "NaN"),
	"timestamptz": texts("infinity", "2020-01-01"),
	"date":        texts("infinity", "2020-01-01"),
	"jsonb":       texts("{}", "1"),
	"json":        texts("{}", "1"),
	`"char"`:      texts("a", ""),
	"name":        texts("a", ""),
	"oid":         numbers(0, 1),
	"bytea":       texts("a", ""),
	"pair":        {{"NULL", nothing()}, {"'(,)'", other()}, {"'(1,)'", other()}, {"'(1,2)'", other()}},
	"int2vector":  {{"NULL", nothing()}, {"''", empty()}, {"'1 2'", other(empty())}},
}

const typed = shop + `
CREATE EXTENSION citext;
CREATE DOMAIN plain AS text;
CREATE DOMAIN checked AS text CHECK (value <> '');
CREATE DOMAIN deeper AS checked;
CREATE DOMAIN yesno AS bool;
CREATE DOMAIN numbers AS int[];
CREATE DOMAIN needed AS text NOT NULL;
CREATE DOMAIN short AS varchar(3);
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN folded AS text COLLATE loose;
CREATE TYPE pair AS (x int, y int);
CREATE FUNCTION same(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.lower($1) = pg_catalog.lower($2)';
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE OPERATOR ==== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
CREATE SCHEMA own;
CREATE FUNCTION own.cardinality(int[]) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0';
CREATE FUNCTION own.texteq(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR own.= (LEFTARG = text, RIGHTARG = text, FUNCTION = own.texteq);
`

// conditions returns the tree of a query that returns conditions.
func (d *database) conditions(t testing.TB, list []string, types ...string) *tree.Node {
	t.Helper()
	return d.analyse(t, "SELECT ("+strings.Join(list, "), (")+")", types...)
}

// outcomes folds the conditions that a query returns.
func (d *database) outcomes(query *tree.Node, a Assumption) (out []truth) {
	f := &folding{cat: d.cat, assumed: a, full: true}
	for _, target := range f.node(query).List("targetList") {
		out = append(out, truthOf(target.Child("expr")))
	}
	return out
}

// says asks PostgreSQL for the outcomes of conditions with values for $1, $2, …
func (d *database) says(t testing.TB, list []string, types []string, with []sample) []truth {
	t.Helper()
	sql := "SELECT ARRAY[(" + strings.Join(list, ")::text, (") + ")::text]"
	for i := len(types) - 1; i >= 0; i-- {
		sql = strings.ReplaceAll(sql, fmt.Sprintf("$%d", i+1), "(CAST("+with[i].sql+" AS "+types[i]+"))")
	}
	var texts []*string
	if err := d.conn.QueryRow(t.Context(), sql).Scan(&texts); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out := make([]truth, len(texts))
	for i, s := range texts {
		out[i] = null
		if s != nil {
			out[i] = truthIs(*s == "true")
		}
	}
	return out
}
