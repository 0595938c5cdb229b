package db

import (
	"errors"
	"net"
	"syscall"
)

// The codes by which a server says that it is not there for anybody. A session
// that is ended by 57P01, or without a word, says nothing of the others: an
// administrator or a load balancer may have meant that one.
const (
	crashShutdown    = "57P02"
	cannotConnectNow = "57P03"
)

// serverGone says whether the end of one connection, or a dial that failed, means
// that the server is not there: the code is what the server said, "" for nothing.
func serverGone(code string, err error) bool {
	return code == crashShutdown || code == cannotConnectNow || errors.Is(err, syscall.ECONNREFUSED)
}

// silence says whether a connection ended because the other side gave no sign of
// life. A network that swallowed one connection has probably swallowed them all.
func silence(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout() ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
