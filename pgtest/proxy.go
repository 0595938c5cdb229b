package pgtest

import (
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// Proxy is a TCP proxy in front of a server: the network between a test and its
// server, to be cut, silenced and refused, and to lose a COMMIT or the answer to it
// ([Proxy.OnCommit]). Its methods are safe for concurrent use.
type Proxy struct {
	t     testing.TB
	addr  string
	work  sync.WaitGroup // the accept loop and all links
	drain time.Duration  // how long the end waits for answers to COMMITs

	mu       sync.Mutex         // guards what follows, and every link's gate
	target   string             // of new connections
	listener net.Listener       // nil while connections are refused
	links    map[*link]struct{} // live connections
	orphans  map[*link]bool     // links without a client; true: its COMMIT shall be executed
	hang     bool               // new connections are silent
	dials    int
	closed   bool
	faults   rules
	release  chan struct{} // closed to deliver the COMMITs that are held back
}

// NewProxy returns a proxy to target (host:port, such as [Server.Addr]), which is
// not dialled before a client connects. It is closed at the end of the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := pgserver.Listen()
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	p := &Proxy{
		t: t, target: target, addr: listener.Addr().String(),
		links: map[*link]struct{}{}, orphans: map[*link]bool{}, release: make(chan struct{}),
		drain: drainTime,
	}
	p.serve(listener)
	t.Cleanup(p.close)
	return p
}

// Addr returns the proxy's own host:port. It never changes.
func (p *Proxy) Addr() string { return p.addr }

// DSN returns base, a URL such as [Server.DSN], with the proxy's address in place
// of the server's. It ends the test when base is not a URL.
func (p *Proxy) DSN(base string) string {
	p.t.Helper()
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		p.t.Fatalf("pgtest: proxy: the DSN must be a URL: postgres://user@host:port/database")
	}
	u.Host = p.addr
	return u.String()
}

// Dials returns how many connections were accepted since NewProxy.
func (p *Proxy) Dials() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dials
}

// Live returns how many of them are open. One that only the server still holds
// is not: see [Proxy.Orphans].
func (p *Proxy) Live() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Cut resets all live connections. New ones work, unless refused or hung.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}

// Hang makes the network a black hole: live connections fall silent, new ones
// are accepted and never answered. Bytes are held back rather than lost, as a
// real network would send them again: after [Proxy.Resume] they arrive.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = true
	p.hangLive()
}

// HangExisting silences the live connections only; new ones work.
func (p *Proxy) HangExisting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hangLive()
}

// hangLive is called with mu held.
func (p *Proxy) hangLive() {
	for l := range p.links {
		if l.gate == nil {
			l.gate = make(chan struct{})
		}
	}
}

// Refuse stops listening: new connections are refused, live ones go on.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// Redirect makes new connections lead to target (host:port), as a changed DNS entry
// or a failover behind a load balancer does; live ones stay where they are.
func (p *Proxy) Redirect(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Resume ends Hang, HangExisting and Refuse.
func (p *Proxy) Resume() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = false
	for l := range p.links {
		l.open()
	}
	if p.listener != nil || p.closed {
		return
	}
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Errorf("pgtest: proxy: listen again: %v", err)
		return
	}
	p.serve(listener)
}

// serve is called with mu held, or before the proxy is shared.
func (p *Proxy) serve(listener net.Listener) {
	p.listener = listener
	p.work.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			p.accept(client.(*net.TCPConn))
		}
	})
}

func (p *Proxy) accept(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = client.Close()
		return
	}
	p.dials++
	l := newLink(client, p.target)
	if p.hang {
		l.gate = make(chan struct{})
	}
	p.links[l] = struct{}{}
	p.work.Go(func() { p.carry(l) })
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	if p.listener != nil {
		_ = p.listener.Close()
	}
	for l := range p.links {
		l.reset()
	}
	p.mu.Unlock()
	p.endOrphans()
	p.work.Wait()
}
