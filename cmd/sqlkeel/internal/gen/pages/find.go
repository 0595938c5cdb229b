package pages

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// key is a key of the order and the column that it is.
type key struct {
	Key
	column   query.Column
	expr     *tree.Node // as ORDER BY has it
	typeName string
	order    order
	table    *catalog.Relation // nil when it is no table's
	of       string            // what the column is called in it
}

// findOrder compares ORDER BY with the keys of the annotation.
func (a *analysis) findOrder() error {
	var written []string
	for i, s := range a.query.List("sortClause") {
		expr := query.Target(a.query, s).Child("expr")
		column, ok := a.prover.Column(a.query, expr)
		if !ok {
			return a.refuse(a.orderAt(i), "key %d of ORDER BY is no column of what is in FROM", i+1)
		}
		order, known := a.orders[s.OID("sortop")]
		if !known {
			return a.refuse(a.orderAt(i), "key %d of ORDER BY is not in the usual order of its type", i+1)
		}
		k := key{column: column, expr: expr, order: order, Key: Key{Name: query.ColumnName(a.query, column), Descending: order.descending}}
		k.typeName = a.typeName(&k)
		a.keys, written = append(a.keys, k), append(written, k.Name)
	}
	if !slices.Equal(written, a.wanted()) {
		return a.refuse(-1, "ORDER BY is %s, and the keys are %s: they must be the same", list(written), list(a.wanted()))
	}
	for i := range a.keys {
		k := &a.keys[i]
		if k.Descending != a.keys[0].Descending {
			return a.refuse(-1, "the keys must all ascend or all descend: rows are compared as a whole, which mixed directions do not allow")
		}
		if !a.prover.NotNull(a.query, k.expr) {
			return a.refuse(-1, "the key %s may be NULL, and nothing comes after NULL: order by columns that are NOT NULL and on no optional side of a join", a.name(k))
		}
	}
	return nil
}

// name returns a key's column as SQL would write it.
func (a *analysis) name(k *key) string { return query.Name(a.query, k.column.Entry) + "." + k.Name }

// typeName returns a key's type as SQL would write it.
func (a *analysis) typeName(k *key) string {
	table, column := a.prover.Origin(a.query, k.column)
	if column == nil {
		return a.cat.Type(a.typeOf(k)).Format
	}
	k.table, k.of = table, column.Name
	return column.TypeName
}

func (a *analysis) typeOf(k *key) catalog.OID {
	oid, _ := a.cat.ExprType(k.expr)
	return oid
}

// wanted returns the keys of the annotation, without quotes.
func (a *analysis) wanted() []string {
	var list []string
	for _, name := range a.note.Names {
		name = name[strings.LastIndex(name, ".")+1:]
		if strings.HasPrefix(name, `"`) {
			name = strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
		} else {
			name = strings.ToLower(name)
		}
		list = append(list, name)
	}
	return list
}

func list(names []string) string {
	if len(names) == 0 {
		return "empty"
	}
	return strings.Join(names, ", ")
}

// findColumns finds the keys in the result.
func (a *analysis) findColumns() error {
	for i := range a.keys {
		k := &a.keys[i]
		for _, t := range a.query.List("targetList") {
			if found, ok := a.prover.Column(a.query, t.Child("expr")); ok && found == k.column && k.Column == 0 && !t.Yes("resjunk") {
				k.Column = t.Number("resno")
			}
		}
		if k.Column == 0 {
			return a.refuse(-1, "the key %s is not in the result, so that a cursor cannot be made of a row: select it", a.name(k))
		}
	}
	return nil
}

func (a *analysis) findLimit() error {
	a.limit = parameter(a.query.Child("limitCount"))
	switch {
	case a.limit == 0 || a.limit > len(a.st.Params):
		return a.refuse(location(a.written().GetLimitCount()), "the limit must be a parameter: write LIMIT @max_rows::integer")
	case uses(a.query, a.limit) > 1:
		return a.refuse(location(a.written().GetLimitCount()), "the parameter of LIMIT is used elsewhere too: it is given one more than the page's length")
	}
	return nil
}

// checkTotal proves that no two rows of the list have the same keys.
func (a *analysis) checkTotal() error {
	switch open, chosen := a.prover.Ties(a.query), a.prover.Chosen(a.query); {
	case open == "" && chosen == "":
		return nil
	case open == "":
		return a.refuse(-1, "LIMIT, OFFSET or DISTINCT ON in %s may take other rows for each page, as its order has ties: end its ORDER BY with a unique key", chosen)
	case a.query.Yes("hasTargetSRFs"):
		return a.refuse(-1, "a function in the result returns several rows for one, which have the same keys")
	case len(a.query.List("groupClause"))+len(a.query.List("groupingSets")) > 0:
		return a.refuse(-1, "several groups may have the same keys: group by the keys, or by columns of a row that they determine")
	default:
		return a.refuse(-1, "several rows may have the same keys: the keys do not determine %s; end them with a unique key of what is listed, such as its id", open)
	}
}

// order is what an operator compares by: the default of a type, or that backwards.
type order struct {
	family     catalog.OID
	descending bool
}

// loadOrders asks PostgreSQL what the operators of ORDER BY and of WHERE compare by.
func (a *analysis) loadOrders(ctx context.Context) error {
	var operators []uint32
	tree.Value{Node: a.query}.Walk(func(n *tree.Node) bool {
		operators = append(operators, uint32(n.OID("sortop")), uint32(n.OID("opno")))
		for _, o := range n.Numbers("opnos") {
			operators = append(operators, uint32(o))
		}
		return true
	})
	rows, err := a.conn.Query(ctx, `
		SELECT DISTINCT o.amopopr, o.amopfamily, o.amopstrategy = 5 FROM pg_catalog.pg_amop o
		JOIN pg_catalog.pg_opclass c ON c.opcfamily = o.amopfamily AND c.opcmethod = o.amopmethod AND c.opcdefault
		JOIN pg_catalog.pg_am m ON m.oid = o.amopmethod AND m.amname = 'btree'
		WHERE o.amopopr = ANY ($1::oid[]) AND o.amopstrategy IN (1, 5)`, operators)
	if err != nil {
		return err
	}
	a.orders = map[catalog.OID]order{}
	var operator catalog.OID
	var o order
	_, err = pgx.ForEachRow(rows, []any{&operator, &o.family, &o.descending}, func() error {
		a.orders[operator] = o
		return nil
	})
	return err
}
