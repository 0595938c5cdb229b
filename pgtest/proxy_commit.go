package pgtest

import (
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// rules are the faults that a proxy was asked for.
type rules struct {
	decide   func() CommitFate    // nil: none
	delay    func() time.Duration // nil: until released
	noCancel bool
}

// any reports whether something of what clients send has to be known.
func (r rules) any() bool { return r.decide != nil || r.noCancel }

func (p *Proxy) rules() rules {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// OnCommit lets decide choose the fate of each COMMIT that a client sends from now
// on, over old connections and new ones; nil delivers all. decide is called once
// for each, from many goroutines.
//
// A COMMIT is a simple Query whose text is the word commit, in any case, as pgx
// sends it; blanks and semicolons around it do not matter. One that is part of a
// longer text, or prepared, is delivered. A connection that is encrypted, or does
// not speak PostgreSQL's protocol, is an error of the test.
func (p *Proxy) OnCommit(decide func() CommitFate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.decide = decide
}

// DelayCommits says how long each COMMIT of fate [CommitDelayed] is held back from
// now on. delay is called once for each, from many goroutines. Default, and nil:
// until [Proxy.ReleaseCommits]. The end of the test delivers what is left.
func (p *Proxy) DelayCommits(delay func() time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.delay = delay
}

// ReleaseCommits delivers the COMMITs that are held back now, without waiting for
// the server's answers: [Proxy.Orphans] tells when they have come.
func (p *Proxy) ReleaseCommits() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.release)
	p.release = make(chan struct{})
}

// BlockCancelRequests lets clients send requests to cancel a statement in vain:
// their connection is closed as by a server that has heard them, and the server
// never does. pgx sends one when it gives up on an answer.
func (p *Proxy) BlockCancelRequests(block bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.noCancel = block
}

// complain tells the test that the proxy cannot do what was asked of it.
func (p *Proxy) complain(l *link) {
	if !l.told {
		l.told = true
		p.t.Errorf("pgtest: proxy: OnCommit: a connection is encrypted or not PostgreSQL's: its COMMITs cannot be seen (is sslmode=disable missing?)")
	}
}

// meet treats a COMMIT as its fate says, and reports whether the link goes on.
// It runs in place of the client's pump: while it does, the client is not heard.
func (p *Proxy) meet(l *link, msg []byte, fate CommitFate) bool {
	if fate > CommitUnknown08007 {
		p.t.Errorf("pgtest: proxy: OnCommit: there is no %v", fate)
		fate = CommitDelivered
	}
	commit := piece{bytes: msg, requests: 1}
	if fate == CommitDelivered {
		return l.send(commit)
	}
	if !l.answers.mute() {
		return false
	}
	switch fate {
	case CommitCutBefore:
		l.resetBoth()
	case CommitTorn:
		l.send(piece{bytes: msg[:len(msg)/2]})
		l.resetBoth()
	case CommitCutAfter:
		l.execute(commit)
		l.reset()
	case CommitCutDuring:
		if l.send(commit) && p.part(l, true) {
			l.answers.await()
		}
	case CommitDelayed:
		p.deliverLater(l, commit)
	case CommitFatalBefore:
		_ = l.server.SetLinger(0)
		l.say(fatal())
	case CommitFatalAfter:
		if l.execute(commit) {
			l.say(fatal())
		}
	case CommitSilent:
		l.send(commit)
		l.ignoreClient()
		if p.part(l, true) {
			l.answers.await()
		}
	case CommitLost:
		l.ignoreClient()
		if p.part(l, false) {
			<-l.answers.left
		}
	case CommitUnknown40003, CommitUnknown08007:
		return l.execute(commit) && l.say(unknown(fate), &pgproto3.ReadyForQuery{TxStatus: 'I'}) && l.answers.unmute()
	}
	return false
}

// execute returns when the server has answered; false means that it has gone.
func (l *link) execute(commit piece) bool { return l.send(commit) && l.answers.await() }

// resetBoth ends the link as if the proxy's machine had died.
func (l *link) resetBoth() {
	_ = l.server.SetLinger(0)
	l.reset()
}

// ignoreClient returns when the client has gone.
func (l *link) ignoreClient() { _, _ = io.Copy(io.Discard, l.client) }

// say speaks to the client in the server's place; the link must be muted.
func (l *link) say(words ...pgproto3.BackendMessage) bool {
	var bytes []byte
	for _, word := range words {
		var err error
		if bytes, err = word.Encode(bytes); err != nil {
			return false
		}
	}
	_, err := l.client.Write(bytes)
	return err == nil
}

func fatal() pgproto3.BackendMessage {
	return failure("FATAL", "57P01", "terminating connection due to administrator command")
}

func unknown(fate CommitFate) pgproto3.BackendMessage {
	if fate == CommitUnknown40003 {
		return failure("ERROR", "40003", "statement completion unknown")
	}
	return failure("ERROR", "08007", "transaction resolution unknown")
}

func failure(severity, code, message string) pgproto3.BackendMessage {
	return &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: message}
}
