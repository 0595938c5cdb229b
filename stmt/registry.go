package stmt

import (
	"slices"
	"sync"
)

// Registry holds the statements of one sqlc package. It is safe for concurrent use.
type Registry struct {
	statements []Statement
	bySQL      map[string]entry
	relations  map[string]string

	mu        sync.RWMutex
	byVariant map[string]*Statement // guarded by mu
}

type entry struct {
	statement *Statement
	chooser   *chooser // nil when it has no variants
}

// NewRegistry is called by generated code. relations maps each relation that the
// statements touch to the digest of its definition.
func NewRegistry(relations map[string]string, statements ...Statement) *Registry {
	r := &Registry{
		statements: statements,
		bySQL:      make(map[string]entry, len(statements)),
		relations:  relations,
		byVariant:  map[string]*Statement{},
	}
	for i := range r.statements {
		e := entry{statement: &r.statements[i]}
		if e.statement.Variants != nil {
			e.chooser = newChooser(e.statement)
		}
		r.bySQL[e.statement.SQL] = e
	}
	return r
}

// Lookup returns the statement whose constant, or one of whose variants, is sql.
// It returns nil when nothing is known of sql.
func (r *Registry) Lookup(sql string) *Statement {
	if e, ok := r.bySQL[sql]; ok {
		return e.statement
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byVariant[sql]
}

// Statements returns every statement, in the order of the sources.
func (r *Registry) Statements() []Statement { return slices.Clone(r.statements) }

// Types returns the types that the statements need ([Statement].Types), sorted and
// without repeats. Package db loads and registers them by itself; its function
// RegisterTypes does so for a bare pgxpool.
func (r *Registry) Types() []string {
	var list []string
	for i := range r.statements {
		list = append(list, r.statements[i].Types...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Rewrite returns the variant of a statement that its arguments need, and the
// arguments that are left. Both come back unchanged when sql is no statement with
// optional parts, when the types of args do not tell what is NULL, when the variant
// was not proven, or when the statement has [MaxVariants] others already. args is
// not changed. The only error is *[UnknownSortError].
func (r *Registry) Rewrite(sql string, args []any) (string, []any, error) {
	e := r.bySQL[sql]
	if e.chooser == nil {
		return sql, args, nil
	}
	m, ok, err := e.chooser.mask(args)
	if err != nil || !ok {
		return sql, args, err
	}
	v := e.chooser.find(m, r.announce)
	if v == nil {
		return sql, args, nil
	}
	return v.text, v.args(args), nil
}

// announce lets Lookup find a variant.
func (r *Registry) announce(text string, s *Statement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byVariant[text] = s
}
