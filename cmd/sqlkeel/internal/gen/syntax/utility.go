package syntax

import (
	"reflect"
	"slices"
	"strings"
	"unicode"

	pg "github.com/sqlc-dev/oliphant"
)

// utility collects from a node that is no query and no expression of its own
// kind. It reports whether the nodes under it are to be looked at.
func (d *direct) utility(n any, s *scope) bool {
	switch n := n.(type) {
	case *pg.TruncateStmt:
		for _, r := range n.GetRelations() {
			d.uses.Changes = append(d.uses.Changes, Change{
				Relation: nameOf(r.GetRangeVar()), Event: Truncate, Only: !r.GetRangeVar().GetInh(),
				Cascade: n.GetBehavior() == pg.DropBehavior_DROP_CASCADE,
			})
		}
		return false
	case *pg.RefreshMatViewStmt:
		d.uses.Refreshes = append(d.uses.Refreshes, nameOf(n.GetRelation()))
		return false
	case *pg.CopyStmt:
		return d.copies(n, s)
	case *pg.LockStmt:
		d.lockAll(n.GetRelations(), nil)
		return false
	case *pg.VacuumStmt, *pg.NotifyStmt, *pg.ListenStmt, *pg.UnlistenStmt: // nor does ANALYZE change a row
		d.uses.Effect = command(kindOf(n))
		if _, listens := n.(*pg.ListenStmt); listens {
			d.uses.Leaves = "LISTEN"
		}
		return false
	case *pg.PrepareStmt:
		d.uses.Effect, d.uses.Leaves = "PREPARE", "PREPARE"
		return false
	case *pg.VariableSetStmt:
		d.sets(n)
		return false
	case *pg.TransactionStmt, *pg.VariableShowStmt, *pg.FetchStmt, *pg.ClosePortalStmt:
		return false
	case *pg.DeclareCursorStmt:
		const hold = 0x20
		if n.GetOptions()&hold != 0 {
			d.uses.Leaves = "DECLARE … WITH HOLD"
		}
		return true
	case *pg.CallStmt, *pg.ExplainStmt, *pg.ReturnStmt:
		return true
	}
	if kind := kindOf(n); strings.HasSuffix(kind, "Stmt") {
		d.uses.unknown("a statement of kind " + command(kind) + " is not followed")
		return false
	}
	return true
}

// sets notes a setting. Those that decide whose rights count, or which triggers fire,
// change what other statements do.
func (d *direct) sets(n *pg.VariableSetStmt) {
	name := strings.ToLower(n.GetName())
	if name == "" || slices.Contains(deciding, name) || strings.HasPrefix(name, "transaction") || strings.HasPrefix(name, "session ") {
		d.uses.unknown("SET " + strings.ToUpper(name) + " is not followed")
		return
	}
	d.uses.Effect = "SET " + name
	if !n.GetIsLocal() {
		d.uses.Leaves = "SET " + name
	}
}

// deciding are settings that change what other statements do to rows.
var deciding = []string{"role", "session_authorization", "row_security", "session_replication_role", "plpgsql.variable_conflict", "check_function_bodies"}

// copies collects from COPY, which reads or fills a table or runs a query.
func (d *direct) copies(n *pg.CopyStmt, s *scope) bool {
	switch {
	case n.GetIsProgram() || n.GetFilename() != "":
		d.uses.unknown("COPY with a file or program is not followed")
	case n.GetRelation() == nil:
		return true
	case n.GetIsFrom():
		d.uses.Changes = append(d.uses.Changes, Change{Relation: nameOf(n.GetRelation()), Event: Insert})
		d.under(n, s, n.GetRelation())
	default:
		return true
	}
	return false
}

// kindOf returns the name of a node's type.
func kindOf(n any) string {
	t := reflect.TypeOf(n)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// command writes the name of a statement's type, such as AlterTableStmt, the way
// that SQL would.
func command(kind string) string {
	var b strings.Builder
	for i, r := range strings.TrimSuffix(kind, "Stmt") {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	if name, odd := odd[kind]; odd {
		return name
	}
	return b.String()
}

// odd are the statements that the parser does not call what SQL calls them.
var odd = map[string]string{
	"IndexStmt": "CREATE INDEX", "ViewStmt": "CREATE VIEW", "RuleStmt": "CREATE RULE", "CreateStmt": "CREATE TABLE",
	"CreateTrigStmt": "CREATE TRIGGER", "CreateEventTrigStmt": "CREATE EVENT TRIGGER", "AlterEventTrigStmt": "ALTER EVENT TRIGGER",
	"CreateSeqStmt": "CREATE SEQUENCE", "AlterSeqStmt": "ALTER SEQUENCE", "CreatePLangStmt": "CREATE LANGUAGE",
	"CreatedbStmt": "CREATE DATABASE", "DropdbStmt": "DROP DATABASE", "VariableSetStmt": "SET", "RenameStmt": "ALTER … RENAME",
	"CreateExtensionStmt": "CREATE EXTENSION", "DefineStmt": "CREATE", "CompositeTypeStmt": "CREATE TYPE",
	"CreateEnumStmt": "CREATE TYPE", "CreateRangeStmt": "CREATE TYPE", "AlterEnumStmt": "ALTER TYPE", "CreateForeignServerStmt": "CREATE SERVER",
	"CreateFdwStmt": "CREATE FOREIGN DATA WRAPPER", "CreateOpClassStmt": "CREATE OPERATOR CLASS", "CreateOpFamilyStmt": "CREATE OPERATOR FAMILY",
	"CreateTableSpaceStmt": "CREATE TABLESPACE", "DropTableSpaceStmt": "DROP TABLESPACE", "CreateTableAsStmt": "CREATE TABLE AS",
	"GrantRoleStmt": "GRANT", "AlterObjectSchemaStmt": "ALTER … SET SCHEMA", "AlterOwnerStmt": "ALTER … OWNER TO", "SecLabelStmt": "SECURITY LABEL",
	"ConstraintsSetStmt": "SET CONSTRAINTS", "CheckPointStmt": "CHECKPOINT", "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
}
