package syntax

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	pg "github.com/sqlc-dev/oliphant"
)

// trees are the statements of all tables, parsed.
func trees(t *testing.T) map[string]*pg.ParseResult {
	t.Helper()
	list := map[string]*pg.ParseResult{}
	for _, table := range []map[string]string{statements, scopes, locks} {
		for sql := range table {
			if tree, err := Parse(sql); err == nil {
				list[sql] = tree
			}
		}
	}
	if len(list) < 40 {
		t.Fatalf("only %d statements can be parsed", len(list))
	}
	return list
}

// The parser's own JSON has every node too; a field that only nodes of one kind
// have tells how many of them there are.
func TestWalkVisitsEveryNode(t *testing.T) {
	t.Parallel()
	for sql, tree := range trees(t) {
		text, err := pg.ParseToJSON(sql)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		Walk(tree, func(n any) bool {
			counts[reflect.TypeOf(n).Elem().Name()]++
			return true
		})
		for field, kind := range map[string]string{"relname": "RangeVar", "funcname": "FuncCall", "ctename": "CommonTableExpr", "aliasname": "Alias", "ctes": "WithClause", "subLinkType": "SubLink"} {
			if want := strings.Count(text, `"`+field+`":`); counts[kind] != want {
				t.Errorf("%s: %d of kind %s, want %d", sql, counts[kind], kind, want)
			}
		}
	}
}

func TestWalkVisitsParentsFirstAndNeverTheWrapper(t *testing.T) {
	t.Parallel()
	for sql, tree := range trees(t) {
		seen := map[any]bool{}
		Walk(tree, func(n any) bool {
			if _, wrapper := n.(*pg.Node); wrapper || n == nil || reflect.ValueOf(n).IsNil() {
				t.Fatalf("%s: visits %T", sql, n)
			}
			if _, shared := n.(*pg.SubLink); seen[n] && !shared { // (a, b) = (SELECT …) has one for two
				t.Fatalf("%s: visits a %T twice", sql, n)
			}
			again := seen[n]
			seen[n] = true
			if again {
				return false
			}
			Children(n, func(child any) {
				if _, shared := child.(*pg.SubLink); seen[child] && !shared {
					t.Errorf("%s: a %T before its parent, a %T", sql, child, n)
				}
			})
			return true
		})
	}
}

func TestWalkSkipsWhatIsUnderANodeThatItsVisitorDeclines(t *testing.T) {
	t.Parallel()
	tree, err := Parse("SELECT f(a) FROM b WHERE EXISTS (SELECT g(c) FROM d)")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	Walk(tree, func(n any) bool {
		switch n := n.(type) {
		case *pg.RangeVar:
			names = append(names, n.GetRelname())
		case *pg.FuncCall:
			names = append(names, texts(n.GetFuncname())...)
		case *pg.SubLink:
			return false
		}
		return true
	})
	if !slices.Equal(names, []string{"f", "b"}) {
		t.Errorf("visited %q", names)
	}
	for _, nothing := range []any{nil, (*pg.Node)(nil), []*pg.Node{nil}, []*pg.Node{}, "text", 1, (*pg.SelectStmt)(nil), &pg.Node{}} {
		Walk(nothing, func(n any) bool {
			t.Errorf("%T: visits %T", nothing, n)
			return true
		})
	}
	if got := texts([]*pg.Node{nil, {}, pg.MakeStrNode("a")}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("texts = %q", got)
	}
}

func TestAPanicOfTheParserIsAnError(t *testing.T) {
	t.Parallel()
	fail := func() (err error) {
		defer recovered(&err)
		panic("no such node")
	}
	if err := fail(); err == nil || err.Error() != "the parser failed: no such node" {
		t.Errorf("got %v", err)
	}
	for _, sql := range []string{"", ";", "\x00", "\xff", strings.Repeat("(", 20_000), "SELECT '", "SELECT $", "/*"} {
		if tree, err := Parse(sql); err == nil && len(tree.GetStmts()) > 0 {
			t.Errorf("%.20q is %d statements", sql, len(tree.GetStmts()))
		}
	}
}

func TestWhatExpressionsNameIsFound(t *testing.T) {
	t.Parallel()
	names := func(list []Name) string { return strings.Join(sorted(list), " ") }
	for sql, want := range map[string]Uses{
		`SELECT a, b.c, (d).e, f.*, (g).h[1].i`:                                                 {Attributes: []string{"c", "e", "h", "i"}},
		`SELECT x + y, x OPERATOR(s.-) y, z = ANY (w), NOT v`:                                   {Operators: []Name{{"", "+"}, {"s", "-"}, {"", "="}}},
		`SELECT 1::int, x::s.t, CAST('a' AS text)`:                                              {Casts: []Name{{"pg_catalog", "int4"}, {"s", "t"}, {"", "text"}}},
		`SELECT a FROM b ORDER BY c USING OPERATOR(s.<)`:                                        {Operators: []Name{{"s", "<"}}},
		`SELECT a IN (SELECT b FROM c)`:                                                         {},
		`SELECT a > ALL (SELECT b FROM c)`:                                                      {Operators: []Name{{"", ">"}}},
		`UPDATE a SET b = c WHERE d IS NULL RETURNING *`:                                        {},
		`INSERT INTO a (b) VALUES (f(c.d)) ON CONFLICT (lower(e)) DO UPDATE SET g = excluded.h`: {Attributes: []string{"d", "h"}},
		`SELECT count(*) FILTER (WHERE a), sum(b) OVER (PARTITION BY c ORDER BY d)`:             {},
		`SELECT CASE a WHEN 1 THEN b ELSE coalesce(c, d) END`:                                   {},
	} {
		got := Text(sql)
		slices.Sort(got.Attributes)
		if !slices.Equal(got.Attributes, want.Attributes) || names(got.Casts) != names(want.Casts) || names(got.Operators) != names(want.Operators) {
			t.Errorf("%s:\n attributes %q, casts %s, operators %s", sql, got.Attributes, names(got.Casts), names(got.Operators))
		}
	}
}

func TestStatementsThatDoMoreThanToRowsHaveAnEffect(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][2]string{
		"NOTIFY a":                        {"NOTIFY", ""},
		"LISTEN a":                        {"LISTEN", ""},
		"UNLISTEN *":                      {"UNLISTEN", ""},
		"VACUUM a":                        {"VACUUM", ""},
		"BEGIN":                           {"", ""},
		"SHOW x":                          {"", ""},
		"FETCH c":                         {"", ""},
		"CLOSE c":                         {"", ""},
		"DECLARE c CURSOR FOR SELECT 1":   {"", ""},
		"SELECT 1; NOTIFY a; VACUUM":      {"NOTIFY", ""},
		"CREATE INDEX ON a (b)":           {"", "a statement of kind CREATE INDEX is not followed"},
		"ALTER TABLE a ADD b int; DO 'x'": {"", "a statement of kind ALTER TABLE is not followed"},
		"COPY a TO '/tmp/x'":              {"", "COPY with a file or program is not followed"},
		"SELECT 1 INTO a":                 {"", "SELECT INTO makes a table"},
	} {
		if got := Text(sql); got.Effect != want[0] || got.Unknown != want[1] {
			t.Errorf("%s: effect %q, unknown %q, want %q", sql, got.Effect, got.Unknown, want)
		}
	}
}

func TestUsesAddUpAndKeepTheFirstReason(t *testing.T) {
	t.Parallel()
	whole, parts := Text("SELECT f(a.b) + 1::s.t FROM c FOR UPDATE; DELETE FROM d; REFRESH MATERIALIZED VIEW e"), &Uses{}
	for _, sql := range []string{"SELECT f(a.b) + 1::s.t FROM c FOR UPDATE", "DELETE FROM d", "REFRESH MATERIALIZED VIEW e"} {
		parts.Add(Text(sql))
	}
	if fmt.Sprint(*whole) != fmt.Sprint(*parts) || len(whole.Changes) != 1 || len(whole.Locks) != 1 || len(whole.Casts) != 1 {
		t.Errorf("%+v, in parts %+v", *whole, *parts)
	}
	parts.Add(&Uses{Unknown: "first", Effect: "one"})
	parts.Add(&Uses{Unknown: "second", Effect: "two"})
	if parts.Unknown != "first" || parts.Effect != "one" {
		t.Errorf("%q and %q", parts.Unknown, parts.Effect)
	}
	if got := (Name{"s", "t"}).String() + (Name{"", "t"}).String(); got != "s.tt" {
		t.Error(got)
	}
}
