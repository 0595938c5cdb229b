package pgtest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// message is one typed message of the protocol.
func message(kind byte, body string) []byte {
	m := binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body)))
	return append(m, body...)
}

func simple(sql string) []byte { return message('Q', sql+"\x00") }

// packet is what comes before the messages.
func packet(code uint32, body string) []byte {
	m := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(binary.BigEndian.AppendUint32(m, code), body...)
}

func hello() []byte { return packet(3<<16, "user\x00postgres\x00\x00") }

// encoded is a message in the words of pgx.
func encoded(t testing.TB, m pgproto3.FrontendMessage) []byte {
	t.Helper()
	b, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// heard is what a frontend made of a stream.
type heard struct {
	out              []byte
	commits          []int // where they begin in out
	requests, greets int
	cancels          int
}

func (h *heard) take(pieces []piece) {
	for _, p := range pieces {
		if p.commit {
			h.commits = append(h.commits, len(h.out))
		}
		if p.cancel {
			h.cancels++
		}
		h.requests += p.requests
		h.greets += p.greets
		h.out = append(h.out, p.bytes...)
	}
}

// listen feeds a stream in chunks; hold says for each whether to hold.
func listen(chunks [][]byte, hold func(i int) bool) (heard, *frontend) {
	var f frontend
	var h heard
	for i, chunk := range chunks {
		h.take(f.feed(chunk, hold(i)))
	}
	return h, &f
}

func always(int) bool { return true }

// cut splits a stream at lengths that are taken from sizes, again and again.
func cut(stream, sizes []byte) [][]byte {
	if len(sizes) == 0 {
		return [][]byte{stream}
	}
	var chunks [][]byte
	for i := 0; len(stream) > 0; i++ {
		n := min(1+int(sizes[i%len(sizes)]), len(stream))
		chunks = append(chunks, stream[:n])
		stream = stream[n:]
	}
	return chunks
}

// conversation has three COMMITs and much that looks like one.
func conversation(t testing.TB) (stream []byte, commits []int) {
	t.Helper()
	mark := func() { commits = append(commits, len(stream)) }
	add := func(m ...[]byte) { stream = append(stream, slices.Concat(m...)...) }
	add(packet(codeSSL, ""), packet(codeGSS, ""), hello(), message('p', "secret\x00"))
	add(simple("begin"), simple("insert into t values ('commit')"))
	mark()
	add(simple("commit"))
	add(simple("select 'commit'"), simple("commit; select 1"), simple("commit prepared 'x'"), simple(""))
	add(encoded(t, &pgproto3.Parse{Query: "commit"}), encoded(t, &pgproto3.Bind{}), encoded(t, &pgproto3.Execute{}), encoded(t, &pgproto3.Sync{}))
	add(message('d', string(simple("commit"))), message('c', ""))
	mark()
	add(simple("CoMMiT"))
	mark()
	add(simple("\n commit ;"))
	add(message('Q', "commit"), simple(strings.Repeat(" ", commitMax)+"commit"), message('X', ""))
	return stream, commits
}

func TestCommitsAreFoundHoweverTheBytesArrive(t *testing.T) {
	t.Parallel()
	stream, want := conversation(t)
	for name, sizes := range map[string][]byte{
		"at once": nil, "byte by byte": {0}, "in twos": {1}, "unevenly": {4, 0, 9, 2, 30}, "longer than a head": {5},
	} {
		h, f := listen(cut(stream, sizes), always)
		if !slices.Equal(h.commits, want) || !bytes.Equal(h.out, stream) || f.phase != phaseMessages {
			t.Errorf("%s: commits at %v, want %v; the bytes are the same: %t", name, h.commits, want, bytes.Equal(h.out, stream))
		}
		// The start, ten texts, and Sync.
		if h.greets != 2 || h.requests != 13 {
			t.Errorf("%s: %d greetings and %d requests, want 2 and 13", name, h.greets, h.requests)
		}
	}
}

func TestWithoutHoldEveryByteComesBackAtOnce(t *testing.T) {
	t.Parallel()
	stream, commits := conversation(t)
	var f frontend
	var h heard
	for i := range stream {
		h.take(f.feed(stream[i:i+1], false))
		if len(h.out) != i+1 {
			t.Fatalf("of %d bytes %d came back", i+1, len(h.out))
		}
	}
	if len(h.commits) != 0 || h.requests != 13 {
		t.Errorf("commits %v, %d requests; want none and 13", h.commits, h.requests)
	}
	// A hold that begins in the middle of a COMMIT is too late for that one.
	late := commits[1] + 3
	h, _ = listen([][]byte{stream[:late], stream[late:]}, func(i int) bool { return i > 0 })
	if want := []int{commits[0], commits[2]}; !slices.Equal(h.commits, want) || !bytes.Equal(h.out, stream) {
		t.Errorf("commits at %v, want %v", h.commits, want)
	}
}

func TestACancelRequestIsAPieceOfItsOwn(t *testing.T) {
	t.Parallel()
	stream := packet(codeCancel, "12345678")
	for _, sizes := range [][]byte{nil, {0}, {6}} {
		h, f := listen(cut(stream, sizes), always)
		if h.cancels != 1 || h.requests != 0 || f.phase != phaseCancelled || !bytes.Equal(h.out, stream) {
			t.Errorf("%d cancels, %d requests, phase %d", h.cancels, h.requests, f.phase)
		}
	}
	if h, _ := listen([][]byte{stream[:3], stream[3:]}, func(i int) bool { return i > 0 }); h.cancels != 0 {
		t.Error("one whose head was passed on is said to be whole")
	}
}

func TestWhatIsNotTheProtocolPassesUnread(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string][]byte{
		"words":            []byte("hello, is this the way to the server?"),
		"encryption":       slices.Concat(packet(codeSSL, ""), []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
		"an old version":   packet(2<<16, "postgres"),
		"too short":        []byte("\x00\x00\x00\x07\x00\x03\x00\x00"),
		"no such message":  slices.Concat(hello(), message('?', "x")),
		"a length below 4": slices.Concat(hello(), []byte("Q\x00\x00\x00\x03")),
		"a negative one":   slices.Concat(hello(), []byte("Q\xff\xff\xff\xff")),
	} {
		stream = slices.Concat(stream, hello(), simple("commit"))
		for _, sizes := range [][]byte{nil, {0}} {
			h, f := listen(cut(stream, sizes), always)
			if len(h.commits) != 0 || f.phase != phaseOpaque || !bytes.Equal(h.out, stream) {
				t.Errorf("%s: commits at %v, phase %d", name, h.commits, f.phase)
			}
		}
	}
}

// commitsIn is the same in the plainest way: it has the whole stream.
func commitsIn(stream []byte) (commits []int) {
	at, left := 0, stream
	next := func(n int) []byte { b := left[:n]; left = left[n:]; at += n; return b }
	for started := false; !started; {
		if len(left) < 8 {
			return nil
		}
		n, code := binary.BigEndian.Uint32(left), binary.BigEndian.Uint32(left[4:])
		started = code>>16 == 3
		if n < 8 || n > 10000 || int(n) > len(left) || !started && code != codeSSL && code != codeGSS {
			return nil
		}
		next(int(n))
	}
	for len(left) >= 5 && bytes.IndexByte([]byte("BCDEFHPQSXcdfp"), left[0]) >= 0 {
		n := 1 + int64(int32(binary.BigEndian.Uint32(left[1:])))
		if n < 5 || n > int64(len(left)) {
			return commits
		}
		begin := at
		m := next(int(n))
		if m[0] != 'Q' || n > 5+commitMax || m[n-1] != 0 || n == 5 {
			continue
		}
		if sql := strings.Trim(string(m[5:n-1]), " \t\r\n;"); strings.EqualFold(sql, "commit") {
			commits = append(commits, begin)
		}
	}
	return commits
}

func FuzzFrontend(f *testing.F) {
	stream, _ := conversation(f)
	f.Add(stream, []byte{0})
	f.Add(stream, []byte{7, 0, 3})
	f.Add(stream[:len(stream)-9], []byte{1})
	f.Add(slices.Concat(hello(), simple("commit"), simple("commit")), []byte{4})
	f.Add(slices.Concat(hello(), simple("commit"), []byte("?commit")), []byte{})
	f.Add(slices.Concat(hello(), []byte("Q\x00\x00\x00\x04"), simple("COMMIT")), []byte{2})
	f.Add(packet(codeCancel, "12345678"), []byte{3})
	f.Add([]byte("hello"), []byte{0})
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		want := commitsIn(stream)
		chunks := cut(stream, sizes)
		h, rest := listen(chunks, always)
		if !slices.Equal(h.commits, want) {
			t.Errorf("commits at %v, want %v", h.commits, want)
		}
		if got := slices.Concat(h.out, rest.part); !bytes.Equal(got, stream) {
			t.Errorf("got %q of %q", got, stream)
		}
		// Whenever holding begins and ends, nothing is lost, doubled or made up.
		h, rest = listen(chunks, func(i int) bool { return len(chunks[i])%2 == 0 })
		if got := slices.Concat(h.out, rest.part[rest.sent:]); !bytes.Equal(got, stream) {
			t.Errorf("with and without hold: got %q of %q", got, stream)
		}
		for _, at := range h.commits {
			if !slices.Contains(want, at) {
				t.Errorf("with and without hold: no commit at %d, but at %v", at, want)
			}
		}
	})
}

func TestTheEndOfAnswersIsFoundHoweverTheBytesArrive(t *testing.T) {
	t.Parallel()
	ready := message('Z', "I")
	stream := slices.Concat([]byte("NN"), message('R', "\x00\x00\x00\x00"), ready,
		message('N', "SNOTICE\x00Z\x00"), message('D', string(ready)), message('n', ""), ready, ready)
	for _, sizes := range [][]byte{nil, {0}, {3}, {6, 1}} {
		b := backend{greets: 2}
		got := 0
		for _, chunk := range cut(stream, sizes) {
			got += b.feed(chunk)
		}
		if got != 3 || !b.between() {
			t.Errorf("ready %d times, want 3; between messages: %t", got, b.between())
		}
		if b.feed(ready[:5]) != 0 || b.between() {
			t.Error("ready before the message is complete")
		}
	}
	for first, opaque := range map[string]bool{"S": true, "G": true, string(message('E', "\x00")): false, "T\xff\xff\xff\xff": true} {
		b := backend{greets: 1}
		b.feed([]byte(first))
		if b.opaque != opaque || b.opaque && b.feed(ready) != 0 {
			t.Errorf("after %q opaque is %t", first, b.opaque)
		}
	}
}
