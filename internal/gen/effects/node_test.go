package effects

import (
	"strings"
	"testing"
)

func TestATreeIsRead(t *testing.T) {
	t.Parallel()
	v, err := parseNodes(`(({QUERY :commandType 1 :utilityStmt <> :names ("a" "b\ \(c") :cols (b 8 9) :none (b)
		:target ({TARGETENTRY :resname :x\ y :resno 2 :resjunk false}) :constvalue 4 [ 1 0 0 -1 ] :last true}))`)
	if err != nil {
		t.Fatal(err)
	}
	q := v.list[0].list[0].node
	switch {
	case q.kind != "QUERY", q.number("commandType") != 1, q.child("utilityStmt") != nil, !q.yes("last"):
		t.Errorf("query = %+v", q)
	case len(q.value("names").list) != 2, q.atom("constvalue") != "4", len(q.numbers("cols")) != 2:
		t.Errorf("lists of %+v", q)
	}
	target := q.list("target")[0]
	if target.atom("resname") != `:x\ y` || target.number("resno") != 2 {
		t.Errorf("a column's name with a colon and a space: %+v", target)
	}
}

func TestWhatIsNoTreeIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ")", "(", "({A", "{A :b", "{A b 1}", "({A :b 1}", "{A :b 1} {B}", "{A :b }", strings.Repeat("(", 100_000)} {
		if _, err := parseNodes(text); err == nil {
			t.Errorf("%.20q was read", text)
		}
	}
}

func TestAMissingNodeHasNothing(t *testing.T) {
	t.Parallel()
	var n *node
	if n.child("a") != nil || n.list("a") != nil || n.number("a") != 0 || n.atom("a") != "" || n.yes("a") || n.is("A") {
		t.Error("a nil node has something")
	}
}

func FuzzATreeNeverPanics(f *testing.F) {
	f.Add(`({QUERY :a 1 :b ({VAR :c :d\ e}) :f <>})`)
	f.Add(`{A :b (i 1 2) :c "x y" :d 4 [ 1 2 ]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseNodes(text)
		if err == nil {
			v.queries()
		}
	})
}

func TestALiteralIsFoundInTheText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		at   int
		want string
		ok   bool
	}{
		{"x > '2026-01-01'", 4, "2026-01-01", true},
		{"x > date '2026-01-01'", 4, "2026-01-01", true},
		{"x > interval '1 day'", 4, "1 day", true},
		{"x > E'now'", 4, "", false},
		{"x > 'it''s'", 4, "", false},
		{"x > 'open", 4, "", false},
		{"x > 5", 4, "", false},
		{"x", 4, "", false},
		{"x", -1, "", false},
	} {
		if got, ok := literalAt(c.text, c.at); ok != c.ok || ok && got != c.want {
			t.Errorf("%q at %d: %q, %v", c.text, c.at, got, ok)
		}
	}
}
