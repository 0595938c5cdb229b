package scratch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// serverError returns what the server said, nil when the error is about the
// connection or the context.
func serverError(err error) *pgconn.PgError {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.SeverityUnlocalized == "ERROR" {
		return refused
	}
	return nil
}

// ofFile says which file was being applied when the connection or ctx ended.
func ofFile(name string, err error) error {
	var p *project.Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	return fmt.Errorf("apply the schema file %s: %w", name, err)
}

// stepFailed tells a statement's failure at the place that the server names.
func (a *applier) stepFailed(ctx context.Context, s *script, st step, err *pgconn.PgError) error {
	at := st.Start
	if strings.HasPrefix(s.Text[st.Start:], st.SQL) {
		at += byteOffset(st.SQL, int(err.Position))
	}
	p := s.problem(at, message(st, err))
	p.Missing = project.Missing(err.Code, err.Message)
	if st.kind.data && (st.kind.node.GetSelectStmt() == nil || a.callsOwn(ctx, st.SQL)) {
		p.Message = leftOut(err.Message + " (SQLSTATE " + err.Code + ")") // details differ from row to row
		a.warn(p)
		return nil
	}
	if st.kind.harmless || alreadyThere(st, err) {
		a.warn(p)
		return nil
	}
	return a.failed(p)
}

// alreadyThere says that the new database, or the one server of several scratch
// databases, has what the statement creates.
func alreadyThere(st step, err *pgconn.PgError) bool {
	if st.kind.node == nil {
		return false
	}
	switch err.Code {
	case "42710": // duplicate_object
		return st.kind.node.GetCreateExtensionStmt() != nil || st.kind.node.GetCreatePlangStmt() != nil
	case "42701": // duplicate_column
		// sqlc does not see what a DO block adds, so that projects tell it twice.
		cmds := st.kind.node.GetAlterTableStmt().GetCmds()
		return len(cmds) == 1 && cmds[0].GetAlterTableCmd().GetSubtype() == pg.AlterTableType_AT_AddColumn
	case "42P06": // duplicate_schema
		return st.kind.node.GetCreateSchemaStmt().GetSchemaname() == "public"
	}
	return false
}

// message is the server's, in one line, with the remedy where it is known.
func message(st step, err *pgconn.PgError) string {
	text := err.Message
	if err.Detail != "" {
		text += " (" + err.Detail + ")"
	}
	if err.Hint != "" {
		text += "; " + err.Hint
	}
	text = strings.Join(strings.Fields(text), " ") + " (SQLSTATE " + err.Code + ")"
	if st.kind.node == nil {
		return text
	}
	extension := st.kind.node.GetCreateExtensionStmt()
	switch {
	case extension != nil && (err.Code == "0A000" || err.Code == "58P01" || err.Code == "22023"):
		return fmt.Sprintf("the server has no extension %q: install it there, or name a server that has it: %s", extension.Extname, text)
	case extension != nil && err.Code == "42501":
		return fmt.Sprintf("the extension %q needs a superuser: name the DSN of one, or another server: %s", extension.Extname, text)
	case err.Code == "42704" && st.kind.node.GetCreatePolicyStmt() != nil:
		return "the policy's role must exist on the server: create it there with NOLOGIN, or use a server of sqlkeel's own: " + text
	}
	return text
}

// byteOffset turns the server's position, in characters from 1, into an offset.
func byteOffset(text string, position int) int {
	n := 1
	for i := range text {
		if n >= position {
			return i
		}
		n++
	}
	if position <= 0 {
		return 0
	}
	return len(text)
}

// plain drops the path and the operation from a file error.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
