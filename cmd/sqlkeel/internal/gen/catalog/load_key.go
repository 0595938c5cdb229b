package catalog

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// opclass is what compares the values of a column in an index.
type opclass struct {
	preset bool // the default for its type
	input  OID
}

// loadKeys reads unique indexes.
func (l *loader) loadKeys(ctx context.Context, tx pgx.Tx) error {
	classes, presets, err := loadClasses(ctx, tx)
	if err != nil {
		return err
	}
	var oid OID
	var k Key
	var plain, strict bool
	var by []OID
	return each(ctx, tx, `
		SELECT i.indrelid, c.relname, (i.indkey::int2[])[0:i.indnkeyatts - 1], i.indisprimary,
		       coalesce(to_jsonb(i)->>'indnullsnotdistinct', 'false') <> 'true',
		       i.indisvalid AND i.indisready AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL, i.indclass::oid[],
		       NOT EXISTS (SELECT FROM pg_collation s WHERE s.oid = ANY (i.indcollation) AND NOT s.collisdeterministic)
		FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid
		WHERE i.indisunique AND i.indrelid >= 16384
		ORDER BY i.indrelid, NOT i.indisprimary, c.relname`,
		[]any{&oid, &k.Name, &k.Columns, &k.Primary, &k.Distinct, &plain, &by, &strict}, func() {
			r := l.Relations[oid]
			if r == nil {
				return
			}
			for i, n := range k.Columns {
				c := r.Numbered(n)
				usual := c != nil && classes[by[i]].preset && (classes[by[i]].input == l.BaseType(c.Type) || !presets[l.BaseType(c.Type)])
				if c != nil && !(usual && strict) {
					c.Loose = true
				}
				plain = plain && usual
			}
			if plain {
				one := k
				one.Columns = slices.Clone(k.Columns)
				r.Keys = append(r.Keys, one)
			}
		})
}

// loadClasses reads by what indexes compare, and the types that have a default of
// their own. A type that has none is compared as one that it can be taken for; one
// that has, such as citext, may all the same be indexed as text.
func loadClasses(ctx context.Context, tx pgx.Tx) (classes map[OID]opclass, presets map[OID]bool, err error) {
	classes, presets = map[OID]opclass{}, map[OID]bool{}
	var oid OID
	var c opclass
	err = each(ctx, tx, `SELECT oid, opcdefault, opcintype FROM pg_opclass WHERE opcmethod = 403`, []any{&oid, &c.preset, &c.input}, func() {
		classes[oid] = c
		presets[c.input] = presets[c.input] || c.preset
	})
	return classes, presets, err
}
