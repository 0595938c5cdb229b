package catalog

// Function is a function, procedure or aggregate.
type Function struct {
	OID        OID
	Schema     string
	Name       string
	Kind       byte // pg_proc.prokind
	Language   string
	Volatility byte // 'i', 's' or 'v'
	// Source is the whole CREATE FUNCTION of those in SQL and PL/pgSQL that are
	// not PostgreSQL's own.
	Source    string
	Extension string
	// Signature is its name as stmt.SchemaQuery spells it, such as
	// "app.total(integer, app.kind[])"; empty for those of pg_catalog.
	Signature string

	text      string // its body as it was written
	arguments []OID
	result    OID
	path      []string   // its own search_path; nil: the session's
	atomic    bool       // its body is a tree
	tree      Dependency // what that uses
	defaults  Dependency // what the defaults of its arguments use
	parts     []OID      // the functions that an aggregate is made of
	body      func() *body
}

// printed returns the name as messages spell it.
func (f *Function) printed() string {
	if f.Schema == "public" || f.Schema == "pg_catalog" {
		return "function " + f.Name + "()"
	}
	return "function " + f.Schema + "." + f.Name + "()"
}

// system reports whether it is PostgreSQL's own.
func (f *Function) system() bool { return f.Schema == "pg_catalog" || f.Schema == "information_schema" }
