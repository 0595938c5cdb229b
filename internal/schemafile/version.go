package schemafile

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// version is numbers of any length, the most significant first, without leading
// zeros. It is nil when there is none.
type version []string

func (v version) String() string { return strings.Join(v, ".") }

func compareVersions(a, b version) int { return slices.CompareFunc(a, b, compareNumbers) }

// compareNumbers compares digits without leading zeros.
func compareNumbers(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// parseVersion reads numbers with a dot, a hyphen or an underscore between.
func parseVersion(text string) version {
	var v version
	for digits := range strings.FieldsFuncSeq(text, isSeparator) {
		number := strings.TrimLeft(digits, "0")
		if number == "" {
			number = "0"
		}
		v = append(v, number)
	}
	return v
}

func isSeparator(r rune) bool { return r == '.' || r == '-' || r == '_' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// versionOf returns the version that a tool reads in a file's name.
func (t Tool) versionOf(file string) version {
	if tools[t].version == nil {
		return nil
	}
	m := tools[t].version.FindStringSubmatch(path.Base(file))
	if m == nil {
		return nil
	}
	return parseVersion(m[1])
}

// written returns the version that a reader would see at the beginning of a name,
// such as 2024-1-5_x, 007x or v2.1_x.
func written(name string) version {
	name = strings.TrimSuffix(name, ".sql")
	if len(name) > 1 && (name[0] == 'v' || name[0] == 'V') {
		name = name[1:]
	}
	end := digitsEnd(name, 0)
	if end == 0 {
		return nil
	}
	for end < len(name) && isSeparator(rune(name[end])) {
		next := digitsEnd(name, end+1)
		if next == end+1 || next < len(name) && !isSeparator(rune(name[next])) {
			break // a word such as 2fa
		}
		end = next
	}
	return parseVersion(name[:end])
}

func digitsEnd(s string, i int) int {
	for i < len(s) && isDigit(rune(s[i])) {
		i++
	}
	return i
}

// compareWritten compares paths by the versions in the first part in which they
// differ. It is 0 when one of them has none there.
func compareWritten(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		if as[i] == bs[i] {
			continue
		}
		v, w := written(as[i]), written(bs[i])
		if v == nil || w == nil {
			return 0
		}
		return compareVersions(v, w)
	}
	return 0
}
