// Package sqltext cuts SQL text into tokens and statements without parsing it, so
// that text which the parser refuses, or which is not finished, still has places.
// It follows PostgreSQL's rules for quotes, dollar quotes, comments and the bodies
// of functions. It never fails: what is not closed reaches to the end.
package sqltext
