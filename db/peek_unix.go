//go:build unix

package db

import (
	"net"
	"syscall"
)

// peeker looks at what a connection that should be silent has received. It is made
// once for a connection, so that a look allocates nothing.
type peeker struct {
	raw  syscall.RawConn // nil when looking is not possible
	ask  func(fd uintptr)
	seen sight
	buf  [1]byte
}

func newPeeker(conn net.Conn) *peeker {
	p := &peeker{}
	p.ask = p.peek
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	if s, ok := conn.(syscall.Conn); ok {
		p.raw, _ = s.SyscallConn()
	}
	return p
}

// look does not wait and does not take what was received. It asks through Control and
// not through Read: pgx may have left a reader in the background, which holds the lock
// of Read for as long as the connection is silent.
func (p *peeker) look() sight {
	if p == nil || p.raw == nil {
		return unclear
	}
	p.seen = unclear
	if err := p.raw.Control(p.ask); err != nil {
		return unclear
	}
	return p.seen
}

func (p *peeker) peek(fd uintptr) {
	n, _, err := syscall.Recvfrom(int(fd), p.buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	switch {
	case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
		p.seen = silent
	case err == nil && n == 0, err == syscall.ECONNRESET, err == syscall.EPIPE, err == syscall.ETIMEDOUT:
		p.seen = ended
	}
}
