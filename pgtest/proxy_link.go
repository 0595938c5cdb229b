package pgtest

import (
	"context"
	"net"
	"sync"
)

// link is one connection through a [Proxy].
type link struct {
	client *net.TCPConn
	gate   chan struct{} // guarded by Proxy.mu; not nil while silent, closed to let go on

	ctx context.Context // ends when the link is closed, by whomever
	end context.CancelFunc
}

func newLink(client *net.TCPConn) *link {
	l := &link{client: client}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// reset ends the link as a broken network does: by RST instead of FIN.
func (l *link) reset() {
	_ = l.client.SetLinger(0)
	l.end()
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
	server, err := new(net.Dialer).DialContext(l.ctx, "tcp", p.target)
	if err != nil {
		return // the server is down: the client sees its connection closed
	}
	work.Go(func() { l.closeWith(server) })
	work.Go(func() { p.pump(l, l.client, server) })
	p.pump(l, server, l.client)
}

// pump carries bytes one way and ends the link when it cannot any more.
func (p *Proxy) pump(l *link, to, from net.Conn) {
	defer l.end()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		// The news that one side has left does not pass a silent link either.
		if !p.pass(l) {
			return
		}
		if _, writeErr := to.Write(buf[:n]); err != nil || writeErr != nil {
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
}
