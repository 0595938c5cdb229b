// Package pages checks a statement that is annotated with -- @page: that it lists
// rows in a total order, goes on after a given row, and finds that place by an
// index.
//
// The statement stays plain SQL that is right by itself. For keys title and id it
// has
//
//	WHERE … AND (sqlc.narg('after_id')::bigint IS NULL
//	    OR (b.title, b.id) > (sqlc.narg('after_title')::text, sqlc.narg('after_id')::bigint))
//	ORDER BY b.title, b.id
//	LIMIT @max_rows::integer
//
// or, for keys that are all descending, < and DESC.
package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/query"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Plan is how a statement is paged.
type Plan struct {
	// Keys in the order of ORDER BY.
	Keys []Key
	// Limit is the placeholder of LIMIT, from 1.
	Limit int
	// Fingerprint tells this statement's cursors from those of others, and from
	// those of this one when its keys were different.
	Fingerprint string
}

// Key is one key of the order.
type Key struct {
	Name       string // as the annotation names it
	Descending bool
	Column     int // of the result, from 1
	Param      int // the placeholder of the row to go on after, from 1
}

// Analyze checks a statement annotated with @page, of which whyNone says why there
// is no analysed tree when it is nil. conn is a connection to the scratch database, in
// no transaction. The error is a *[project.Problem] when the statement cannot be paged,
// else one of the connection.
func Analyze(ctx context.Context, conn *pgx.Conn, cat *catalog.Catalog, st *project.Statement, statement *tree.Node, whyNone string) (*Plan, error) {
	a := &analysis{conn: conn, cat: cat, st: st, note: st.Annotation("page"), query: statement, whyNone: whyNone}
	if err := a.checkShape(); err != nil {
		return nil, err
	}
	a.prover = query.New(cat, statement)
	if err := a.loadOrders(ctx); err != nil {
		return nil, fmt.Errorf("read the operators of %s: %w", st.Name, err)
	}
	for _, step := range []func() error{a.findOrder, a.findColumns, a.findLimit, a.findAfter, a.checkTotal, a.checkTypes} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := a.proveIndex(ctx); err != nil {
		return nil, err
	}
	return a.plan(), nil
}

// analysis is the work on one statement.
type analysis struct {
	conn    *pgx.Conn
	cat     *catalog.Catalog
	prover  *query.Prover
	st      *project.Statement
	note    *project.Annotation
	query   *tree.Node
	whyNone string
	orders  map[catalog.OID]order // by operator
	keys    []key
	limit   int
}

func (a *analysis) plan() *Plan {
	p := &Plan{Limit: a.limit}
	h := sha256.New()
	fmt.Fprintf(h, "%s.%s", a.st.Package.Name, a.st.Name)
	for _, k := range a.keys {
		p.Keys = append(p.Keys, k.Key)
		fmt.Fprintf(h, " %q %t %s", k.Name, k.Descending, k.typeName)
	}
	p.Fingerprint = hex.EncodeToString(h.Sum(nil)[:4])
	return p
}

// refuse returns a problem at an offset of the statement; at the annotation when
// the offset is negative.
func (a *analysis) refuse(offset int32, format string, args ...any) error {
	pos := a.note.Pos
	if offset >= 0 {
		pos = a.st.Position(int(offset))
	}
	return &project.Problem{Pos: pos, Statement: a.st.Name, Message: "@page: " + fmt.Sprintf(format, args...)}
}

// expected returns the predicate that the statement should have.
func (a *analysis) expected() string {
	var columns, params []string
	op := ">"
	for i := range a.keys {
		k := &a.keys[i]
		columns = append(columns, a.name(k))
		params = append(params, "sqlc.narg('"+afterName(k.Name)+"')::"+k.typeName)
		if k.Descending {
			op = "<"
		}
	}
	left, right := strings.Join(columns, ", "), strings.Join(params, ", ")
	if len(columns) > 1 {
		left, right = "("+left+")", "("+right+")"
	}
	return fmt.Sprintf("(%s IS NULL OR %s %s %s)", params[len(params)-1], left, op, right)
}

func afterName(key string) string { return "after_" + key }
