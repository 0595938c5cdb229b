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
	name, sql string
	of        *Variants
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

// NewChooser returns the chooser of the statement with that name and full text.
func NewChooser(name, sql string, of *Variants) *Chooser {
	c := &Chooser{name: name, sql: sql, of: of, params: of.params()}
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
// statement and args come back when the types of args do not show what is NULL, or when
// the variant was not proven. They also come back when there are [MaxVariants] others
// already. args is not changed. The only error is *[UnknownSortError].
func (c *Chooser) Rewrite(args []any) (string, []any, error) {
	m, ok, err := c.mask(args)
	if err != nil || !ok {
		return c.sql, args, err
	}
	v := c.find(m)
	if v == nil {
		return c.sql, args, nil
	}
	return v.text, v.args(args), nil
}

// mask reads the arguments; ok is false when the full statement must run.
func (c *Chooser) mask(args []any) (m Mask, ok bool, err error) {
	if len(args) != c.params {
		return 0, false, nil
	}
	for i := range c.of.Filters {
		f := &c.of.Filters[i]
		present, known := f.Present(args[f.Param-1])
		if !known {
			return 0, false, nil
		}
		if present {
			m |= 1 << i
		}
	}
	if c.of.Sort == nil {
		return m, true, nil
	}
	literal, ok, err := c.of.Sort.choose(c.name, args[c.of.Sort.Param-1])
	if literal >= 0 {
		m |= 1 << (len(c.of.Filters) + literal)
	}
	return m, ok, err
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
