package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

func (l *loader) loadRelations(ctx context.Context, tx pgx.Tx) error {
	var r Relation
	var kind, printed, comment string
	return each(ctx, tx, `
		SELECT c.oid, n.nspname, c.relname, c.relkind::text, n.nspname IN ('pg_catalog', 'information_schema'),
		       c.relpersistence = 't', c.relpersistence = 'u', c.relrowsecurity, c.relispartition,
		       CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname),
		       CASE WHEN c.relkind = 'f' THEN coalesce(obj_description(c.oid, 'pg_class'), '') ELSE '' END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname <> 'pg_toast'`,
		[]any{&r.OID, &r.Schema, &r.Name, &kind, &r.System, &r.Temporary, &r.Unlogged, &r.RowSecurity, &r.Partition, &printed, &comment}, func() {
			one := r
			one.Kind, one.printed, one.declared = firstByte(kind), printed, readDeclared(comment)
			l.Relations[one.OID] = &one
			l.relations[syntax.Name{Schema: one.Schema, Name: one.Name}] = one.OID
			if !one.System {
				l.relationsNamed[one.Name] = append(l.relationsNamed[one.Name], one.OID)
			}
		})
}

func (l *loader) loadColumns(ctx context.Context, tx pgx.Tx) error {
	var relation OID
	var c Column
	return each(ctx, tx, `
		SELECT a.attrelid, a.attnum, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod),
		       a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND NOT n.convalidated AND a.attnum = ANY (n.conkey)),
		       a.attgenerated <> '', coalesce(k.collisdeterministic, true)
		FROM pg_attribute a
		JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		LEFT JOIN pg_collation k ON k.oid = a.attcollation
		WHERE a.attnum > 0 AND NOT a.attisdropped
		ORDER BY a.attrelid, a.attnum`,
		[]any{&relation, &c.Number, &c.Name, &c.Type, &c.TypeName, &c.NotNull, &c.Generated, &c.Deterministic}, func() {
			l.composite(relation).Columns = append(l.composite(relation).Columns, c)
		})
}

// composite returns a relation, or the row type that has no relation: that is
// kept beside them so that its columns are known, without a name to find it by.
func (l *loader) composite(oid OID) *Relation {
	r := l.Relations[oid]
	if r == nil {
		r = &Relation{OID: oid, Kind: 'c'}
		l.Relations[oid] = r
	}
	return r
}

func (l *loader) loadTypes(ctx context.Context, tx pgx.Tx) error {
	var t Type
	var kind string
	return each(ctx, tx, `
		SELECT t.oid, n.nspname, t.typname, format_type(t.oid, NULL),
		       CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(t.typname), t.typtype::text,
		       t.typelem, t.typbasetype, coalesce(r.rngsubtype, m.rngsubtype, 0), t.typrelid, t.typcategory = 'A', t.typcategory = 'S',
		       coalesce(o.provolatile = 'i' AND o.oid <> ALL ($1::text[]::regproc[]), false), coalesce(i.provolatile = 'i', false)
		FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
		LEFT JOIN pg_proc o ON o.oid = t.typoutput LEFT JOIN pg_proc i ON i.oid = t.typinput
		LEFT JOIN pg_range r ON r.rngtypid = t.oid
		LEFT JOIN pg_range m ON to_jsonb(m)->>'rngmultitypid' = t.oid::text`,
		[]any{&t.OID, &t.Schema, &t.Name, &t.Format, &t.Title, &kind, &t.Element, &t.Base, &t.Range, &t.Relation, &t.Array, &t.Text, &t.FixedOutput, &t.FixedInput}, func() {
			one := t
			one.Kind = firstByte(kind)
			l.types[one.OID] = &one
			l.typesNamed[one.Name] = append(l.typesNamed[one.Name], one.OID)
		}, unsettled)
}

// unsettled are output functions that are IMMUTABLE and depend on a setting all the
// same: bytea_output, and extra_float_digits.
var unsettled = []string{
	"pg_catalog.byteaout", "pg_catalog.float4out", "pg_catalog.float8out", "pg_catalog.point_out", "pg_catalog.lseg_out", "pg_catalog.path_out",
	"pg_catalog.box_out", "pg_catalog.poly_out", "pg_catalog.line_out", "pg_catalog.circle_out",
}

func (l *loader) loadInheritance(ctx context.Context, tx pgx.Tx) error {
	var child, parent OID
	return each(ctx, tx, `SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhseqno`, []any{&child, &parent}, func() {
		c, p := l.Relations[child], l.Relations[parent]
		if c == nil || p == nil { // indexes inherit too
			return
		}
		c.Parents = append(c.Parents, parent)
		p.Children = append(p.Children, child)
	})
}

func (l *loader) loadPartitionKeys(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var columns []int
	var tree string
	var functions []OID
	return each(ctx, tx, `
		SELECT partrelid, array_remove(partattrs::int2[], 0::int2), coalesce(partexprs::text, ''),
		       ARRAY(SELECT p.amproc::oid FROM pg_opclass c JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
		             WHERE c.oid = ANY (partclass) AND c.oid >= 16384 AND p.amproc::oid >= 16384)
		FROM pg_partitioned_table`,
		[]any{&oid, &columns, &tree, &functions}, func() {
			if r := l.Relations[oid]; r != nil {
				u := l.usesOf(tree)
				for _, f := range functions {
					u.Add(l.Called(f))
				}
				r.PartitionKey = append(append([]int(nil), columns...), u.Columns...)
				r.Defaults = appendUses(r.Defaults, u)
			}
		})
}

func (l *loader) loadForeignKeys(ctx context.Context, tx pgx.Tx) error {
	var k ForeignKey
	var onDelete, onUpdate string
	return each(ctx, tx, `
		SELECT conname, conrelid, confrelid, conkey, confkey, confdeltype::text, confupdtype::text,
		       convalidated AND NOT condeferrable AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgenabled NOT IN ('O', 'A'))
		FROM pg_constraint c WHERE contype = 'f' ORDER BY conname, oid`,
		[]any{&k.Name, &k.Table, &k.Target, &k.Columns, &k.Refs, &onDelete, &onUpdate, &k.Holds}, func() {
			one := k
			one.Columns, one.Refs = append([]int(nil), k.Columns...), append([]int(nil), k.Refs...)
			one.OnDelete, one.OnUpdate = firstByte(onDelete), firstByte(onUpdate)
			if r := l.Relations[one.Table]; r != nil {
				r.References = append(r.References, one)
			}
			if r := l.Relations[one.Target]; r != nil {
				r.Referenced = append(r.Referenced, one)
			}
		})
}

// appendUses appends what is not empty.
func appendUses(list []*Uses, u *Uses) []*Uses {
	if u.empty() {
		return list
	}
	return append(list, u)
}
