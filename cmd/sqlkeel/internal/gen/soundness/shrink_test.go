package soundness

import "context"

// shrink cuts a scenario down to what its miss needs: that read and write with
// their arguments, and the statements of the schema without which it is no miss.
func (l *lab) shrink(ctx context.Context, s *scenario, m miss, analyse analyst) (*scenario, miss) {
	small := &scenario{setup: s.setup, role: s.role}
	if m.readNth >= 0 {
		small.reads = []statement{m.read}
		small.reads[0].args = [][]any{m.readBy.Args}
	}
	if m.writeNth >= 0 {
		small.writes = []statement{m.write}
		small.writes[0].args = [][]any{m.writeBy.Args}
	}
	again, ok := l.missed(ctx, small, analyse)
	if !ok {
		return s, m
	}
	m = again
	for i := len(small.setup) - 1; i >= 0; i-- {
		less := *small
		less.setup = append(append([]string(nil), small.setup[:i]...), small.setup[i+1:]...)
		if again, ok := l.missed(ctx, &less, analyse); ok {
			small, m = &less, again
		}
	}
	return small, m
}

// missed tries a scenario and returns its first miss.
func (l *lab) missed(ctx context.Context, s *scenario, analyse analyst) (miss, bool) {
	t, err := l.try(ctx, s, analyse)
	if err != nil || len(t.misses) == 0 {
		return miss{}, false
	}
	for _, m := range t.misses {
		if (m.readNth >= 0) == (len(s.reads) > 0) && (m.writeNth >= 0) == (len(s.writes) > 0) {
			return m, true
		}
	}
	return miss{}, false
}
