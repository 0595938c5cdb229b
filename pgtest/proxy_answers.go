package pgtest

import "sync"

// answers is the way back of a link: what the server owes to the client, and
// whether the client may receive it.
type answers struct {
	left chan struct{} // closed when the server's connection has ended

	mu      sync.Mutex
	changed *sync.Cond
	scan    backend // guarded by mu
	owed    int     // guarded by mu; how many times ReadyForQuery is still to come
	busy    bool    // guarded by mu; bytes are on their way to the client, or to nowhere
	muted   bool    // guarded by mu; the client hears nothing
	over    bool    // guarded by mu; left is closed
}

func newAnswers() *answers {
	a := &answers{left: make(chan struct{})}
	a.changed = sync.NewCond(&a.mu)
	return a
}

// expect says what the server is about to be asked.
func (a *answers) expect(requests, greets int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.owed += requests
	a.scan.greets += greets
}

// begin reports whether what came from the server is for the client; after that
// comes done.
func (a *answers) begin() (heard bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = true
	return !a.muted
}

// done says that p has reached the client, or was dropped.
func (a *answers) done(p []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = false
	a.owed = max(0, a.owed-a.scan.feed(p))
	a.changed.Broadcast()
}

// end says that no more will come, and reports whether the client may know.
func (a *answers) end() (heard bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	close(a.left)
	a.changed.Broadcast()
	return !a.muted
}

// mute waits until the client has all earlier answers, and lets it hear nothing
// from there on. It reports false when the server has gone.
func (a *answers) mute() bool { return a.turn(true) }

// unmute lets the client hear what follows the answers so far. It reports false
// when the server has gone.
func (a *answers) unmute() bool { return a.turn(false) }

// turn does not part a message.
func (a *answers) turn(muted bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.over && (a.owed > 0 || a.busy || !a.scan.between()) {
		a.changed.Wait()
	}
	if a.over {
		return false
	}
	a.muted = muted
	return true
}

// await waits until the server has answered all, and reports false when it has
// gone without.
func (a *answers) await() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.over && a.owed > 0 {
		a.changed.Wait()
	}
	return a.owed == 0
}
