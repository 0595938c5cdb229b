// Package syntax reads SQL trees: the relations, changes and function calls of a
// statement ([Direct], [Text]), and the SQL inside of PL/pgSQL bodies ([PLpgSQL]).
//
// It resolves no names: a [Name] is what is written, and what it means is for the
// catalog to say. Whatever it does not know is reported as unknown, never left
// out: an answer may name too much, not too little.
package syntax
