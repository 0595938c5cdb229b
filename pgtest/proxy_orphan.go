package pgtest

import (
	"context"
	"time"
)

// drainTime bounds how long the end of a test waits for COMMITs that the server
// still has to answer.
const drainTime = 10 * time.Second

// Orphans returns how many connections to the server are open although their
// client has gone: those whose COMMIT is held back or at work, and those of
// [CommitLost]. [Proxy.Cut] and [Proxy.Hang] leave them alone.
func (p *Proxy) Orphans() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.orphans)
}

// deliverLater resets the client, holds the COMMIT back and has it executed.
func (p *Proxy) deliverLater(l *link, commit piece) {
	p.mu.Lock()
	release, delay := p.release, p.faults.delay
	p.mu.Unlock()
	var due <-chan time.Time
	if delay != nil {
		timer := time.NewTimer(delay())
		defer timer.Stop()
		due = timer.C
	}
	if !p.part(l, true) {
		return
	}
	select {
	case <-due:
	case <-release:
	case <-l.answers.left:
	}
	l.execute(commit)
}

// part takes the client from its link: it sees a reset if it is still there, and
// Cut, Hang and Live have to do with it no more. It reports false when the link
// has ended, with all that belongs to it.
func (p *Proxy) part(l *link, commit bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.ctx.Err() != nil {
		return false
	}
	delete(p.links, l)
	p.orphans[l] = commit
	l.open()
	_ = l.client.SetLinger(0)
	_ = l.client.Close()
	return true
}

// endOrphans delivers what is held back and waits a while for the answers.
func (p *Proxy) endOrphans() {
	p.ReleaseCommits()
	ctx, cancel := context.WithTimeout(context.Background(), p.drain)
	defer cancel()
	if err := until(ctx, func() (bool, error) { return p.commitsUnderWay() == 0, nil }); err != nil {
		p.t.Logf("pgtest: proxy: the server has not answered %d COMMITs within %v", p.commitsUnderWay(), p.drain)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.orphans {
		l.end()
	}
}

func (p *Proxy) commitsUnderWay() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, commit := range p.orphans {
		if commit {
			n++
		}
	}
	return n
}
