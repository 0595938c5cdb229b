package scratch

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// isInsert tells the INSERTs that a dump may have by the thousand, and spares the
// parser.
func isInsert(sql string) bool {
	return len(sql) > 6 && strings.EqualFold(sql[:6], "insert") && sqltext.Placeholders(sql) == 0
}

// leftOut says what becomes of a statement that changes data and failed.
func leftOut(message string) string {
	return message + ": left out, as it changes data and no part of the schema"
}

var (
	// blockOfData is a word by which a DO block changes data, and blockOfMore one
	// by which it may do something else.
	blockOfData = regexp.MustCompile(`(?i)\b(insert|update|delete|merge|setval)\b`)
	blockOfMore = regexp.MustCompile(`(?i)\b(create|alter|drop|execute|perform|call|import|rename|comment|grant|revoke|truncate|refresh|set_config)\b`)
)

// changesData reports whether a statement changes rows and no part of the schema. A
// DO block does when none of its words may do more.
func changesData(node *pg.Node, sql string) bool {
	switch n := node.GetNode().(type) {
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt, *pg.Node_TruncateStmt, *pg.Node_RefreshMatViewStmt, *pg.Node_LockStmt:
		return true
	case *pg.Node_SelectStmt:
		return n.SelectStmt.IntoClause == nil
	case *pg.Node_DoStmt:
		return blockOfData.MatchString(sql) && !blockOfMore.MatchString(sql)
	}
	return false
}

// callsOwn reports whether all functions that a SELECT calls are PostgreSQL's:
// others are called that way to create tables.
func (a *applier) callsOwn(ctx context.Context, sql string) bool {
	names, known := calls(sql)
	if !known {
		return false
	}
	var own bool
	err := a.conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM unnest($1::text[]) n
		WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = n AND pronamespace = 'pg_catalog'::regnamespace)
			OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = n AND pronamespace <> 'pg_catalog'::regnamespace))`, names).Scan(&own)
	return err == nil && own
}

// calls lists the functions that a statement calls by name, without their schemas.
func calls(sql string) (names []string, known bool) {
	text, err := pg.ParseToJSON(sql)
	if err != nil {
		return nil, false
	}
	var tree any
	if json.Unmarshal([]byte(text), &tree) != nil {
		return nil, false
	}
	collectCalls(tree, &names)
	slices.Sort(names)
	return slices.Compact(names), true
}

func collectCalls(node any, list *[]string) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			collectCalls(e, list)
		}
	case map[string]any:
		for key, value := range n {
			if parts, ok := value.([]any); ok && key == "funcname" && len(parts) > 0 {
				*list = append(*list, lastName(parts))
			}
			collectCalls(value, list)
		}
	}
}

// lastName returns the last part of a qualified name.
func lastName(parts []any) string {
	node, _ := parts[len(parts)-1].(map[string]any)
	text, _ := node["String"].(map[string]any)
	name, _ := text["sval"].(string)
	return name
}
