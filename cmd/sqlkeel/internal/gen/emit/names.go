package emit

import (
	"go/token"
	"strconv"
	"strings"
	"unicode"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// names are the identifiers of a package.
type names struct {
	theirs map[string]project.Position
	ours   map[string]bool
}

func newNames(theirs map[string]project.Position) *names {
	return &names{theirs: theirs, ours: map[string]bool{}}
}

// declared reports whether the name means something in the package already.
func (n *names) declared(name string) bool {
	_, theirs := n.theirs[name]
	return theirs || n.ours[name] || token.IsKeyword(name)
}

// claim takes a name that has to be this one. It returns where the name is in
// use, when it is.
func (n *names) claim(name string) (where string, ok bool) {
	if pos, taken := n.theirs[name]; taken {
		return pos.String(), false
	}
	if n.ours[name] {
		return "what is generated for another statement", false
	}
	n.ours[name] = true
	return "", true
}

// free takes the first of name, name2, name3 … that is not in use.
func (n *names) free(name string) string {
	free := name
	for i := 2; n.declared(free); i++ {
		free = name + strconv.Itoa(i)
	}
	n.ours[free] = true
	return free
}

// exported makes a Go name of SQL's, the way sqlc does: words are parted by
// whatever is no letter or digit, and id is written ID.
func exported(sql string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(sql, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if word == "id" {
			word = "ID"
		}
		b.WriteString(upperFirst(word))
	}
	name := b.String()
	if name == "" || !unicode.IsUpper([]rune(name)[0]) {
		name = "X" + name
	}
	return name
}

func upperFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}
