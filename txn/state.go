package txn

// state is what the connection says of a transaction.
type state uint8

const (
	// stateUnknown is that of a Beginner without a connection to ask: what is
	// sent next will tell.
	stateUnknown state = iota
	stateOpen
	// stateBusy: a result is still open.
	stateBusy
	// stateFailed: broken by an error, or the connection is closed.
	stateFailed
	// stateNone: the connection is in no transaction.
	stateNone
)

// state asks the connection; it must not be called after the attempt, when the
// connection may be somebody else's.
func (tx *Tx) state() state {
	conn := tx.pgx.Conn()
	switch {
	case conn == nil:
		return stateUnknown
	case conn.IsClosed():
		return stateFailed
	case conn.PgConn().IsBusy():
		return stateBusy
	}
	switch conn.PgConn().TxStatus() {
	case 'T':
		return stateOpen
	case 'E':
		return stateFailed
	}
	return stateNone
}

// closed reports whether the connection is known to be closed.
func (tx *Tx) closed() bool {
	conn := tx.pgx.Conn()
	return conn != nil && conn.IsClosed()
}
