// Package syntax reads SQL trees: the relations, changes, function calls and
// placeholders of a statement, and the SQL inside of PL/pgSQL bodies. It resolves
// no names.
package syntax
