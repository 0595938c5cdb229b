package variants

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	pg "github.com/sqlc-dev/oliphant"
)

// view looks into the definition of a view: conditions go down into it, so that its
// plan depends on the statement's. A materialised view has its rows already.
func (o *orders) view(v *pg.RangeVar) {
	t := o.f.schema.find(v)
	if _, cte := o.ctes[v]; !cte && t != nil && t.definition != "" && !t.stored {
		o.look(v, "view "+v.Relname, t.definition)
	}
}

// function looks into the bodies of functions in FROM that PostgreSQL puts in their
// place, like views.
func (o *orders) function(v *pg.RangeFunction) {
	walk(v, func(n any) bool {
		if c, ok := n.(*pg.FuncCall); ok {
			for _, body := range o.f.schema.inlined[function(c)] {
				o.look(v, "function "+function(c), body)
			}
		}
		return true
	})
}

// look looks for what depends on an order in a definition that the statement uses at
// a place.
func (o *orders) look(at any, name, definition string) {
	why, seen := o.seen[definition]
	if !seen {
		o.seen[definition] = "" // while it is being read
		why = o.definition(definition)
		if why != "" && !strings.HasPrefix(why, "view ") && !strings.HasPrefix(why, "function ") {
			why = name + ": " + why
		}
		o.seen[definition] = why
	}
	if why != "" {
		o.depends(at, why)
	}
}

func (o *orders) definition(sql string) (why string) {
	tree, err := pg.Parse(sql)
	if err != nil || len(tree.Stmts) != 1 {
		return "its definition is not understood"
	}
	in := &orders{framer: o.viewFramer(tree.Stmts[0].Stmt), f: o.f, bags: o.bags, inside: true, seen: o.seen}
	in.visit(inner(tree.Stmts[0].Stmt), nil, false)
	return in.why
}

// readInlined reads the bodies of functions that may be put in their call's place:
// in SQL, returning sets, not volatile.
func (s *Schema) readInlined(ctx context.Context, conn *pgx.Conn) error {
	const sql = `
SELECT p.proname, CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE pg_get_function_sqlbody(p.oid) END
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname = 'sql' AND p.prokind = 'f' AND p.proretset AND p.provolatile <> 'v' AND NOT p.proisstrict AND NOT p.prosecdef AND p.proconfig IS NULL
  AND p.pronamespace <> 'pg_catalog'::regnamespace`
	rows, _ := conn.Query(ctx, sql)
	var name, body string
	_, err := pgx.ForEachRow(rows, []any{&name, &body}, func() error {
		body = strings.TrimSpace(body)
		if list, atomic := strings.CutPrefix(body, "BEGIN ATOMIC"); atomic {
			body = strings.TrimSuffix(list, "END")
		}
		s.inlined[name] = append(s.inlined[name], body)
		return nil
	})
	return err
}
