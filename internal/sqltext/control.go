package sqltext

// Control is what a statement does to the transaction that it runs in.
type Control uint8

const (
	// NoControl is nothing. SAVEPOINT and RELEASE are such statements.
	NoControl Control = iota
	// Begin begins a transaction: BEGIN, START TRANSACTION.
	Begin
	// End ends it: COMMIT, END, ROLLBACK, ABORT, PREPARE TRANSACTION.
	End
	// EndAndChain ends it and begins another one: COMMIT AND CHAIN and its like.
	EndAndChain
	// RollbackTo undoes it as far as a savepoint.
	RollbackTo
	// EndPrepared ends one that was prepared: COMMIT PREPARED, ROLLBACK PREPARED.
	// The server refuses that inside a transaction.
	EndPrepared
)

// Begins reports whether a transaction is begun.
func (c Control) Begins() bool { return c == Begin || c == EndAndChain }

// Ends reports whether the transaction that the statement runs in is ended.
func (c Control) Ends() bool { return c == End || c == EndAndChain }

// Control tells what one statement does to its transaction, by its first words.
func (r Rules) Control(sql string) Control {
	var words [3]string
	var kinds [3]Kind
	i := 0
	for t := range r.Code(sql) {
		kinds[i] = t.Kind
		if t.Kind == Word {
			words[i] = Fold(t.Text(sql))
		}
		if i++; i == len(words) {
			break
		}
	}
	switch words[0] {
	case "begin", "start":
		return Begin
	case "prepare": // else transaction is the name of a prepared statement
		if words[1] == "transaction" && kinds[2] == String {
			return End
		}
	case "commit", "end", "rollback", "abort":
		next := words[1]
		if next == "work" || next == "transaction" {
			next = words[2]
		}
		switch {
		case words[1] == "prepared":
			return EndPrepared
		case words[0] == "rollback" && next == "to":
			return RollbackTo
		case r.chains(sql):
			return EndAndChain
		}
		return End
	}
	return NoControl
}

// chains reports whether the words AND CHAIN follow one another.
func (r Rules) chains(sql string) bool {
	and := false
	for t := range r.Code(sql) {
		if and && t.Is(sql, "chain") {
			return true
		}
		and = t.Is(sql, "and")
	}
	return false
}
