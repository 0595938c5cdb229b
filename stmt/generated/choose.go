package generated

import (
	"sync"
	"sync/atomic"
)

// MaxVariants is how many variants of one statement are put together in the life
// of a process. Each is a statement that servers prepare and poolers keep;
// arguments that need a further one run the full statement.
const MaxVariants = 64

// Chooser finds the variant of a statement for its arguments. It is safe for
// concurrent use.
type Chooser struct {
	sql    string
	of     *Variants
	params int
	proven map[Mask]struct{} // nil: all of them

	mu       sync.Mutex                        // held while a variant is added
	variants atomic.Pointer[map[Mask]*variant] // replaced, never changed
}

// variant is a text that was put together.
type variant struct {
	text   string
	params []int // of the full statement
	same   bool  // the arguments are those of the full statement
}

// NewChooser returns the chooser of the statement with that full text.
func NewChooser(sql string, of *Variants) *Chooser {
	c := &Chooser{sql: sql, of: of, params: of.params()}
	c.variants.Store(&map[Mask]*variant{})
	if len(of.Whole) > 0 {
		c.proven = make(map[Mask]struct{}, len(of.Whole))
		for _, m := range of.Whole {
			c.proven[m] = struct{}{}
		}
	}
	return c
}

// Rewrite returns the variant that args need, and the arguments that are left. The full
// statement and args come back when the types of args do not show what chooses, or when
// the variant was not proven. They also come back when there are [MaxVariants] others
// already. args is not changed.
func (c *Chooser) Rewrite(args []any) (string, []any) {
	if m, ok := c.mask(args); ok {
		if v := c.find(m); v != nil {
			return v.text, v.args(args)
		}
	}
	return c.sql, args
}

// mask reads the arguments; ok is false when the full statement must run.
func (c *Chooser) mask(args []any) (m Mask, ok bool) {
	if len(args) != c.params {
		return 0, false
	}
	from := 0
	for i := range c.of.Params {
		p := &c.of.Params[i]
		bit, ok := p.bit(args[p.Param-1])
		if !ok {
			return 0, false
		}
		m |= bit << from
		from += len(p.Values)
	}
	return m, true
}

// find returns the variant of a mask, or nil when the full statement must run.
func (c *Chooser) find(m Mask) *variant {
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
	text, params := c.of.Assemble(m)
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
