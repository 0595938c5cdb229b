package pgtest

import (
	"context"
	"net"
	"sync"
)

// link is one connection through a [Proxy].
type link struct {
	client *net.TCPConn
	target string
	server *net.TCPConn  // nil until it is dialled
	gate   chan struct{} // guarded by Proxy.mu; not nil while silent, closed to let go on

	asked   frontend // what the client has sent; of its pump alone
	told    bool     // that COMMITs cannot be found; of the client's pump alone
	answers *answers

	ctx context.Context // ends when the link is closed
	end context.CancelFunc
}

func newLink(client *net.TCPConn, target string) *link {
	l := &link{client: client, target: target, answers: newAnswers()}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// reset ends the link as a broken network does: by RST instead of FIN.
func (l *link) reset() {
	_ = l.client.SetLinger(0)
	l.end()
}

// open is called with Proxy.mu held.
func (l *link) open() {
	if l.gate != nil {
		close(l.gate)
		l.gate = nil
	}
}

// closeWith closes conn when the link ends, and returns when that is done.
func (l *link) closeWith(conn net.Conn) {
	<-l.ctx.Done()
	_ = conn.Close()
}

// carry connects the client with the server until one of them leaves, or reset.
func (p *Proxy) carry(l *link) {
	var work sync.WaitGroup
	defer p.forget(l)
	defer work.Wait()
	defer l.end()
	work.Go(func() { l.closeWith(l.client) })
	if !p.pass(l) {
		return
	}
	server, err := new(net.Dialer).DialContext(l.ctx, "tcp", l.target)
	if err != nil {
		return // the server is down: the client sees its connection closed
	}
	l.server = server.(*net.TCPConn)
	work.Go(func() { l.closeWith(l.server) })
	work.Go(func() { p.answer(l) })
	p.ask(l)
}

// ask carries what the client sends, and ends the link when it cannot any more.
func (p *Proxy) ask(l *link) {
	defer l.end()
	buf := make([]byte, 32<<10)
	for {
		n, err := l.client.Read(buf)
		// The news that one side has left does not pass a silent link either.
		if !p.pass(l) {
			return
		}
		if !p.forward(l, buf[:n]) || err != nil {
			return
		}
	}
}

// forward brings bytes to the server, with what was asked for on the way, and
// reports whether the link goes on.
func (p *Proxy) forward(l *link, bytes []byte) bool {
	rules := p.rules()
	for _, next := range l.asked.feed(bytes, rules.any()) {
		if next.cancel && rules.noCancel {
			return false
		}
		if next.commit && rules.decide != nil {
			if !p.meet(l, next.bytes, rules.decide()) {
				return false
			}
			continue
		}
		if !l.send(next) {
			return false
		}
	}
	if l.asked.phase == phaseOpaque && rules.decide != nil {
		p.complain(l)
	}
	return true
}

// send passes a piece on to the server, and reports whether that worked.
func (l *link) send(what piece) bool {
	if len(what.bytes) == 0 {
		return true
	}
	l.answers.expect(what.requests, what.greets)
	_, err := l.server.Write(what.bytes)
	return err == nil
}

// answer carries what the server sends. The end of a server that the client hears
// is the end of the link.
func (p *Proxy) answer(l *link) {
	defer func() {
		if l.answers.end() {
			l.end()
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := l.server.Read(buf)
		if !p.pass(l) {
			return
		}
		var writeErr error
		if l.answers.begin() {
			_, writeErr = l.client.Write(buf[:n])
		}
		l.answers.done(buf[:n])
		if err != nil || writeErr != nil {
			return
		}
	}
}

// pass waits while the link is silent and reports whether it is still open.
func (p *Proxy) pass(l *link) bool {
	for {
		p.mu.Lock()
		gate := l.gate
		p.mu.Unlock()
		if gate == nil {
			return l.ctx.Err() == nil
		}
		select {
		case <-gate:
		case <-l.ctx.Done():
			return false
		}
	}
}

func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	delete(p.orphans, l)
}
