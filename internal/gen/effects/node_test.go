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

func TestATextIsSettledOrNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quoted string
		oid    int
		want   bool
	}{
		{"'2026-01-01'", dateOID, true}, {"'2026-01-01'", timestampOID, true}, {"'2026-01-01'", timestamptzOID, false},
		{"'2026-01-01 10:00+02'", timestamptzOID, true}, {"'2026-01-01 10:00 CET'", timestamptzOID, false}, {"'01/02/2026'", dateOID, false},
		{"'Today'", dateOID, false}, {"'fiction'", dateOID, true}, {"'1 day'", intervalOID, true}, {"'1 day'", dateOID, true}, {"'-1 2:03'", intervalOID, false},
		{"'1'", moneyOID, false}, {"E'2026-01-01'", dateOID, false}, {"$$2026-01-01$$", dateOID, false}, {"", dateOID, false},
	} {
		if got := isSettled(c.quoted, c.oid); got != c.want {
			t.Errorf("%s as %d: %v", c.quoted, c.oid, got)
		}
	}
}

const moneyOID = 790

func TestWhatIsGroupedByIsPutBack(t *testing.T) {
	t.Parallel()
	v, err := parseNodes(`{QUERY :commandType 1 :rtable ({RANGETBLENTRY :rtekind 0 :relid 5} {RANGETBLENTRY :rtekind 9 :groupexprs ({VAR :varno 1 :varattno 7 :varlevelsup 0})})
		:targetList ({TARGETENTRY :expr {VAR :varno 2 :varattno 1 :varlevelsup 0} :resno 1} {TARGETENTRY :expr {VAR :varno 2 :varattno 2 :varlevelsup 0} :resno 2})}`)
	if err != nil {
		t.Fatal(err)
	}
	targets := ungroup(v).node.list("targetList")
	if got := columnAt(targets[0].child("expr")); got != (column{1, 7, 0}) {
		t.Errorf("the first column is %v", got)
	}
	if got := columnAt(targets[1].child("expr")); got != (column{2, 2, 0}) {
		t.Errorf("one that is not there became %v", got)
	}
}
