package migrate

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// control is what a statement does to the transaction that it runs in.
type control struct {
	words  string // as they are to be called, "" when it does nothing to it
	begins bool
	ends   bool
}

// controlOf finds out by the first words. What is prepared is in no transaction when
// it is committed, and a savepoint ends none.
func controlOf(sql string) control {
	var words []string
	for t := range sqltext.Code(sql) {
		if t.Kind != sqltext.Word {
			if len(words) == 2 && words[0] == "prepare" && words[1] == "transaction" && t.Kind == sqltext.String {
				return control{words: "PREPARE TRANSACTION", ends: true}
			}
			break
		}
		words = append(words, sqltext.Fold(t.Text(sql)))
	}
	if len(words) == 0 {
		return control{}
	}
	chains := slices.Contains(words, "chain") && !slices.Contains(words, "no")
	has := func(i int, word string) bool { return i < len(words) && words[i] == word }
	switch words[0] {
	case "begin":
		return control{words: "BEGIN", begins: true}
	case "start":
		if has(1, "transaction") {
			return control{words: "START TRANSACTION", begins: true}
		}
	case "commit", "end":
		if has(1, "prepared") {
			return control{words: "COMMIT PREPARED"}
		}
		return control{words: upper[words[0]], begins: chains, ends: true}
	case "rollback", "abort":
		switch {
		case has(1, "to") || has(2, "to"):
			return control{}
		case has(1, "prepared"):
			return control{words: "ROLLBACK PREPARED"}
		}
		return control{words: upper[words[0]], begins: chains, ends: true}
	}
	return control{}
}

var upper = map[string]string{"commit": "COMMIT", "end": "END", "rollback": "ROLLBACK", "abort": "ABORT"}

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
		if open.begins {
			st.first = first
		}
		for _, piece := range sqltext.Statements(st.text) {
			c := controlOf(piece.Text(st.text))
			line, column := st.at(piece.First)
			switch {
			case c.ends && !open.begins:
				s.note(Error, direction, line, column, "%s without BEGIN before it: the file runs without a transaction", c.words)
			case c.begins && !c.ends && open.begins:
				s.note(Error, direction, line, column, "%s inside the transaction that begins on line %d", c.words, row)
			}
			if c.ends {
				open = control{}
			}
			if c.begins {
				open, row, col, first = c, line, column, i
			}
		}
	}
	if open.begins {
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
