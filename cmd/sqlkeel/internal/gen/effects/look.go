package effects

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// sighting is what PostgreSQL and the parser say of a statement.
type sighting struct {
	params  []Type
	columns []Column
	locks   []lock
	tree    *pg.Node // nil when the parser does not understand the text
	// query is PostgreSQL's analysed form; nil when there is none, for whyNone.
	query   *tree.Node
	whyNone string
	text    string // of the statement alone
}

// lock is a lock on a relation.
type lock struct {
	relation catalog.OID
	mode     string
}

// reads reports whether the lock leaves the relation's rows as they are.
func (l lock) reads() bool { return l.mode == "AccessShareLock" || l.mode == "RowShareLock" }

// MaxParams is how many arguments a function can have. In the analysed form of a
// statement, placeholders beyond it are NULL.
const MaxParams = 100

const locksHeld = `SELECT l.relation, l.mode FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.oid >= 16384 AND c.relkind NOT IN ('i', 'I', 't')
AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());`

// look prepares the statement and sees what that locks, in a transaction that is
// rolled back. No lock outlives it, so that each statement takes its own anew.
func (a *Analyzer) look(ctx context.Context, st *project.Statement) (s *sighting, err error) {
	err = a.inTransaction(ctx, func(conn *pgconn.PgConn) error {
		s, err = a.lookInside(ctx, conn, st)
		return err
	})
	return s, err
}

// inTransaction calls do as the application's role in a transaction that is rolled back.
func (a *Analyzer) inTransaction(ctx context.Context, do func(*pgconn.PgConn) error) error {
	conn := a.conn.PgConn()
	begin := "BEGIN;"
	if a.role != "" {
		begin += "SET LOCAL ROLE " + quote(a.role) + ";SET LOCAL search_path TO " + a.path
	}
	if _, err := conn.Exec(ctx, begin).ReadAll(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err := do(conn)
	if conn.IsClosed() {
		return err
	}
	if _, end := conn.Exec(ctx, "ROLLBACK").ReadAll(); end != nil && err == nil {
		return fmt.Errorf("roll back: %w", end)
	}
	return err
}

func (a *Analyzer) lookInside(ctx context.Context, conn *pgconn.PgConn, st *project.Statement) (*sighting, error) {
	desc, err := conn.Prepare(ctx, "", st.SQL, nil)
	if err != nil {
		return nil, refused(st, err)
	}
	s := &sighting{}
	for _, f := range desc.Fields {
		s.columns = append(s.columns, Column{Name: f.Name, Type: a.typeOf(f.DataTypeOID)})
	}
	script := locksHeld + a.script(s, st.SQL, desc)
	if err := s.read(conn.Exec(ctx, script), len(script) > len(locksHeld)); err != nil {
		return s, err
	}
	s.locks = a.unread(s)
	return s, nil
}

func (a *Analyzer) typeOf(oid uint32) Type {
	base := a.cat.Type(a.cat.BaseType(catalog.OID(oid)))
	return Type{OID: oid, Name: a.cat.TypeName(catalog.OID(oid)), Array: base != nil && base.Array}
}

// script returns what makes a prepared text a function's body and reads back what became
// of it; empty when it can be none.
func (a *Analyzer) script(s *sighting, text string, d *pgconn.StatementDescription) string {
	for _, oid := range d.ParamOIDs {
		s.params = append(s.params, a.typeOf(oid))
	}
	if s.text = s.parse(text); resolvable(s.tree) {
		return a.asFunction(s, s.text)
	}
	return ""
}

// parse sets the parser's tree and returns the statement's text without what
// follows it.
func (s *sighting) parse(sql string) string {
	s.whyNone = "it is no query"
	parsed, err := syntax.Parse(sql)
	if err != nil || len(parsed.GetStmts()) != 1 {
		s.whyNone = "the parser does not understand it"
		return sql
	}
	raw := parsed.GetStmts()[0]
	s.tree = raw.GetStmt()
	from, n := int(raw.GetStmtLocation()), int(raw.GetStmtLen())
	if n == 0 || from < 0 || from+n > len(sql) {
		return sql
	}
	return sql[from : from+n]
}

// resolvable reports whether the statement can be a function's body.
func resolvable(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		return true
	}
	return false
}

// asFunction returns a script that makes the statement a function's body and
// reads back what became of it. The session's own role may do so whatever the
// application's may; names are looked up in the latter's schemas.
func (a *Analyzer) asFunction(s *sighting, text string) string {
	types := make([]string, 0, len(s.params))
	for _, p := range s.params {
		if t := a.cat.Type(catalog.OID(p.OID)); t != nil {
			types = append(types, quote(t.Schema)+"."+quote(t.Name))
		}
	}
	if len(types) > MaxParams {
		text = cutParams(text, types)
		types = types[:MaxParams]
	}
	reset := ""
	if a.role != "" {
		reset = "SET LOCAL ROLE NONE;"
	}
	return reset + "CREATE FUNCTION pg_temp.sqlkeel_statement(" + strings.Join(types, ", ") +
		") RETURNS void LANGUAGE sql BEGIN ATOMIC " + text + "\n; END;\n" +
		"SELECT prosqlbody::text FROM pg_catalog.pg_proc WHERE proname = 'sqlkeel_statement' AND pronamespace = pg_catalog.pg_my_temp_schema();"
}

// cutParams writes NULL for the placeholders that are too many for a function.
func cutParams(text string, types []string) string {
	scan, err := pg.Scan(text)
	if err != nil {
		return text
	}
	var out strings.Builder
	last := 0
	for _, token := range scan.GetTokens() {
		from, to := int(token.GetStart()), int(token.GetEnd())
		if token.GetToken() != pg.Token_PARAM || from < last || to > len(text) {
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(text[from:to], "$"))
		if err != nil || n <= MaxParams || n > len(types) {
			continue
		}
		out.WriteString(text[last:from])
		out.WriteString("(NULL::" + types[n-1] + ")")
		last = to
	}
	return out.String() + text[last:]
}

// read takes the locks from the first result and the tree from the last.
func (s *sighting) read(results *pgconn.MultiResultReader, resolving bool) error {
	var sets []*pgconn.Result
	for results.NextResult() {
		sets = append(sets, results.ResultReader().Read())
	}
	err := results.Close()
	if len(sets) == 0 || sets[0].Err != nil {
		return fmt.Errorf("read the locks: %w", err)
	}
	for _, row := range sets[0].Rows {
		oid, bad := strconv.ParseUint(string(row[0]), 10, 32)
		if bad != nil {
			return fmt.Errorf("read the locks: %w", bad)
		}
		s.locks = append(s.locks, lock{catalog.OID(oid), string(row[1])})
	}
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server):
		s.whyNone = server.Message
		return nil
	case err != nil:
		return err
	case resolving:
		s.resolve(sets[len(sets)-1].Rows)
	}
	return nil
}

// resolve reads the analysed form: a list of one list of one query.
func (s *sighting) resolve(rows [][][]byte) {
	s.whyNone = tree.ErrUnread.Error()
	if len(rows) != 1 || len(rows[0]) != 1 {
		return
	}
	v, err := tree.Parse(string(rows[0][0]))
	if err != nil {
		return
	}
	for len(v.List) == 1 {
		v = v.List[0]
	}
	if v.Node.Is("QUERY") {
		s.query, s.whyNone = v.Node, ""
	}
}

// refused turns a refusal of the server into a problem at its place.
func refused(st *project.Statement, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return fmt.Errorf("prepare %s: %w", st.Name, err)
	}
	message := server.Message
	if server.Hint != "" {
		message += " (" + server.Hint + ")"
	}
	pos := st.Pos
	if server.Position > 0 {
		pos = st.Position(byteOffset(st.SQL, int(server.Position)))
	}
	return &project.Problem{Pos: pos, Statement: st.Name, Message: message, Missing: project.Missing(server.Code, server.Message)}
}

// byteOffset turns a character's number, from 1, into a byte's, from 0.
func byteOffset(s string, char int) int {
	offset := 0
	for ; char > 1 && offset < len(s); char-- {
		_, size := utf8.DecodeRuneInString(s[offset:])
		offset += size
	}
	return offset
}
