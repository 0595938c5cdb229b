package txn

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// A statement that ends the transaction takes it out of the Runner's hands. Two
// things stand against that. The text is read before it is sent: this must see all,
// because after COMMIT AND CHAIN in the middle of a text nothing shows. And the
// server's answers are read, for what is sent without its text: a statement that was
// prepared by name.

// rules returns how the session reads a text.
func (tx *Tx) rules() sqltext.Rules {
	conn := tx.session.peek()
	if conn == nil {
		return sqltext.Rules{}
	}
	return sqltext.RulesOf(conn.PgConn().ParameterStatus)
}

// endsTransaction reports whether one of the text's statements would end the
// transaction, or begin another one.
func endsTransaction(sql string, rules sqltext.Rules) bool {
	if strings.IndexByte(sql, ';') < 0 {
		return controls(sql, rules)
	}
	for s := range rules.Statements(sql) {
		if controls(s.Text(sql), rules) {
			return true
		}
	}
	return false
}

// controls reports whether one statement ends or begins a transaction. COMMIT
// PREPARED and ROLLBACK PREPARED do not: the server refuses them in a transaction.
func controls(sql string, rules sqltext.Rules) bool {
	c := rules.Control(sql)
	return c.Begins() || c.Ends()
}

// admit refuses a text that would end the transaction, and any text when that has
// happened. It is called with tx.calls locked.
func (tx *Tx) admit(sql string) error {
	if tx.over() {
		return tx.refused(sql)
	}
	if !endsTransaction(sql, tx.rules()) {
		tx.forgetFault()
		return nil
	}
	err := tx.refused(sql)
	tx.misuse.CompareAndSwap(nil, err)
	return err
}

func (tx *Tx) refused(sql string) *MisuseError {
	return &MisuseError{Op: tx.op.Name, Statement: sqltext.Name(sql), Problem: endedByHand}
}

// over reports whether the function ended the transaction. It is called with
// tx.calls locked.
func (tx *Tx) over() bool {
	if tx.byHand == nil && tx.state() == stateNone {
		tx.byHand = tx.endedBy("")
	}
	return tx.byHand != nil
}

// endedBy is the error of a transaction that sql ended, if it is known.
func (tx *Tx) endedBy(sql string) error {
	return &MisuseError{Op: tx.op.Name, Statement: sqltext.Name(sql), Problem: endedByHand + ": what it did until then may be committed"}
}

// checkAnswer takes the server's word on a statement: its error, which it returns,
// and by its tag and the session's state whether the transaction is over.
func (tx *Tx) checkAnswer(sql string, tag pgconn.CommandTag, err error) error {
	tx.note(sql, err)
	if tx.byHand != nil {
		return err
	}
	if tellsTheEnd(tag.String(), sql, tx.rules()) {
		tx.byHand = tx.endedBy(sql)
	}
	if !tx.over() {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", tx.byHand, err)
	}
	return tx.byHand
}

// tellsTheEnd reports whether a command tag is of the end of a transaction, or of the
// beginning of another one.
func tellsTheEnd(tag, sql string, rules sqltext.Rules) bool {
	switch tag {
	case "COMMIT", "BEGIN", "START TRANSACTION", "PREPARE TRANSACTION":
		return true
	case "ROLLBACK": // to a savepoint, if the text says so; the tag is of its last statement
		last := sql
		for s := range rules.Statements(sql) {
			last = s.Text(sql)
		}
		return rules.Control(last) != sqltext.RollbackTo
	}
	return false
}

// rewritten is a statement that its QueryRewriter has written already.
type rewritten struct {
	sql  string
	args []any
	err  error
}

// RewriteQuery returns what was written.
func (r *rewritten) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return r.sql, r.args, r.err
}

// rewrite returns the text that will be sent: an argument may rewrite it, and then
// args have what it wrote in its place.
func (tx *Tx) rewrite(ctx context.Context, sql string, args []any) (text string, sent []any) {
	var rewriter pgx.QueryRewriter
	n := 0
options:
	for ; n < len(args); n++ {
		switch arg := args[n].(type) {
		case pgx.QueryRewriter:
			rewriter = arg
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
		default:
			break options
		}
	}
	if rewriter == nil {
		return sql, args
	}
	r := &rewritten{}
	r.sql, r.args, r.err = rewriter.RewriteQuery(ctx, tx.session.peek(), sql, args[n:])
	for _, arg := range args[:n] {
		if _, is := arg.(pgx.QueryRewriter); !is {
			sent = append(sent, arg)
		}
	}
	return r.sql, append(sent, r)
}
