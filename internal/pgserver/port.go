package pgserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are below the range that systems give to outgoing connections (32768 and up on
// Linux, 49152 elsewhere). So a server that is down for a moment finds its port still
// free.
const (
	firstPort = 15000
	lastPort  = 32000
)

// Listen listens on a free port of loopback that can be listened on again after
// it was closed.
func Listen() (net.Listener, error) {
	var last error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("pgserver: find a free port: %w", last)
}

// FreePort returns a port that was free a moment ago.
func FreePort() (int, error) {
	l, err := Listen()
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
