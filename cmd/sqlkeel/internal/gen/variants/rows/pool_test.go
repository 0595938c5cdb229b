package rows

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// typ is a type of the database, as far as values of it are made.
type typ struct {
	name   string
	labels []string // of an enum
	base   uint32   // of a domain
	length int      // of the texts of such a domain; 0: any
	elem   uint32   // of an array
	texts  []string // in the checks of a domain
}

// pool makes values of types, as texts that PostgreSQL reads.
type pool struct {
	rng   *rand.Rand
	types map[uint32]*typ
	// texts are what statements and checks compare columns with, by the columns' names.
	texts map[string][]string
}

const typesQuery = `
SELECT t.oid, t.typname, t.typbasetype, CASE WHEN t.typbasetype IN (1042, 1043) AND t.typtypmod > 4 THEN t.typtypmod - 4 ELSE 0 END,
       CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END,
       coalesce((SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '{}'),
       coalesce((SELECT string_agg(pg_get_constraintdef(c.oid), ' ') FROM pg_constraint c WHERE c.contypid = t.oid AND pg_get_constraintdef(c.oid) !~ '~|<>'), '')
FROM pg_type t`

func (s *schema) pool(t testing.TB, rng *rand.Rand) *pool {
	t.Helper()
	p := &pool{rng: rng, types: map[uint32]*typ{}, texts: map[string][]string{}}
	rows, err := s.conn.Query(t.Context(), typesQuery)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var oid uint32
		var checks string
		y := &typ{}
		if err = rows.Scan(&oid, &y.name, &y.base, &y.length, &y.elem, &y.labels, &checks); err != nil {
			t.Fatal(err)
		}
		y.texts = literals(checks)
		p.types[oid] = y
	}
	if err = rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, st := range s.all {
		for _, m := range comparison.FindAllStringSubmatch(st.SQL, -1) {
			p.texts[m[1]] = append(p.texts[m[1]], literals(m[2])...)
		}
	}
	return p
}

var (
	literal    = regexp.MustCompile(`'((?:[^']|'')*)'`)
	comparison = regexp.MustCompile(`(?i)(\w+)\s*(?:=|<>|!=|IN)\s*(\(?\s*'[^']*'(?:\s*,\s*'[^']*')*)`)
)

func literals(sql string) (list []string) {
	for _, m := range literal.FindAllStringSubmatch(sql, -1) {
		list = append(list, strings.ReplaceAll(m[1], "''", "'"))
	}
	return list
}

var words = []string{"a", "b", "abc", "A b", "x_y", "ab", "a@example.com", "b-1"}

// fixed are types of which a few values are enough.
var fixed = map[string][]string{
	"bool": {"true", "false"}, "json": {`{"a": 1}`, `{"a": "b", "c": [1]}`, `[]`, `{}`}, "jsonb": {`{"a": 1}`, `{"a": "b", "c": [1]}`, `[]`, `{}`},
	"tsvector": {"'a':1 'b':2"}, "tsquery": {"'a'"}, "hstore": {"a=>1", ""}, "ltree": {"a", "a.b"}, "xml": {"<a/>"}, "point": {"(1,2)"}, "jsonpath": {"$.a"},
	"int4range": {"[1,3)", "[2,9)", "empty"}, "int8range": {"[1,3)", "[2,9)"}, "numrange": {"[1,3)"}, "daterange": {"[2026-01-01,2026-02-01)"},
	"tsrange": {"[2026-01-01,2026-02-01)"}, "tstzrange": {"[2026-01-01,2026-02-01)", "[2026-01-15,2026-03-01)"},
}

// value makes the k-th value of a type; ok is false when that is not known. name is that
// of the column or parameter.
func (p *pool) value(oid uint32, name string, length, k int) (text string, ok bool) {
	y := p.types[oid]
	if y == nil {
		return "", false
	}
	if list := fixed[y.name]; list != nil {
		return list[k%len(list)], true
	}
	switch {
	case len(y.labels) > 0:
		return y.labels[k%len(y.labels)], true
	case y.base != 0 && len(y.texts) > 0 && p.rng.IntN(2) == 0:
		return y.texts[k%len(y.texts)], true
	case y.base != 0:
		return p.value(y.base, name, y.length, k)
	case y.elem != 0:
		return p.array(y.elem, name, k)
	}
	switch y.name {
	case "int2", "int4", "int8", "oid":
		return strconv.Itoa(k), true
	case "numeric", "float4", "float8", "money":
		return strconv.FormatFloat(float64(k)/2, 'f', 1, 64), true
	case "text", "varchar", "bpchar", "citext", "name", "char":
		return p.word(name, length, k), true
	case "uuid":
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", k), true
	case "date":
		return fmt.Sprintf("2026-11-%02d", 1+k%28), true
	case "timestamp", "timestamptz":
		return fmt.Sprintf("2026-11-%02d %02d:00:00+00", 1+k%28, k/28%24), true
	case "time", "timetz":
		return fmt.Sprintf("%02d:00:00", k%24), true
	case "interval":
		return fmt.Sprintf("%d hours", k), true
	case "bytea":
		return fmt.Sprintf(`\x%04x`, k), true
	case "inet", "cidr":
		return fmt.Sprintf("10.0.%d.%d", k/256, k%256), true
	case "macaddr":
		return fmt.Sprintf("08:00:2b:01:%02x:%02x", k/256%256, k%256), true
	case "bit", "varbit":
		return fmt.Sprintf("%0*b", max(length, 1), k%2), true
	}
	return "", false
}

func (p *pool) word(name string, length, k int) string {
	text := words[k%len(words)]
	if known := p.texts[name]; len(known) > 0 && p.rng.IntN(4) > 0 {
		text = known[p.rng.IntN(len(known))]
	} else if strings.Contains(name, "mail") {
		text = fmt.Sprintf("u%d@example.com", k)
	} else if k >= len(words) {
		text = "k" + strconv.Itoa(k)
	}
	if length > 0 && len(text) > length {
		text = text[:length]
	}
	return text
}

func (p *pool) array(elem uint32, name string, k int) (string, bool) {
	var list []string
	for i := range k % 4 {
		v, ok := p.value(elem, strings.TrimSuffix(name, "s"), 0, (k+i)%6)
		if !ok {
			return "", false
		}
		list = append(list, quoted(v))
	}
	return "{" + strings.Join(list, ",") + "}", true
}

// quoted writes an element of an array.
func quoted(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}
