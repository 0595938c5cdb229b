package txn_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	manyOrders   = 20 // which are all of two transactions with three turns each
	manyAttempts = 20
)

// Each play is one in which transactions that are right by themselves are wrong
// together, though none writes what another one writes. The situations are
// those of PostgreSQL's own isolation tests.
func TestSerializableTransactionsHaveTheOutcomeOfASerialOrder(t *testing.T) {
	t.Parallel()
	for _, plays := range [][]play{decisions, reports, references, indexed} {
		for i := range plays {
			p := &plays[i]
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				stage := newStage(t, p)
				stage.expectSerial(p.orders(manyOrders))
			})
		}
	}
}

// expectSerial expects a serial outcome in all of the orders with and without
// retries, and shows that the check can fail.
func (s *stage) expectSerial(orders []string) (once, again tally) {
	s.t.Helper()
	once, err := s.check(orders, pgx.Serializable, 1)
	if err != nil {
		s.t.Error(err)
	}
	again, err = s.check(orders, pgx.Serializable, manyAttempts)
	if err != nil {
		s.t.Error(err)
	}
	s.t.Logf("once %+v, again %+v", once, again)
	if !s.play.nearAnomaly(once, again) {
		s.t.Error("no anomaly was near")
	}
	for _, attempts := range []int{1, manyAttempts} {
		if _, err := s.check(orders, pgx.RepeatableRead, attempts); err == nil {
			s.t.Errorf("the check finds no anomaly at %s with attempts %d", pgx.RepeatableRead, attempts)
		}
	}
	return once, again
}

// nearAnomaly reports whether transactions were kept from an anomaly: refused,
// and then tried again, or else made to wait where a role is deferrable.
func (p *play) nearAnomaly(once, again tally) bool {
	for i := range p.roles {
		if p.roles[i].deferrable {
			return once.waits > 0 && again.waits > 0
		}
	}
	return once.refusals > 0 && again.repeats > 0
}
