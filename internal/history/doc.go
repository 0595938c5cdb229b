// Package history decides whether what clients saw of a database can be
// explained by transactions that ran one after the other.
//
// The workload is list-append: a key holds a list, a transaction appends values to
// lists and reads whole lists, and no value is appended to a key twice. A list that was
// read has its values in the order of their writes. So the longest list gives the order
// of all writes of a key, and that gives the dependencies among transactions. Kingsbury
// and Alvaro describe the idea in "Elle: Inferring Isolation Anomalies from
// Experimental Observations" (VLDB 2020).
//
// # What is checked
//
// [Check] first judges each list by itself and against the others of its key:
// values that no transaction appended or that came twice, writes of transactions that
// failed, a transaction's writes seen in part or not seen by itself, lists that
// do not agree on one order, writes that are gone in the end.
//
// Then it draws the dependencies. One transaction comes before another when the
// other appended right after it (ww), read its append as the last (wr), or
// appended what it would have read next (rw). A cycle cannot be explained by any
// order. If all appends are in the final lists and there is no anomaly, there is
// an order of the transactions that explains all that was seen.
//
// # Order in time
//
// Serializability lets a transaction take effect before one that ended before it
// began. An [Order] asks for more: that a client sees its own transactions in
// order, or that all do (strict serializability). What breaks only that is an
// anomaly of a kind of its own.
//
// PostgreSQL promises serializability. A single primary gives strict serializability as
// well, by this argument. Its SERIALIZABLE transactions read from a snapshot. One fails
// when three of them are joined by rw and rw and the third committed first, if the
// first two and the last two overlap. That suffices because on every cycle there are
// such three: any other dependency leads from a transaction to one whose snapshot holds
// its commit. "Ended before the other began" is of that sort too, so the argument
// covers cycles with such steps. It does not cover reads at a standby.
package history
