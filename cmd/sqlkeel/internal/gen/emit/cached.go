package emit

import (
	"fmt"
)

const cachePath = "github.com/sqlkeel/sqlkeel/cache"

// cached is a statement that is annotated with @cache, and how its code is spelled.
type cached struct {
	f  *file
	st Statement
	// params is what the method takes, as one value, and result what it returns.
	params, result *goType
	// row is one of the result.
	row *goType
	// method is the field of Cached, and config the variable with its settings.
	method, config string
	// paramsType and keyType are the types of params and of a key.
	paramsType, keyType string
}

// cachedFile writes the type Cached; nothing when no statement is annotated.
func cachedFile(in Input, taken *names) ([]byte, error) {
	f := newFile(in, taken)
	f.build = in.Package.Build
	var problems problems
	var list []*cached
	for _, st := range in.Statements {
		if st.Cache != nil {
			c := &cached{f: f, st: st}
			list = append(list, c)
			if message := c.prepare(); message != "" {
				problems.at(st.Cache.Pos, st.Name, "@cache: "+message)
			}
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	for _, name := range []string{"Cached", "NewCached"} {
		if _, theirs := taken.theirs[name]; theirs {
			fixedName(f, name, &problems)
		} else if where, ok := taken.claim(name); !ok {
			problems.at(list[0].st.Cache.Pos, list[0].st.Name, "@cache needs the name "+name+", which is taken by "+where)
		}
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	for _, c := range list {
		c.name()
	}
	cachedType(f, list)
	for _, c := range list {
		c.write()
	}
	guardCached(f, list)
	return f.bytes()
}

// prepare resolves the types. It returns what is wrong.
func (c *cached) prepare() string {
	st, pkg := c.st, c.f.pkg
	if st.Build != "" && st.Build != pkg.Build {
		return fmt.Sprintf("its method is built only for %s, and the type Cached for the whole package: take @cache or that condition away", st.Build)
	}
	if st.Name == "Queries" {
		return "a method Queries would be beside the field of that name: rename the query"
	}
	if where, taken := c.f.taken.theirs["Cached."+st.Name]; taken {
		return fmt.Sprintf("it needs the method Cached.%s, which is at %s: rename that", st.Name, where)
	}
	for _, p := range st.Params {
		t := typeOf(pkg, p.Type)
		if path, bad := wrongPart(t, cannotBeKey); bad != nil {
			return fmt.Sprintf("its parameter %s is of Go type %s, which cannot be part of a key: %s, or take @cache away", p.Name, described(p.Type, path, t, bad), otherType)
		}
	}
	c.row = typeOf(pkg, c.rowType())
	if path, bad := wrongPart(c.row, cannotBeCopied); bad != nil {
		return fmt.Sprintf("its result is of Go type %s, which cannot be copied for each caller: %s, or take @cache away", described(c.rowType(), path, c.row, bad), otherType)
	}
	c.result = c.row
	if st.Command == ":many" {
		c.result = &goType{kind: list, elem: c.row}
	}
	return ""
}

const otherType = "give it a type that is known, by a cast or sqlc's overrides"

// wrongPart returns the first part of a type for which wrong reports true, and by which
// fields it is found.
func wrongPart(t *goType, wrong func(*goType) bool) (path string, bad *goType) {
	switch {
	case wrong(t):
		return "", t
	case t.elem != nil:
		return wrongPart(t.elem, wrong)
	}
	for _, f := range t.fields {
		if path, bad := wrongPart(f.goType, wrong); bad != nil {
			return "." + f.name + path, bad
		}
	}
	return "", nil
}

// described returns a type, and which part of it is bad.
func described(spelled, path string, t, bad *goType) string {
	switch {
	case path != "":
		return spelled + " with " + spelled + path + " of Go type " + bad.spelled
	case t != bad:
		return spelled + " made of " + bad.spelled
	}
	return spelled
}

func (c *cached) rowType() string {
	if c.st.ResultPointer {
		return "*" + c.st.Result
	}
	return c.st.Result
}

// guardCached writes declarations that stop compiling when the fields of what is copied
// or compared change.
func guardCached(f *file, list []*cached) {
	seen := map[string]bool{}
	for _, c := range list {
		for _, t := range []*goType{c.params, c.row} {
			if t.kind == pointer {
				t = t.elem
			}
			guardStruct(f, t, seen)
		}
	}
}

func guardStruct(f *file, t *goType, seen map[string]bool) {
	fields, generated := f.pkg.Structs[t.spelled]
	if !generated || seen[t.spelled] {
		return
	}
	seen[t.spelled] = true
	f.line("func _(v %s) {\n_ = struct {", f.goType(t.spelled))
	for _, field := range fields {
		f.line("%s %s", field.Name, f.goType(field.Type))
	}
	f.line("}(v)\n}\n")
	for _, field := range t.fields {
		guardStruct(f, field.goType, seen)
	}
}
