package emit

// prune writes the executor that chooses the variants of statements.
func prune(f *file, problems *problems) {
	if _, ok := f.taken.claim("Prune"); !ok {
		fixedName(f, "Prune", problems)
	}
	t := f.taken.free("pruned")
	context, pgx, pgconn := f.use("context"), f.use("github.com/jackc/pgx/v5"), f.use("github.com/jackc/pgx/v5/pgconn")
	row := f.taken.free("failedRow")
	f.line(`// Prune returns an executor that sends the statements of this package through db
// without the optional parts that their arguments do not need. It goes between
// New and whatever runs the statements: a pool, a connection, a transaction.
// Everything else is passed to db as it is.
func Prune(db DBTX) DBTX { return %s{db} }

type %s struct{ DBTX }
`, t, t)
	f.line("func (p %s) Exec(ctx %s.Context, sql string, args ...any) (%s.CommandTag, error) {", t, context, pgconn)
	f.line("sql, args, err := Statements.Rewrite(sql, args)")
	f.line("if err != nil {\nreturn %s.CommandTag{}, err\n}", pgconn)
	f.line("return p.DBTX.Exec(ctx, sql, args...)\n}\n")
	f.line("func (p %s) Query(ctx %s.Context, sql string, args ...any) (%s.Rows, error) {", t, context, pgx)
	f.line("sql, args, err := Statements.Rewrite(sql, args)")
	f.line("if err != nil {\nreturn nil, err\n}")
	f.line("return p.DBTX.Query(ctx, sql, args...)\n}\n")
	f.line("func (p %s) QueryRow(ctx %s.Context, sql string, args ...any) %s.Row {", t, context, pgx)
	f.line("sql, args, err := Statements.Rewrite(sql, args)")
	f.line("if err != nil {\nreturn %s{err}\n}", row)
	f.line("return p.DBTX.QueryRow(ctx, sql, args...)\n}\n")
	f.line("// %s is the row of a statement that was not sent.", row)
	f.line("type %s struct{ err error }\n", row)
	f.line("func (r %s) Scan(...any) error { return r.err }\n", row)
}
