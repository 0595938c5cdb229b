// Package sqltext is the project's one scanner of SQL text. It cuts a text into tokens
// and statements as PostgreSQL's lexer does. It does not parse, so text that the parser
// refuses, or that is not finished, still has places. It never fails: what is not
// closed reaches to the end.
//
// The rules are those of the server, not of psql: white space is ASCII, "--" ends at
// a line feed or a carriage return, block comments nest, a string goes on in the next
// quotes when there is a line's end between, and a dollar quote does not begin inside
// of a word. Where versions of PostgreSQL differ the text is one that the others
// refuse.
package sqltext
