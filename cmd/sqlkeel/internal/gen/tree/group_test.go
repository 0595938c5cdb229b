package tree

import (
	"fmt"
	"slices"
	"testing"
)

// An entry of the range table that holds what is grouped by is as PostgreSQL 18
// writes it.
const (
	books   = `{RANGETBLENTRY :rtekind 0 :relid 5}`
	grouped = `{RANGETBLENTRY :rtekind 9 :groupexprs (%s)}`
)

func variable(entry, column, up int) string {
	return fmt.Sprintf(`{VAR :varno %d :varattno %d :varlevelsup %d}`, entry, column, up)
}

func query(entries, target string) string {
	return `{QUERY :commandType 1 :rtable (` + entries + `) :targetList ({TARGETENTRY :expr ` + target + ` :resno 1})}`
}

func sublink(query string) string { return `{SUBLINK :subselect ` + query + `}` }

func TestWhatIsGroupedByIsPutBack(t *testing.T) {
	t.Parallel()
	table := books + fmt.Sprintf(grouped, variable(1, 7, 0)+sublink(query(books, variable(1, 8, 1))))
	counted := `{AGGREF :agglevelsup 1 :args (` + variable(1, 7, 1) + `)}`
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"in the query itself":                    {query(table, variable(2, 1, 0)), []string{variable(1, 7, 0)}},
		"that is not in the list":                {query(table, variable(2, 3, 0)), []string{variable(2, 3, 0)}},
		"of another query":                       {query(table, variable(2, 1, 1)), []string{variable(2, 1, 1)}},
		"in a subquery":                          {query(table, sublink(query(books, variable(2, 1, 1)))), []string{variable(1, 7, 1)}},
		"of a subquery's own entry":              {query(table, sublink(query(books+books, variable(2, 1, 0)))), []string{variable(2, 1, 0)}},
		"two levels below":                       {query(table, sublink(query(books, sublink(query(books, variable(2, 1, 2)))))), []string{variable(1, 7, 2)}},
		"a subquery":                             {query(table, variable(2, 2, 0)), []string{variable(1, 8, 1)}},
		"a subquery, inside a subquery":          {query(table, sublink(query(books, variable(2, 2, 1)))), []string{variable(1, 8, 2)}},
		"in a subquery that groups by it":        {query(table, sublink(query(books+fmt.Sprintf(grouped, variable(2, 1, 1)), variable(2, 1, 0)))), []string{variable(1, 7, 1)}},
		"an aggregate of the query around":       {query(books+fmt.Sprintf(grouped, counted), variable(2, 1, 0)), []string{variable(1, 7, 1)}},
		"twice, at different levels":             {query(table, `{OPEXPR :args (`+variable(2, 1, 0)+sublink(query(books, variable(2, 1, 1)))+variable(2, 1, 0)+`)}`), []string{variable(1, 7, 0), variable(1, 7, 1), variable(1, 7, 0)}},
		"that is put back is no longer an entry": {query(table, `{CONST :constvalue 1}`), nil},
	} {
		v, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		v.Walk(func(n *Node) bool {
			if n.Is("VAR") {
				got = append(got, variable(n.Number("varno"), n.Number("varattno"), n.Number("varlevelsup")))
			}
			return true
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("what is grouped by, %s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestWhatIsPutBackDeeperSpeaksOfTheSameQueries(t *testing.T) {
	t.Parallel()
	cte := `{RANGETBLENTRY :rtekind 6 :ctename x :ctelevelsup 1}`
	own := `{RANGETBLENTRY :rtekind 6 :ctename y :ctelevelsup 0}`
	by := sublink(query(cte+own, `{GROUPINGFUNC :agglevelsup 2}`))
	v, err := Parse(query(books+fmt.Sprintf(grouped, by), sublink(query(books, variable(2, 1, 1)))))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	v.Walk(func(n *Node) bool {
		if n.Number("rtekind") == CTE {
			got = append(got, n.Number("ctelevelsup"))
		}
		if n.Is("GROUPINGFUNC") {
			got = append(got, n.Number("agglevelsup"))
		}
		return true
	})
	if want := []int{2, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("levels %v, want %v", got, want)
	}
}

func TestWhatIsPutBackTwiceIsTwoNodes(t *testing.T) {
	t.Parallel()
	v, err := Parse(query(books+fmt.Sprintf(grouped, variable(1, 7, 0)), `{OPEXPR :args (`+variable(2, 1, 0)+variable(2, 1, 0)+`)}`))
	if err != nil {
		t.Fatal(err)
	}
	args := v.Node.List("targetList")[0].Child("expr").List("args")
	args[0].set("varattno", "9")
	if args[1].Number("varattno") != 7 {
		t.Error("they share what they hold")
	}
}
