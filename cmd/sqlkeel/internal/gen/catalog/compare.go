package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// comparisons are the functions of the schema that sort or hash values. PostgreSQL
// calls them in place of the operators of their class.
type comparisons struct {
	operators map[OID][]OID // by an operator of the same family
	types     map[OID][]OID // by the type whose values they compare unless told otherwise
}

// loadComparisons reads the functions of operator classes. Those of extensions are left
// out: they do what their operators do.
func (l *loader) loadComparisons(ctx context.Context, tx pgx.Tx) error {
	l.compares = comparisons{map[OID][]OID{}, map[OID][]OID{}}
	var by, function OID
	var operator bool
	return each(ctx, tx, `
		SELECT DISTINCT o.amopopr::oid, p.amproc::oid, true FROM pg_amop o JOIN pg_amproc p ON p.amprocfamily = o.amopfamily
		WHERE o.amopmethod IN (403, 405) AND p.amproc::oid >= 16384
		UNION ALL SELECT DISTINCT c.opcintype, p.amproc::oid, false FROM pg_opclass c JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
		WHERE c.opcmethod IN (403, 405) AND c.opcdefault AND p.amproc::oid >= 16384
		ORDER BY 1, 2`,
		[]any{&by, &function, &operator}, func() {
			of := l.compares.types
			if operator {
				of = l.compares.operators
			}
			if f := l.Functions[function]; f != nil && f.Extension == "" {
				of[by] = append(of[by], function)
			}
		})
}

// operator notes a use of an operator. One of PostgreSQL's own that takes an array, a
// row or a range compares what is in it.
func (r *treeReader) operator(op OID, n *tree.Node, args []*tree.Node) {
	r.call(r.operators[op], n, args)
	r.callAll(r.compares.operators[op])
	if op >= firstNormalOID {
		return
	}
	for _, arg := range args {
		r.sorts(arg)
	}
}

// sorts notes what compares the values of an expression, and what is in them.
func (r *treeReader) sorts(n *tree.Node) {
	if t, known := r.ExprType(n); known && t >= firstNormalOID {
		r.within(t, func(part OID) { r.callAll(r.compares.types[part]) })
	}
}

func (r *treeReader) callAll(functions []OID) {
	for _, f := range functions {
		r.call(f, nil, nil)
	}
}
