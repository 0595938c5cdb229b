package sqltext

import "testing"

func TestAStatementsControlOfItsTransactionIsInItsFirstWords(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]Control{
		"select 1": NoControl, "": NoControl, "savepoint s": NoControl, "release s": NoControl, "set transaction read only": NoControl,
		"begin": Begin, "BEGIN WORK": Begin, "start transaction read only": Begin, "/* commit */ begin isolation level serializable": Begin,
		"commit": End, "END TRANSACTION": End, "rollback": End, "abort work": End, "-- x\rcommit": End, "commit and no chain": End,
		"prepare transaction 'x'": End, "prepare /**/ transaction U&'x'": End,
		"prepare transaction as select 1": NoControl, "prepare p as select 1": NoControl, "prepare transaction": NoControl,
		"commit and chain": EndAndChain, "rollback work and /**/ chain": EndAndChain, "abort and chain -- to": EndAndChain,
		"rollback to s": RollbackTo, "rollback transaction to savepoint s": RollbackTo, "rollback/*x*/to s": RollbackTo,
		"rollback -- to": End, "rollback /* to */ and chain": EndAndChain,
		"commit prepared 'x'": EndPrepared, "rollback prepared 'x'": EndPrepared,
		`"commit"`: NoControl, "(commit)": NoControl, "'commit'": NoControl,
	} {
		if got := (Rules{}).Control(sql); got != want {
			t.Errorf("%q: %d, want %d", sql, got, want)
		}
	}
	for c, want := range map[Control][2]bool{
		NoControl: {}, Begin: {true, false}, End: {false, true}, EndAndChain: {true, true}, RollbackTo: {}, EndPrepared: {},
	} {
		if got := [2]bool{c.Begins(), c.Ends()}; got != want {
			t.Errorf("%d: begins, ends %v, want %v", c, got, want)
		}
	}
}
