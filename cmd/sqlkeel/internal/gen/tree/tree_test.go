package tree

import (
	"strings"
	"testing"
)

func TestATreeIsRead(t *testing.T) {
	t.Parallel()
	v, err := Parse(`(({QUERY :commandType 1 :utilityStmt <> :names ("a" "b\ \(c") :cols (b 8 9) :none (b)
		:target ({TARGETENTRY :resname :x\ y :resno 2 :resjunk false}) :constvalue 4 [ 1 0 0 -1 ] :last true}))`)
	if err != nil {
		t.Fatal(err)
	}
	q := v.List[0].List[0].Node
	switch {
	case q.Kind != "QUERY", q.Number("commandType") != 1, q.Child("utilityStmt") != nil, !q.Yes("last"):
		t.Errorf("query = %+v", q)
	case len(q.Value("names").List) != 2, q.Atom("constvalue") != "4", len(q.Numbers("cols")) != 2:
		t.Errorf("lists of %+v", q)
	}
	target := q.List("target")[0]
	if target.Atom("resname") != `:x\ y` || target.Number("resno") != 2 {
		t.Errorf("a column's name with a colon and a space: %+v", target)
	}
}

func TestWhatIsNoTreeIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ")", "(", "({A", "{A :b", "{A b 1}", "({A :b 1}", "{A :b 1} {B}", "{A :b }", strings.Repeat("(", 100_000)} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%.20q was read", text)
		}
	}
}

func TestAMissingNodeHasNothing(t *testing.T) {
	t.Parallel()
	var n *Node
	if n.Child("a") != nil || n.List("a") != nil || n.Number("a") != 0 || n.Atom("a") != "" || n.Yes("a") || n.Is("A") {
		t.Error("a nil node has something")
	}
}

func FuzzATreeNeverPanics(f *testing.F) {
	f.Add(`({QUERY :a 1 :b ({VAR :c :d\ e}) :f <>})`)
	f.Add(`{A :b (i 1 2) :c "x y" :d 4 [ 1 2 ]}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse(text)
		if err == nil {
			v.Queries()
		}
	})
}
