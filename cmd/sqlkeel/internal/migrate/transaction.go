package migrate

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// control is what a statement does to the transaction that it runs in, and what it is
// called: "" when that does not matter here.
type control struct {
	sqltext.Control
	words string
}

func controlOf(sql string) control {
	c := control{Control: sqltext.Rules{}.Control(sql)}
	verb := strings.ToUpper(sqltext.Verb(sql))
	switch {
	case c.Control == sqltext.EndPrepared:
		c.words = verb + " PREPARED"
	case c.Control == sqltext.NoControl, c.Control == sqltext.RollbackTo: // a savepoint ends none
	case verb == "START", verb == "PREPARE":
		c.words = verb + " TRANSACTION"
	default:
		c.words = verb
	}
	return c
}

// checkTransactions reports the statements that begin and end transactions. In a
// file that is one transaction there must be none: what comes before a COMMIT would
// stay when the rest fails, and what comes before a ROLLBACK would be gone although
// the version is recorded. In a file without one they must come in pairs, for goose
// records the version in the session of the last statement.
func (s *script) checkTransactions() {
	for _, direction := range []Direction{Up, Down} {
		statements, _ := s.section(direction)
		for i := range statements {
			s.checkTogether(direction, &statements[i])
		}
		if s.noTx {
			s.checkPairs(direction, statements)
			continue
		}
		for _, st := range statements {
			for _, piece := range sqltext.Pieces(st.text) {
				if c := controlOf(piece.Text(st.text)); c.words != "" {
					line, col := st.at(piece.First)
					s.note(Error, direction, line, col, "%s: the file runs as one transaction, which it must not begin or end itself: "+
						"remove the statement, or write \"-- +goose NO TRANSACTION\" as the first line", c.words)
				}
			}
		}
	}
}

// checkPairs follows the transactions of a file that runs without one.
func (s *script) checkPairs(direction Direction, statements []statement) {
	open := control{}
	var row, col, first int // of the statement that began the open one
	for i := range statements {
		st := &statements[i]
		st.first = i
		if open.Begins() {
			st.first = first
		}
		for _, piece := range sqltext.Statements(st.text) {
			c := controlOf(piece.Text(st.text))
			line, column := st.at(piece.First)
			switch {
			case c.Ends() && !open.Begins():
				s.note(Error, direction, line, column, "%s without BEGIN before it: the file runs without a transaction", c.words)
			case c.Begins() && !c.Ends() && open.Begins():
				s.note(Error, direction, line, column, "%s inside the transaction that begins on line %d", c.words, row)
			}
			if c.Ends() {
				open = control{}
			}
			if c.Begins() {
				open, row, col, first = c, line, column, i
			}
		}
	}
	if open.Begins() {
		s.note(Error, direction, row, col, "the transaction begun here is not ended, so that all of it would be undone: add COMMIT")
	}
}

// checkTogether warns of statements that goose sends together unasked: because it
// does not see where one ends, or in a file without a transaction, where PostgreSQL
// runs them as one all the same.
func (s *script) checkTogether(direction Direction, st *statement) {
	pieces := sqltext.Statements(st.text)
	if st.block {
		return
	}
	for i := 1; i < len(pieces); i++ {
		end, next := pieces[i-1].End, pieces[i].First
		line, col := st.at(next)
		switch {
		case strings.Contains(st.text[end:next], "\n"):
			s.note(Warning, direction, line, col, "goose sends this statement together with the one before it, whose semicolon it does not see because of %s", hides(st.text, end-1))
		case s.noTx:
			s.note(Warning, direction, line, col, "goose sends this statement together with the one before it, and PostgreSQL runs the two as one transaction: "+
				"begin it on a line of its own")
		default:
			continue
		}
		return
	}
}
