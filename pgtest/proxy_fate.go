package pgtest

import "fmt"

// CommitFate is what a [Proxy] does to a COMMIT. See [Proxy.OnCommit].
type CommitFate uint8

const (
	// CommitDelivered is what happens without faults: the server executes it and
	// the client hears the answer.
	CommitDelivered CommitFate = iota
	// CommitCutBefore resets both connections; the server never sees it.
	CommitCutBefore
	// CommitCutAfter lets the server execute it and, in place of the answer,
	// resets the client's connection.
	CommitCutAfter
	// CommitCutDuring forwards it and resets the client's connection at once: the
	// server may still be at work on it. A driver may then ask the server to cancel
	// what it does; see [Proxy.BlockCancelRequests].
	CommitCutDuring
	// CommitTorn forwards half of its bytes and resets both connections.
	CommitTorn
	// CommitDelayed resets the client's connection at once and brings it to the
	// server only later, as [Proxy.DelayCommits] says; the transaction stays
	// open until then.
	CommitDelayed
	// CommitFatalBefore answers it by FATAL 57P01 and closes the client's connection;
	// the server never sees it, its connection is reset.
	CommitFatalBefore
	// CommitFatalAfter lets the server execute it and, in place of the answer,
	// sends FATAL 57P01 and closes the connections.
	CommitFatalAfter
	// CommitSilent lets the server execute it. The client hears nothing of that nor
	// of anything else, and is not heard any more.
	CommitSilent
	// CommitLost drops it and all that either side says later; nothing is closed.
	// The server's transaction stays open, also when the client has gone, until the
	// server ends it or the test is over.
	CommitLost
	// CommitUnknown40003 lets the server execute it, whatever comes of that, and
	// answers by ERROR 40003; the connection stays usable, outside of a transaction.
	CommitUnknown40003
	// CommitUnknown08007 is CommitUnknown40003 with ERROR 08007.
	CommitUnknown08007
)

// String returns the fate in words.
func (f CommitFate) String() string {
	names := [...]string{
		"delivered", "cut before", "cut after", "cut during", "torn", "delayed",
		"fatal before", "fatal after", "silent", "lost", "unknown 40003", "unknown 08007",
	}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("CommitFate(%d)", uint8(f))
}
