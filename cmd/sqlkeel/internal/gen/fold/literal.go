package fold

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// literal returns the value of a constant. Of one whose type is of no family it is known
// whether it is NULL.
func (f *folding) literal(n *tree.Node) (o operand, known bool) {
	switch {
	case n.Is("RELABELTYPE"):
		return f.literal(n.Child("arg"))
	case n.Is("FUNCEXPR"):
		return f.converted(n)
	case n.Is("ARRAYEXPR") && len(n.Value("elements").List) == 0:
		return operand{State: is(generated.Value{Kind: generated.Empty}), family: f.familyOf(n.OID("array_typeid"))}, true
	case !n.Is("CONST"):
		return operand{}, false
	}
	typ := n.OID("consttype")
	o = operand{family: f.familyOf(typ)}
	if n.Yes("constisnull") {
		o.Is = &isNull
	} else if v, ok := f.decode(o.family, size(f.cat.BaseType(typ)), tree.Bytes(n)); ok {
		o.State, o.counted = is(v), true
	}
	return o, true
}

func is(v generated.Value) State { return State{Is: &v} }

// converted returns the value of a constant of another integer type.
func (f *folding) converted(n *tree.Node) (o operand, known bool) {
	args := n.List("args")
	switch f.builtin(n.OID("funcid")) {
	case "int2", "int4", "int8":
	default:
		return operand{}, false
	}
	if len(args) != 1 {
		return operand{}, false
	}
	o, known = f.literal(args[0])
	if !known || o.family != integer || o.Is == nil {
		return operand{}, false
	}
	unused := 64 - 8*size(n.OID("funcresulttype"))
	return o, o.Is.Int<<unused>>unused == o.Is.Int
}

// size returns how many bytes an integer type or boolean has.
func size(typ tree.OID) int {
	return map[tree.OID]int{boolOID: 1, int2OID: 2, int4OID: 4, int8OID: 8}[typ]
}

// decode reads a value as the server holds it in memory, integers of so many bytes.
func (f *folding) decode(in family, width int, b []byte) (v generated.Value, ok bool) {
	switch in {
	case boolean, integer:
		if len(b) < width || width == 0 {
			return v, false
		}
		return number(in, b[:width]), true
	case text:
		b, ok = body(b)
		return generated.Value{Kind: generated.String, Text: string(b)}, ok && f.cat.UTF8
	case uuid:
		if len(b) != 16 {
			return v, false
		}
		return generated.Value{Kind: generated.String, Text: fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])}, true
	case enum:
		if len(b) < 4 {
			return v, false
		}
		label := f.cat.Label(tree.OID(binary.LittleEndian.Uint32(b)))
		return generated.Value{Kind: generated.String, Text: label}, label != ""
	case array:
		b, ok = body(b)
		if !ok || len(b) < 4 || binary.LittleEndian.Uint32(b) != 0 { // the number of dimensions
			return v, false
		}
		return generated.Value{Kind: generated.Empty}, true
	}
	return v, false
}

func number(in family, b []byte) generated.Value {
	i := int64(int8(b[len(b)-1]))
	for _, low := range slices.Backward(b[:len(b)-1]) {
		i = i<<8 | int64(low)
	}
	if in == boolean {
		return generated.Value{Kind: generated.Bool, Int: i & 1}
	}
	return generated.Value{Kind: generated.Int, Int: i}
}

// body returns what follows the length that a value of varying length begins with.
func body(b []byte) ([]byte, bool) {
	const header = 4
	if len(b) < header || b[0]&3 != 0 || int(binary.LittleEndian.Uint32(b)>>2) != len(b) {
		return nil, false
	}
	return b[header:], true
}

// elements returns the constants that an array consists of.
func (f *folding) elements(n *tree.Node) (out []operand, known bool) {
	switch {
	case n.Is("RELABELTYPE"), n.Is("ARRAYCOERCEEXPR") && bare(n.Child("elemexpr")).Is("CASETESTEXPR"):
		return f.elements(n.Child("arg"))
	case n.Is("ARRAYEXPR") && !n.Yes("multidims"):
		for _, e := range n.List("elements") {
			o, known := f.literal(e)
			if !known {
				return nil, false
			}
			out = append(out, o)
		}
		return out, true
	case n.Is("CONST"):
		typ := f.cat.Type(n.OID("consttype"))
		b, ok := body(tree.Bytes(n))
		if typ == nil || !typ.Array || !ok {
			return nil, false
		}
		return f.unpack(f.familyOf(typ.Element), size(f.cat.BaseType(typ.Element)), b)
	}
	return nil, false
}

// unpack reads the elements of an array of one dimension without NULLs, whose elements
// are of a family; width is the size of integers.
func (f *folding) unpack(in family, width int, b []byte) (out []operand, known bool) {
	word := func(at int) int {
		if at+4 > len(b) {
			return -1
		}
		return int(int32(binary.LittleEndian.Uint32(b[at:])))
	}
	// Dimensions, where the values begin when there are NULLs, the type; then the size
	// and the lower bound of each dimension.
	const head = 20
	if word(0) == 0 {
		return nil, true
	}
	if word(0) != 1 || word(4) != 0 || word(12) < 1 || len(b) < head {
		return nil, false
	}
	at := head
	for range word(12) {
		n, align := width, width
		switch in {
		case text:
			at = aligned(at, 4)
			n, align = int(uint32(word(at))>>2), 4
		case uuid:
			n, align = 16, 1
		case enum:
			n, align = 4, 4
		}
		at = aligned(at, align)
		if n <= 0 || at+n > len(b) {
			return nil, false
		}
		v, ok := f.decode(in, width, b[at:at+n])
		if !ok {
			return nil, false
		}
		out = append(out, operand{State: is(v), family: in})
		at += n
	}
	return out, true
}

// aligned returns the next multiple of n in the whole value, whose length of four bytes
// is not counted in at.
func aligned(at, n int) int {
	if n == 0 {
		return at
	}
	return (at+4+n-1)/n*n - 4
}
