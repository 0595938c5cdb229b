// Package rows holds the proof that variants return what their full statements do, by
// running both.
//
// It consists of tests alone. The schema of a project is filled with rows whose values are
// drawn from small pools, so that joins and filters find some. Each proven variant of each
// statement runs beside the full statement, with arguments of its state, in several
// settings of the planner. Rows and their sequence must be the same, and of a write also
// what the tables hold after it. Variants must also be refused for other states than their
// own, unless they return the same rows there too.
package rows
