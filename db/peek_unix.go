//go:build unix

package db

import (
	"net"
	"syscall"
)

// peek looks at what a connection that should be silent has received, without
// waiting and without taking it. It asks through Control and not through Read:
// pgx may have left a reader in the background, which holds the lock of Read for
// as long as the connection is silent.
func peek(conn net.Conn) sight {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	s, ok := conn.(syscall.Conn)
	if !ok {
		return unclear
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return unclear
	}
	seen := unclear
	err = raw.Control(func(fd uintptr) {
		var buf [1]byte
		n, _, err := syscall.Recvfrom(int(fd), buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK:
			seen = silent
		case err == nil && n == 0, err == syscall.ECONNRESET, err == syscall.EPIPE, err == syscall.ETIMEDOUT:
			seen = ended
		}
	})
	if err != nil {
		return unclear
	}
	return seen
}
