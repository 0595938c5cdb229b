package db

import (
	"cmp"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// checkRead returns a *NotReadError unless sql is a read, as far as its words
// tell. It is strict: what it does not know is no read.
func checkRead(sql string) error {
	reason := notRead(sql, sqltext.Rules{})
	// Which session will read it is not known yet.
	if strings.IndexByte(sql, '\\') >= 0 && notRead(sql, sqltext.Rules{Backslashes: true}) != reason {
		reason = "it has a string that ends in a backslash, which servers read differently"
	}
	if reason == "" {
		return nil
	}
	return &NotReadError{Statement: stmt.Name(sql), Reason: reason}
}

// readStarts are the words that a read begins with.
var readStarts = map[string]bool{"select": true, "with": true, "values": true, "table": true, "show": true}

// writeWords make a statement a write wherever they stand.
var writeWords = map[string]bool{"insert": true, "update": true, "delete": true, "merge": true, "into": true}

// notRead returns why the text is not known to be a read, or "".
func notRead(sql string, rules sqltext.Rules) string {
	first, before, ended := true, "", false
	for t := range rules.Code(sql) {
		word := ""
		if t.Kind == sqltext.Word {
			word = sqltext.Fold(t.Text(sql))
		}
		switch {
		case ended:
			return "it is more than one statement"
		case t.Text(sql) == ";":
			ended = !first
		case first && t.Text(sql) == "(":
		case first:
			if !readStarts[word] {
				return "it begins with " + cmp.Or(strings.ToUpper(word), "no word")
			}
			first = false
		case writeWords[word]:
			return "it contains " + strings.ToUpper(word)
		case (word == "share" || word == "key") && before == "for":
			return "it locks rows"
		}
		before = word
	}
	if first {
		return "it is empty"
	}
	return ""
}
