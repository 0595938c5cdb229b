// Package syntax reads the parser's trees of statements that PostgreSQL does not
// analyse for us: the relations, changes and function calls of a statement ([Direct],
// [Text]).
//
// It resolves no names: a [Name] is what is written, and what it means is for the
// catalog to say. Whatever it does not know is reported as unknown, never left
// out: an answer may name too much, not too little.
package syntax
