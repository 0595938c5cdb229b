package exec

import "github.com/jackc/pgx/v5/pgconn"

// Owner is what results are read from: a connection that package db lends, or a
// transaction of package txn.
type Owner interface {
	// Enter begins a use of the connection by the results of a statement, and Leave
	// ends it. After an error, which the results then have, Leave is not called.
	Enter(sql string) error
	Leave()
	// Fields is called with the columns before the first row is read.
	Fields(fields []pgconn.FieldDescription)
	// Unfit is called when a value of a row could not be scanned.
	Unfit(err error, fields []pgconn.FieldDescription)
	// Answered is called once for each statement, with its tag or error. It returns
	// the error that the caller gets, which may be another one.
	Answered(sql string, tag pgconn.CommandTag, err error) error
	// Closed is called once when the results of a statement, or of a whole batch,
	// were read or closed. It returns the error that the caller gets.
	Closed(err error) error
}
