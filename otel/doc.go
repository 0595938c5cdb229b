// Package keelotel reports what packages txn and cache do to OpenTelemetry. It is a module
// of its own, so that other users do not depend on OpenTelemetry.
//
//	observer, err := keelotel.NewTxnObserver(keelotel.Config{Database: "bookstore"})
//	...
//	runner, err := txn.New(pool, txn.Config{Observer: observer})
//
// # Spans
//
// A unit of work, which is one [txn.Do], has a span with the name of its operation;
// below it each attempt has one, called "NAME attempt". The function of a transaction
// gets the attempt's span in its context. So the spans that a tracer of the driver
// makes belong to the attempt that sent the statement. Hooks get the unit's, which has
// ended then. A part of a transaction ([txn.Tx.Savepoint], [txn.Propagation]) has no
// span. All are of kind internal: the program's own code runs inside of them.
//
//	db.system.name              postgresql
//	db.namespace                Config.Database
//	db.operation.name           Op.Name
//	sqlkeel.txn.outcome         committed, aborted or unknown
//	sqlkeel.txn.attempt.count   of a unit
//	sqlkeel.txn.gate_wait       of a unit that had to wait for its admission: seconds
//	sqlkeel.txn.attempt.number  of an attempt, from 1
//	sqlkeel.txn.retry_delay     of an attempt to be repeated: seconds to wait
//	sqlkeel.txn.resolve_time    of an attempt whose COMMIT had no answer: seconds until its outcome was found out
//	db.response.status_code     of what failed by an error of the server: SQLSTATE
//	error.type                  of what failed: see below
//
// A unit for which Do returns an error has the status Error. Attempts never have
// it: one that failed and was repeated did no harm.
//
// # Metrics
//
//	db.client.operation.duration  histogram, s: units, hooks not included
//	sqlkeel.txn.attempts          counter: attempts by outcome
//	sqlkeel.txn.retries           counter: attempts after the first of their unit
//	sqlkeel.txn.unknown_outcomes  counter: units with an unknown outcome
//	sqlkeel.txn.gate_wait         histogram, s: waits for an admission, of units that had to wait
//	sqlkeel.txn.resolve_time      histogram, s: by the outcome that was found
//
// All have db.system.name, db.namespace and db.operation.name. The first two have
// error.type and db.response.status_code when there was an error, attempts and
// resolve_time have the outcome. A tracer of statements may use the name
// db.client.operation.duration too: its scope is another one.
//
// # The cache
//
// [ObserveCache] has these, collected when a reader asks:
//
//	sqlkeel.cache.reads        counter: reads by sqlkeel.cache.statement and sqlkeel.cache.result,
//	                           which is hit, miss, stale, or bypass and its reason
//	sqlkeel.cache.loads        counter: by statement
//	sqlkeel.cache.load_errors  counter: by statement
//	sqlkeel.cache.load_time    counter, s: by statement
//	sqlkeel.cache.entries      gauge: results kept, by statement
//	sqlkeel.cache.invalidated  counter: results loaded again after a write, by statement
//	sqlkeel.cache.needless     counter: those that were the same as before, by sqlkeel.cache.table
//	sqlkeel.cache.flushes      counter: writes that made everything old, by sqlkeel.cache.text
//
// # What is left out
//
// The text of an error may contain data of a row, so it is left out, and with it keys,
// settings and arguments. error.type is the SQLSTATE if the error has one, else the
// result of its method ErrorType() string. Without either it is the Go name of the
// first error in its chain that has an exported one, such as context.Canceled or
// *txn.ExhaustedError. Of an attempt it is that of the error that decided what came
// next.
package keelotel
