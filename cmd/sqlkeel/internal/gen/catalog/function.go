package catalog

// Function is a function, procedure or aggregate.
type Function struct {
	OID        OID
	Schema     string
	Name       string
	Kind       byte // pg_proc.prokind
	Language   string
	Volatility byte // 'i', 's' or 'v'
	Extension  string
	// Signature is its name as generated.SchemaQuery spells it, such as
	// "app.total(integer, app.kind[])"; empty for those of pg_catalog.
	Signature string

	text      string // its body as it was written
	arguments []parameter
	result    OID
	path      string   // its own search_path, as pg_proc keeps it
	hasPath   bool     // it has one
	inside    []int    // the places in Catalog.paths of what that may mean
	atomic    string   // the tree of its body, when that is stored as one
	defaults  string   // the trees of the defaults of its arguments
	parts     []OID    // the functions that an aggregate is made of
	generic   bool     // it has polymorphic arguments
	declared  declared // what its COMMENT says

	concrete []OID // of a generic one, the types of its arguments in a call
}

// parameter is an argument of a function, or a column that it returns.
type parameter struct {
	name string
	typ  OID
	out  bool
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

// followed reports whether its body can be read.
func (f *Function) followed() bool {
	return !f.system() && (f.Language == "sql" || f.Language == "plpgsql" || f.Kind == 'a')
}
