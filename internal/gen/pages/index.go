package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
)

type catalogColumn = catalog.Column

// statementName is of the statement that is prepared here, and deallocated.
const statementName = "sqlkeel_page"

// checkTypes compares the types of the parameters that tell the place with those
// of the keys: a coarser one would begin at another row.
func (a *analysis) checkTypes(ctx context.Context, conn *pgx.Conn) error {
	described, err := conn.Prepare(ctx, "", a.st.SQL)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", a.st.Name, err)
	}
	for _, k := range a.keys {
		if k.Param > len(described.ParamOIDs) {
			return a.refuse(-1, "the parameter %s is not in the statement", afterName(k.Name))
		}
		got := described.ParamOIDs[k.Param-1]
		if want := k.column().Type; got != uint32(want) && !(text[got] && text[uint32(want)]) && !a.is(ignoresTypes) {
			return a.refuse(-1, "the parameter %s is of another type than its key %s, which is %s: write %s", afterName(k.Name), k.ref, k.column().TypeName, a.expected())
		}
	}
	return nil
}

// text holds text and varchar, which compare the same.
var text = map[uint32]bool{25: true, 1043: true}

// proveIndex asks the planner, whom every sort is forbidden, how it would run the
// statement.
func (a *analysis) proveIndex(ctx context.Context, conn *pgx.Conn) (err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("explain %s: %w", a.st.Name, err)
	}
	defer func() {
		if rollback := tx.Rollback(ctx); err == nil && rollback != nil {
			err = fmt.Errorf("explain %s: %w", a.st.Name, rollback)
		}
	}()
	plan, err := a.explain(ctx, tx)
	if err != nil {
		return fmt.Errorf("explain %s: %w", a.st.Name, err)
	}
	switch obstacle := plan.obstacle(); {
	case obstacle == "ProjectSet" && a.is(ignoresSeries):
		return nil
	case obstacle == "ProjectSet":
		return a.refuse(-1, "a function in the result returns several rows for one, which have the same keys")
	case obstacle == "":
		return nil
	}
	columns := make([]string, len(a.keys))
	for i, k := range a.keys {
		columns[i] = k.ref.name
	}
	return a.refuse(-1, "no index gives the order, so that every page would sort all rows: CREATE INDEX ON %s (%s)",
		a.cat.Name(a.keys[0].ref.source.relation.OID), strings.Join(columns, ", "))
}

// planNode is what EXPLAIN says of a step.
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Parent Relationship"`
	Plans    []planNode `json:"Plans"`
}

func (a *analysis) explain(ctx context.Context, tx pgx.Tx) (*planNode, error) {
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(a.st.Params)), ", ")
	for _, sql := range []string{
		"SET LOCAL plan_cache_mode = force_generic_plan",
		"SET LOCAL enable_sort = off", "SET LOCAL enable_incremental_sort = off", "SET LOCAL enable_seqscan = off",
		"SET LOCAL enable_bitmapscan = off", "SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off",
		"SET LOCAL enable_hashagg = off",
		"PREPARE " + statementName + " AS " + a.st.SQL,
	} {
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return nil, err
		}
	}
	var text string
	err := tx.QueryRow(ctx, "EXPLAIN (COSTS OFF, FORMAT JSON) EXECUTE "+statementName+"("+nulls+")", pgx.QueryExecModeSimpleProtocol).Scan(&text)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "DEALLOCATE "+statementName, pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, err
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		return nil, err
	}
	if len(plans) != 1 {
		return nil, fmt.Errorf("the plan has %d parts", len(plans))
	}
	return &plans[0].Plan, nil
}

// obstacle returns the type of the first step, on the way by which rows come to
// the top, that sorts them or makes several of one; "" when there is none.
func (n *planNode) obstacle() string {
	if slices.Contains([]string{"Sort", "Incremental Sort", "ProjectSet"}, n.Type) {
		return n.Type
	}
	for i := range n.Plans {
		if slices.Contains([]string{"Outer", "Member", "Subquery"}, n.Plans[i].Relation) {
			return n.Plans[i].obstacle()
		}
	}
	return ""
}
