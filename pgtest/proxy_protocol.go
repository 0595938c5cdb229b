package pgtest

import (
	"encoding/binary"
	"strings"
)

// The numbers of PostgreSQL's protocol that a [Proxy] has to know.
const (
	headSize        = 5     // a message's type and length
	startupHeadSize = 8     // the length and code of a packet before the first message
	startupMax      = 10000 // no server takes a longer one

	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
)

// commitMax bounds the text of a COMMIT; longer queries pass unread.
const commitMax = 64

// phase is what comes next on a client's side of a connection.
type phase uint8

const (
	phaseStartup phase = iota // a packet without a type
	phaseMessages
	phaseCancelled // a CancelRequest; nothing follows it
	phaseOpaque    // encrypted, or not PostgreSQL's protocol: not readable
)

// piece is a part of what a client sends, to be treated as one.
type piece struct {
	bytes    []byte
	commit   bool // one whole COMMIT
	cancel   bool // the head of a CancelRequest
	requests int  // how many of its messages end in a ReadyForQuery
	greets   int  // how many of its packets are answered by a single byte
}

// frontend follows what a client sends.
type frontend struct {
	phase phase
	part  []byte // of a head or short query that is not complete
	sent  int    // how much of part was passed on already
	skip  int    // bytes of a message still to come that need no reading
}

// feed takes the next bytes and returns what may be passed on, in order. A COMMIT
// of which nothing was passed on before is a piece of its own. With hold a head or
// a short query is kept until it is complete, so that each is; without, every byte
// comes back at once.
func (f *frontend) feed(p []byte, hold bool) []piece {
	var pieces []piece
	var plain piece
	for len(p) > 0 {
		if n := f.unread(p); n > 0 {
			plain.bytes = append(plain.bytes, p[:n]...)
			p = p[n:]
			continue
		}
		n := min(f.want()-len(f.part), len(p))
		f.part = append(f.part, p[:n]...)
		p = p[n:]
		if len(f.part) < f.want() {
			continue
		}
		next := f.complete()
		if next.commit || next.cancel {
			pieces, plain = append(pieces, plain, next), piece{}
			continue
		}
		plain.bytes = append(plain.bytes, next.bytes...)
		plain.requests += next.requests
		plain.greets += next.greets
	}
	if !hold {
		plain.bytes = append(plain.bytes, f.part[f.sent:]...)
		f.sent = len(f.part)
	}
	return append(pieces, plain)
}

// unread returns how many of the bytes can be passed on without a look.
func (f *frontend) unread(p []byte) int {
	if f.phase == phaseOpaque || f.phase == phaseCancelled {
		return len(p)
	}
	n := min(f.skip, len(p))
	f.skip -= n
	return n
}

// want returns how long part must become before it says more.
func (f *frontend) want() int {
	if f.phase == phaseStartup {
		return startupHeadSize
	}
	if len(f.part) >= headSize {
		if body := bodySize(f.part); f.part[0] == 'Q' && body >= 0 && body <= commitMax {
			return headSize + body
		}
	}
	return headSize
}

// complete judges part, which is as long as it was wanted, and starts the next.
func (f *frontend) complete() piece {
	part, fresh := f.part, f.sent == 0
	done := piece{bytes: part[f.sent:]}
	if f.phase == phaseStartup {
		f.startup(&done)
		done.cancel = done.cancel && fresh
	} else {
		f.message(&done)
		done.commit = done.commit && fresh
	}
	f.part, f.sent = nil, 0
	return done
}

func (f *frontend) startup(done *piece) {
	length, code := binary.BigEndian.Uint32(f.part), binary.BigEndian.Uint32(f.part[4:])
	if length < startupHeadSize || length > startupMax {
		f.phase = phaseOpaque
		return
	}
	f.skip = int(length) - startupHeadSize
	switch {
	case code == codeSSL || code == codeGSS:
		done.greets++
	case code == codeCancel:
		f.phase = phaseCancelled
		done.cancel = true
	case code>>16 == 3: // the protocol's version
		f.phase = phaseMessages
		done.requests++
	default:
		f.phase = phaseOpaque
	}
}

func (f *frontend) message(done *piece) {
	kind, body := f.part[0], bodySize(f.part)
	if body < 0 || !strings.ContainsRune("BCDEFHPQSXcdfp", rune(kind)) {
		f.phase = phaseOpaque
		return
	}
	f.skip = headSize + body - len(f.part)
	if kind == 'Q' || kind == 'S' || kind == 'F' {
		done.requests++
	}
	done.commit = kind == 'Q' && f.skip == 0 && isCommit(f.part[headSize:])
}

// isCommit reports whether a query's text, which ends in a zero byte, is COMMIT.
func isCommit(text []byte) bool {
	sql, ended := strings.CutSuffix(string(text), "\x00")
	return ended && strings.EqualFold(strings.Trim(sql, " \t\r\n;"), "commit")
}

// bodySize returns how many bytes follow a message's head; a negative number
// is no message.
func bodySize(head []byte) int {
	return int(int32(binary.BigEndian.Uint32(head[1:]))) - 4
}

// backend follows what a server sends.
type backend struct {
	greets int    // single bytes that come before the next message
	part   []byte // of a head that is not complete
	skip   int    // bytes of a message still to come
	ready  bool   // that message is a ReadyForQuery
	opaque bool
}

// feed takes the next bytes and returns how many times they end a ReadyForQuery.
func (b *backend) feed(p []byte) (ready int) {
	for len(p) > 0 && !b.opaque {
		if b.greets > 0 {
			p = b.greet(p)
			continue
		}
		if b.skip == 0 {
			n := min(headSize-len(b.part), len(p))
			b.part = append(b.part, p[:n]...)
			p = p[n:]
			if len(b.part) == headSize {
				b.ready, b.skip, b.part = b.part[0] == 'Z', bodySize(b.part), nil
				b.opaque = b.skip < 0
			}
			continue
		}
		n := min(b.skip, len(p))
		b.skip -= n
		p = p[n:]
		if b.skip == 0 && b.ready {
			ready++
		}
	}
	return ready
}

// greet takes the answer to a request for encryption: N refuses it, and an old
// server may answer by an error, which is a message.
func (b *backend) greet(p []byte) (rest []byte) {
	b.greets--
	switch p[0] {
	case 'N':
		return p[1:]
	case 'E':
		b.greets = 0
		return p
	}
	b.opaque = true
	return nil
}

// between reports whether no message is under way.
func (b *backend) between() bool { return b.skip == 0 && len(b.part) == 0 }
