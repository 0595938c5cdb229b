package scratch

import (
	"regexp"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// kind is what matters of a statement before it is run.
type kind struct {
	node *pg.Node // nil when the parser refused it; the server judges
	// skip is why it is not run.
	skip string
	// quiet is set when that is not worth a warning.
	quiet bool
	// control is set for BEGIN, COMMIT and the like.
	control bool
	// harmless is set when the schema is the same to the generator without it.
	harmless bool
	// data is set when it changes rows and no part of the schema; a SELECT, unless a
	// function that it calls does more.
	data bool
}

// begins reports whether it begins a transaction.
func (k kind) begins() bool {
	t := k.node.GetTransactionStmt()
	return t != nil && (t.Kind == pg.TransactionStmtKind_TRANS_STMT_BEGIN || t.Kind == pg.TransactionStmtKind_TRANS_STMT_START)
}

const (
	ofServer   = "it is about the whole server, and this server is not sqlkeel's own: left out"
	ofDatabase = "it is about another database: left out"
	ofRole     = "the whole schema is applied as the role of the DSN: left out"
)

func kindOf(sql string, owned bool) kind {
	if isInsert(sql) {
		return kind{data: true}
	}
	tree, err := pg.Parse(sql)
	if err != nil || len(tree.Stmts) != 1 {
		return kind{}
	}
	k := kind{node: tree.Stmts[0].Stmt}
	k.data = changesData(k.node, sql)
	switch n := k.node.Node.(type) {
	case *pg.Node_TransactionStmt:
		k.control = true
	case *pg.Node_CopyStmt:
		k.skip, k.quiet = "the data are not needed", true
	case *pg.Node_DoStmt:
		k.skip = skipBlock(sql, owned)
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		if sqltext.Placeholders(sql) > 0 {
			k.skip, k.quiet = "it is a query", true
		}
	default:
		k.skip = skipServer(n, owned)
		k.harmless = isHarmless(n)
	}
	return k
}

// skipServer says why a statement reaches beyond the database, "" when it does not.
func skipServer(node any, owned bool) string {
	switch n := node.(type) {
	case *pg.Node_CreatedbStmt, *pg.Node_DropdbStmt, *pg.Node_AlterDatabaseStmt, *pg.Node_AlterDatabaseRefreshCollStmt,
		*pg.Node_CreateTableSpaceStmt, *pg.Node_DropTableSpaceStmt, *pg.Node_AlterTableSpaceOptionsStmt, *pg.Node_AlterSystemStmt,
		*pg.Node_CreateSubscriptionStmt, *pg.Node_AlterSubscriptionStmt, *pg.Node_DropSubscriptionStmt:
		return ofDatabase
	case *pg.Node_CreateRoleStmt, *pg.Node_AlterRoleStmt, *pg.Node_AlterRoleSetStmt, *pg.Node_DropRoleStmt, *pg.Node_GrantRoleStmt,
		*pg.Node_DropOwnedStmt, *pg.Node_ReassignOwnedStmt:
		return unlessOwned(owned)
	case *pg.Node_VariableSetStmt:
		if name := n.VariableSetStmt.Name; name == "role" || name == "session_authorization" {
			return ofRole
		}
	case *pg.Node_GrantStmt:
		return skipObject(n.GrantStmt.Objtype, owned)
	case *pg.Node_AlterOwnerStmt:
		return skipObject(n.AlterOwnerStmt.ObjectType, owned)
	case *pg.Node_CommentStmt:
		return skipObject(n.CommentStmt.Objtype, owned)
	case *pg.Node_SecLabelStmt:
		return skipObject(n.SecLabelStmt.Objtype, owned)
	case *pg.Node_RenameStmt:
		return skipObject(n.RenameStmt.RenameType, owned)
	}
	return ""
}

func unlessOwned(owned bool) string {
	if owned {
		return ""
	}
	return ofServer
}

func skipObject(object pg.ObjectType, owned bool) string {
	switch object {
	case pg.ObjectType_OBJECT_DATABASE, pg.ObjectType_OBJECT_TABLESPACE, pg.ObjectType_OBJECT_SUBSCRIPTION:
		return ofDatabase
	case pg.ObjectType_OBJECT_ROLE, pg.ObjectType_OBJECT_PARAMETER_ACL:
		return unlessOwned(owned)
	}
	return ""
}

var (
	blockOfServer   = regexp.MustCompile(`(?i)\b(create|alter|drop|rename)\s+(role|user|group|tablespace|system|subscription)\b`)
	blockOfDatabase = regexp.MustCompile(`(?i)\b(create|alter|drop)\s+database\b`)
)

// skipBlock looks for the same in the body of a DO block, which runs at once. One
// that asks for the name of its own database means that.
func skipBlock(sql string, owned bool) string {
	switch {
	case blockOfDatabase.MatchString(sql) && !strings.Contains(strings.ToLower(sql), "current_database"):
		return ofDatabase
	case blockOfServer.MatchString(sql):
		return unlessOwned(owned)
	}
	return ""
}

// isHarmless says that the catalog says the same of tables, views and functions
// when the statement fails. Grants are among them: the role that row-level
// security is analysed for is checked on its own.
func isHarmless(node any) bool {
	switch n := node.(type) {
	case *pg.Node_GrantStmt, *pg.Node_GrantRoleStmt, *pg.Node_AlterOwnerStmt, *pg.Node_CommentStmt, *pg.Node_SecLabelStmt,
		*pg.Node_AlterDefaultPrivilegesStmt, *pg.Node_VariableSetStmt, *pg.Node_CreatePublicationStmt, *pg.Node_AlterPublicationStmt,
		*pg.Node_CreateRoleStmt, *pg.Node_AlterRoleStmt, *pg.Node_AlterRoleSetStmt, *pg.Node_DropRoleStmt, *pg.Node_DropOwnedStmt,
		*pg.Node_ReassignOwnedStmt, *pg.Node_AlterDatabaseSetStmt, *pg.Node_VacuumStmt, *pg.Node_ClusterStmt, *pg.Node_ReindexStmt,
		*pg.Node_CheckPointStmt, *pg.Node_NotifyStmt, *pg.Node_CreateEventTrigStmt, *pg.Node_AlterEventTrigStmt:
		return true
	case *pg.Node_AlterTableStmt:
		for _, c := range n.AlterTableStmt.Cmds {
			cmd := c.GetAlterTableCmd()
			if cmd == nil || cmd.Subtype != pg.AlterTableType_AT_ChangeOwner {
				return false
			}
		}
		return true
	}
	return false
}
