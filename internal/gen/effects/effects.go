// Package effects works out what one statement does, from the parser's tree, from
// what PostgreSQL resolves and locks when it prepares the statement, and from the
// catalogs.
package effects
