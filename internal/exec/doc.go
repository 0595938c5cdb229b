// Package exec is what packages db and txn share of running statements: the decision
// what is sent for a statement and what is known of it ([Resolve]), the results that
// callers read ([Rows], [Row], [Results]), and the notices to an Invalidator
// ([Writes]).
//
// The results wrap those of pgx. They differ by their [Owner] alone.
package exec
