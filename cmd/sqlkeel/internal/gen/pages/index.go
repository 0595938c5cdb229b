package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// statementName is of the statement that is prepared here, and deallocated.
const statementName = "sqlkeel_page"

// proveIndex asks the planner, with every sort forbidden, how it would run the
// statement.
func (a *analysis) proveIndex(ctx context.Context) (err error) {
	tx, err := a.conn.Begin(ctx)
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
	if !plan.sorts() {
		return nil
	}
	var columns []string
	for _, k := range a.keys {
		if k.table == nil || k.table != a.keys[0].table {
			return a.refuse(-1, "no index gives the order, so that every page would sort all rows")
		}
		columns = append(columns, k.of)
	}
	return a.refuse(-1, "no index gives the order, so that every page would sort all rows: CREATE INDEX ON %s (%s)",
		a.cat.Name(a.keys[0].table.OID), strings.Join(columns, ", "))
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

// sorts reports whether a step sorts the rows on the way by which they come to the
// top.
func (n *planNode) sorts() bool {
	return n.Type == "Sort" || n.Type == "Incremental Sort" || slices.ContainsFunc(n.Plans, func(p planNode) bool {
		return slices.Contains([]string{"Outer", "Member", "Subquery"}, p.Relation) && p.sorts()
	})
}
