package stmt

import (
	"maps"
	"slices"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Registry holds statements and what each does: those of one sqlc package
// ([NewRegistry]), one that was written by hand ([Declare]), or several registries
// together ([Join]). It is not changed once it is made. A nil Registry is empty.
type Registry struct {
	statements []Statement
	bySQL      map[string]*Statement
	relations  map[string]string
}

// NewRegistry is called by generated code. relations maps each relation that the
// statements touch to the digest of its definition.
func NewRegistry(relations map[string]string, statements ...Statement) *Registry {
	r := &Registry{
		statements: statements,
		bySQL:      make(map[string]*Statement, len(statements)),
		relations:  relations,
	}
	for i := range r.statements {
		s := &r.statements[i]
		if s.Variants != nil {
			s.chooser = generated.NewChooser(s.SQL, s.Variants)
		}
		r.bySQL[s.SQL] = s
	}
	return r
}

// Lookup returns the statement whose constant is sql, or nil when nothing is known
// of sql. The statement must not be changed.
func (r *Registry) Lookup(sql string) *Statement {
	if r == nil {
		return nil
	}
	return r.bySQL[sql]
}

// Statements returns every statement, in the order of the sources.
func (r *Registry) Statements() []Statement {
	if r == nil {
		return nil
	}
	return slices.Clone(r.statements)
}

// Relations returns the relations that the statements touch and the functions that run
// then ("total(integer)"), by name. Each has the digest of its definition when the code
// was generated. db.DB.Verify compares them with a database.
func (r *Registry) Relations() map[string]string {
	if r == nil {
		return nil
	}
	return maps.Clone(r.relations)
}

// Types returns the types that the statements need ([Statement].Types), sorted and
// without repeats. Package db loads and registers them by itself; its function
// RegisterTypes does so for a bare pgxpool.
func (r *Registry) Types() []string {
	if r == nil {
		return nil
	}
	var list []string
	for i := range r.statements {
		list = append(list, r.statements[i].Types...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
