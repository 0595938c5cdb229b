package fold

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// uncompared are fields that say nothing of what a statement does: places in its text,
// where a column is from, which columns are mentioned, and what follows from other fields.
var uncompared = map[string]bool{
	"location": true, "stmt_location": true, "stmt_len": true, "list_start": true, "list_end": true,
	"cterefcount": true, "resorigtbl": true, "resorigcol": true, "hasSubLinks": true, "selectedCols": true, "requiredPerms": true,
	"constlen": true, "constbyval": true,
}

// clauses name the parts of a statement by the fields that hold them.
var clauses = map[string]string{
	"commandType": "another kind of statement", "cteList": "another WITH", "rtable": "another FROM", "fromlist": "another FROM",
	"jointree": "another FROM", "quals": "another condition", "targetList": "another list of columns", "onConflict": "another ON CONFLICT",
	"returningList": "another RETURNING", "groupClause": "another GROUP BY", "groupingSets": "another GROUP BY",
	"groupDistinct": "another GROUP BY", "hasGroupRTE": "another GROUP BY", "havingQual": "another HAVING", "windowClause": "another window", "hasWindowFuncs": "other window functions",
	"distinctClause": "another DISTINCT", "hasDistinctOn": "another DISTINCT", "sortClause": "another ORDER BY", "limitOffset": "another OFFSET",
	"limitCount": "another LIMIT", "limitOption": "another LIMIT", "rowMarks": "another FOR UPDATE", "rellockmode": "another FOR UPDATE", "setOperations": "another UNION, INTERSECT or EXCEPT",
	"mergeActionList": "another WHEN", "hasAggs": "other aggregates", "aggfilter": "another FILTER", "aggorder": "another ORDER BY",
	"hasForUpdate": "another FOR UPDATE", "hasModifyingCTE": "another WITH", "hasRecursive": "another WITH", "insertedCols": "another list of columns",
	"updatedCols": "another list of columns", "extraUpdatedCols": "another list of columns",
	"hasTargetSRFs": "other functions that return sets", "withCheckOptions": "another WITH CHECK OPTION",
}

// differ says where two trees differ, by the innermost clause; it is empty when they do
// not.
func differ(a, b *tree.Node) string {
	where, _ := unlike(a, b)
	return where
}

// unlike returns the place where two nodes differ and whether it is a clause's name.
func unlike(a, b *tree.Node) (where string, clause bool) {
	switch {
	case a == nil && b == nil:
		return "", false
	case a == nil:
		return "one more " + b.Kind, false
	case b == nil:
		return "no " + a.Kind, false
	case a.Kind != b.Kind:
		return "a " + b.Kind + " for a " + a.Kind, false
	}
	for _, field := range fields(a, b) {
		where, clause := unlikeValues(values(a, field), values(b, field))
		if where == "" {
			continue
		}
		if name := clauses[field]; name != "" && !clause {
			return name, true
		}
		if !clause && where == atom {
			return "another " + field + " of a " + a.Kind, false
		}
		return where, clause
	}
	return "", false
}

// atom is what differs where no nodes do.
const atom = "another value"

// fields returns the names of the fields that are compared, those of both.
func fields(a, b *tree.Node) (names []string) {
	for _, n := range []*tree.Node{a, b} {
		for _, f := range n.Fields {
			if !uncompared[f.Name] && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func values(n *tree.Node, field string) []tree.Value {
	for _, f := range n.Fields {
		if f.Name == field {
			return f.Values
		}
	}
	return nil
}

func unlikeValues(a, b []tree.Value) (where string, clause bool) {
	if len(a) != len(b) {
		return atom, false
	}
	for i := range a {
		if where, clause := unlikeValue(a[i], b[i]); where != "" {
			return where, clause
		}
	}
	return "", false
}

func unlikeValue(a, b tree.Value) (where string, clause bool) {
	switch {
	case a.Node != nil && b.Node != nil:
		return unlike(a.Node, b.Node)
	case a.Node != nil || b.Node != nil || a.Atom != b.Atom || (a.List == nil) != (b.List == nil):
		return atom, false
	}
	return unlikeValues(a.List, b.List)
}
