package pages

import (
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// PostgreSQL's numbers for FETCH … WITH TIES and SKIP LOCKED.
const (
	withTies   = 1
	skipLocked = 1
)

// checkShape refuses what has no pages, whatever its keys are.
func (a *analysis) checkShape() error {
	q := a.query
	switch {
	case a.st.Command != ":many" || q != nil && q.Number("commandType") != tree.Select:
		return a.refuse(-1, "only a SELECT with the command :many has pages")
	case q == nil:
		return a.refuse(-1, "PostgreSQL did not resolve the statement: %s", a.whyNone)
	case q.Yes("hasModifyingCTE"):
		return a.refuse(-1, "the statement changes data, and would do so again for each page")
	case q.Child("setOperations") != nil:
		return a.refuse(-1, "only a plain SELECT has pages, without UNION and its kin: put those in a view or a subquery")
	case q.Yes("hasWindowFuncs"):
		return a.refuse(-1, "a window function sees the rows of a page, not of the list: put it in a subquery or a view, and order and cut that into pages")
	case q.Yes("hasDistinctOn"):
		return a.refuse(-1, "DISTINCT ON chooses rows of a page, not of the list: put it in a subquery or a view")
	case q.Child("limitOffset") != nil:
		return a.refuse(-1, "a page is found by its keys: OFFSET would skip rows of it")
	case q.Number("limitOption") == withTies:
		return a.refuse(-1, "FETCH … WITH TIES would make pages of any length")
	}
	return a.checkRows()
}

// checkRows refuses lists whose rows differ from one page to the next although no
// data changed.
func (a *analysis) checkRows() (err error) {
	tree.Value{Node: a.query}.Walk(func(n *tree.Node) bool {
		switch {
		case err != nil:
		case n.Is("ROWMARKCLAUSE") && n.Number("waitPolicy") == skipLocked:
			err = a.refuse(-1, "SKIP LOCKED would leave out rows that others hold, for good")
		case n.Is("TABLESAMPLECLAUSE") && n.Child("repeatable") == nil:
			err = a.refuse(-1, "TABLESAMPLE would draw other rows for each page: write REPEATABLE, or list all rows")
		}
		return err == nil
	})
	return err
}

// parameter returns the number of the placeholder that an expression is, perhaps
// cast; 0 when it is none.
func parameter(n *tree.Node) int {
	for inner := tree.Uncast(n); inner != nil; inner = tree.Uncast(n) {
		n = inner
	}
	if !n.Is("PARAM") || n.Number("paramkind") != tree.Placeholder {
		return 0
	}
	return n.Number("paramid")
}

// uses counts how often a placeholder occurs under a node.
func uses(n *tree.Node, number int) int {
	count := 0
	tree.Value{Node: n}.Walk(func(n *tree.Node) bool {
		if n.Is("PARAM") && n.Number("paramkind") == tree.Placeholder && n.Number("paramid") == number {
			count++
		}
		return true
	})
	return count
}

// written returns the statement as the parser has it, which tells where its parts
// stand; nil when the parser does not understand it.
func (a *analysis) written() *pg.SelectStmt {
	parsed, err := syntax.Parse(a.st.SQL)
	if err != nil || len(parsed.GetStmts()) != 1 {
		return nil
	}
	return parsed.GetStmts()[0].GetStmt().GetSelectStmt()
}

// orderAt returns where a key of ORDER BY stands, counted from 0.
func (a *analysis) orderAt(i int) int32 {
	if order := a.written().GetSortClause(); i < len(order) {
		return location(order[i].GetSortBy().GetNode())
	}
	return -1
}

// location returns where an expression begins, as far as the parser tells; else -1.
func location(n *pg.Node) int32 {
	switch {
	case n.GetColumnRef() != nil:
		return n.GetColumnRef().GetLocation()
	case n.GetTypeCast() != nil:
		return location(n.GetTypeCast().GetArg())
	case n.GetParamRef() != nil:
		return n.GetParamRef().GetLocation()
	case n.GetAConst() != nil:
		return n.GetAConst().GetLocation()
	case n.GetFuncCall() != nil:
		return n.GetFuncCall().GetLocation()
	case n.GetAExpr() != nil:
		return location(n.GetAExpr().GetLexpr())
	}
	return -1
}
