// Package generated is what generated code and the generator need of sqlkeel at run
// time: the description of a statement's variants, the functions that tell whether
// an argument is NULL, cursors, and the query for the digests of a schema. Users do
// not call it; package stmt is theirs.
package generated
