package stmt

// Registry holds the statements of one sqlc package. It is safe for concurrent use.
type Registry struct {
	statements []Statement
	bySQL      map[string]*Statement
	relations  map[string]string
}

// NewRegistry is called by generated code. relations maps each relation that the
// statements touch to the digest of its definition.
func NewRegistry(relations map[string]string, statements ...Statement) *Registry {
	r := &Registry{statements: statements, bySQL: make(map[string]*Statement, len(statements)), relations: relations}
	for i := range r.statements {
		r.bySQL[r.statements[i].SQL] = &r.statements[i]
	}
	return r
}

// Lookup returns the statement whose constant, or one of whose variants, is sql.
// It returns nil when nothing is known of sql.
func (r *Registry) Lookup(sql string) *Statement { return r.bySQL[sql] }
