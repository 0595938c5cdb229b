package stmt

import (
	"sync"
	"sync/atomic"
)

// MaxVariants is how many variants of one statement a registry puts together in
// the life of a process. Each is a statement that servers prepare and poolers
// keep; arguments that need a further one run the full statement.
const MaxVariants = 64

// chooser finds the variant of a statement for its arguments.
type chooser struct {
	statement *Statement
	params    int
	proven    map[Mask]struct{} // nil: all of them

	mu       sync.Mutex                        // held while a variant is added
	variants atomic.Pointer[map[Mask]*variant] // replaced, never changed
}

// variant is a text that was put together.
type variant struct {
	text   string
	params []int // of the full statement
	same   bool  // the arguments are those of the full statement
}

func newChooser(s *Statement) *chooser {
	c := &chooser{statement: s, params: s.Variants.params()}
	c.variants.Store(&map[Mask]*variant{})
	if len(s.Variants.Whole) > 0 {
		c.proven = make(map[Mask]struct{}, len(s.Variants.Whole))
		for _, m := range s.Variants.Whole {
			c.proven[m] = struct{}{}
		}
	}
	return c
}

// mask reads the arguments; ok is false when the full statement must run.
func (c *chooser) mask(args []any) (m Mask, ok bool, err error) {
	v := c.statement.Variants
	if len(args) != c.params {
		return 0, false, nil
	}
	for i := range v.Filters {
		f := &v.Filters[i]
		present, known := f.Present(args[f.Param-1])
		if !known {
			return 0, false, nil
		}
		if present {
			m |= 1 << i
		}
	}
	if v.Sort == nil {
		return m, true, nil
	}
	literal, ok, err := v.Sort.choose(c.statement.Name, args[v.Sort.Param-1])
	if literal >= 0 {
		m |= 1 << (len(v.Filters) + literal)
	}
	return m, ok, err
}

// find returns the variant of a mask, or nil when the full statement must run. A
// text is told to announce before anybody gets it.
func (c *chooser) find(m Mask, announce func(text string, s *Statement)) *variant {
	if v := (*c.variants.Load())[m]; v != nil {
		return v
	}
	if _, proven := c.proven[m]; c.proven != nil && !proven {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.variants.Load()
	if v := old[m]; v != nil || len(old) >= MaxVariants {
		return v
	}
	text, params := c.statement.Variants.Assemble(m)
	announce(text, c.statement)
	v := &variant{text: text, params: params, same: len(params) == c.params}
	grown := make(map[Mask]*variant, len(old)+1)
	for k, o := range old {
		grown[k] = o
	}
	grown[m] = v
	c.variants.Store(&grown)
	return v
}

// args picks the arguments that are left.
func (v *variant) args(all []any) []any {
	if v.same {
		return all
	}
	picked := make([]any, len(v.params))
	for i, p := range v.params {
		picked[i] = all[p-1]
	}
	return picked
}
