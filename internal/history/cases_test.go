package history

import "fmt"

// verdict is a history and what is to be said about it: one kind of anomaly, or
// none.
type verdict struct {
	name  string
	order Order
	want  Kind
	txns  []Txn
	final map[int32][]int32
}

// failure says how the checker judges otherwise.
func (v verdict) failure() error {
	report := Check(&History{Txns: v.txns, Final: v.final}, v.order)
	if got := fmt.Sprint(report.Kinds()); v.want == "" && !report.OK() || v.want != "" && got != fmt.Sprint([]Kind{v.want}) {
		return fmt.Errorf("%s: want [%s], got %v", v.name, v.want, report)
	}
	return nil
}

// final is a map of lists, from ops that read.
func final(reads ...Op) map[int32][]int32 {
	lists := map[int32][]int32{}
	for _, op := range reads {
		lists[op.Key] = op.List
	}
	return lists
}

// Transactions that all run at once, until at says otherwise.
func ok(ops ...Op) Txn      { return Txn{Outcome: OK, Begin: 1, End: 100, Ops: ops} }
func failed(ops ...Op) Txn  { return Txn{Outcome: Failed, Begin: 1, Ops: ops} }
func unknown(ops ...Op) Txn { return Txn{Begin: 1, Ops: ops} }

func (t Txn) at(process int32, begin, end int64) Txn {
	t.Process, t.Begin, t.End = process, begin, end
	return t
}

// listCases are about lists each by itself. Each anomaly is followed by histories that
// differ in little and have none.
var listCases = []verdict{
	{"a value is appended twice", RealTime, RepeatedAppend,
		[]Txn{ok(Append(1, 1)), failed(Append(1, 1))}, final(Read(1, 1))},
	{"a value is appended to two keys", RealTime, "",
		[]Txn{ok(Append(1, 1)), ok(Append(2, 1))}, final(Read(1, 1), Read(2, 1))},

	{"a value comes from nowhere", RealTime, Unwritten,
		[]Txn{ok(Append(1, 1)), ok(Read(1, 1, 7))}, final(Read(1, 1))},
	{"a value comes from nowhere in the end", RealTime, Unwritten,
		[]Txn{ok(Append(1, 1))}, final(Read(1, 1, 7))},
	{"it comes from a transaction that is unknown", RealTime, "",
		[]Txn{ok(Append(1, 1)), unknown(Append(1, 7)), ok(Read(1, 1, 7))}, final(Read(1, 1, 7))},

	{"an append is applied twice", RealTime, DoubleApplication,
		[]Txn{ok(Append(1, 1))}, final(Read(1, 1, 1))},
	{"a read sees an append twice", RealTime, DoubleApplication,
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 1, 2, 1))}, final(Read(1, 1, 2))},
	{"two appends are applied", RealTime, "",
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 1, 2))}, final(Read(1, 1, 2))},

	{"two reads do not agree", RealTime, Incompatible,
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 2)), ok(Read(1, 1, 2))}, final(Read(1, 1, 2))},
	{"a read does not agree with the end", RealTime, Incompatible,
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 2, 1))}, final(Read(1, 1, 2))},
	{"one read is the beginning of the other", RealTime, "",
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 2)), ok(Read(1, 2, 1))}, final(Read(1, 2, 1))},

	{"a failed append is read", RealTime, AbortedRead,
		[]Txn{failed(Append(1, 1)), ok(Read(1, 1))}, final()},
	{"a failed append is read while another goes ahead", RealTime, AbortedRead,
		[]Txn{failed(Append(1, 2)), ok(Append(1, 1)), ok(Read(1, 1, 2))}, final(Read(1, 1))},
	{"an append that is unknown is read", RealTime, "",
		[]Txn{unknown(Append(1, 1)), ok(Read(1, 1))}, final(Read(1, 1))},
	{"only the failed transaction saw its append", RealTime, "",
		[]Txn{failed(Append(1, 1), Read(1, 1)), ok(Read(1))}, final()},

	{"a failed append is there", RealTime, AppliedFailure,
		[]Txn{failed(Append(1, 1)), ok(Read(1, 1))}, final(Read(1, 1))},
	{"a failed append is there and nobody read it", RealTime, AppliedFailure,
		[]Txn{failed(Append(1, 1))}, final(Read(1, 1))},
	{"a failed append is not there", RealTime, "",
		[]Txn{failed(Append(1, 1)), ok(Read(1))}, final()},

	{"half of a transaction is read", RealTime, IntermediateRead,
		[]Txn{ok(Append(1, 1), Append(1, 2)), ok(Read(1, 1))}, final(Read(1, 1, 2))},
	{"the transaction itself reads half", RealTime, "",
		[]Txn{ok(Append(1, 1), Read(1, 1), Append(1, 2)), ok(Read(1, 1, 2)), ok(Read(1))}, final(Read(1, 1, 2))},
	{"it goes on with another key", RealTime, "",
		[]Txn{ok(Append(1, 1), Append(2, 2)), ok(Read(1, 1))}, final(Read(1, 1), Read(2, 2))},

	{"an own append is not read", RealTime, Internal,
		[]Txn{ok(Append(1, 1), Read(1))}, final(Read(1, 1))},
	{"an own append is read before it is made", RealTime, Internal,
		[]Txn{ok(Read(1, 1), Append(1, 1))}, final(Read(1, 1))},
	{"own appends are in another order", RealTime, Internal,
		[]Txn{ok(Append(1, 1), Append(1, 2))}, final(Read(1, 2, 1))},
	{"own appends are read from their beginning on", RealTime, "",
		[]Txn{ok(Read(1), Append(1, 1), Read(1, 1), Append(1, 2), Read(1, 1, 2))}, final(Read(1, 1, 2))},
	{"own appends follow those of others", RealTime, "",
		[]Txn{ok(Append(1, 3)), ok(Append(1, 1), Read(1, 3, 1))}, final(Read(1, 3, 1))},

	{"a success is not there", RealTime, Lost,
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2))}, final(Read(1, 2))},
	{"a success is not there and its key neither", RealTime, Lost,
		[]Txn{ok(Append(1, 1))}, final()},
	{"half of a transaction that is unknown is not there", RealTime, Lost,
		[]Txn{unknown(Append(1, 1), Append(2, 2))}, final(Read(1, 1))},
	{"what was read is not there", RealTime, Lost,
		[]Txn{unknown(Append(1, 1)), ok(Read(1, 1))}, final()},
	{"a transaction that is unknown is not there", RealTime, "",
		[]Txn{unknown(Append(1, 1), Append(2, 2)), ok(Append(1, 2))}, final(Read(1, 2))},
	{"the end is not known", RealTime, "",
		[]Txn{ok(Append(1, 1)), ok(Append(1, 2)), ok(Read(1, 2))}, nil},
}

// cycleCases are about dependencies.
var cycleCases = []verdict{
	{"two transactions overwrite each other", RealTime, WriteCycle,
		[]Txn{ok(Append(1, 1), Append(2, 1)), ok(Append(1, 2), Append(2, 2))}, final(Read(1, 1, 2), Read(2, 2, 1))},
	{"a transaction comes between another's appends", RealTime, WriteCycle,
		[]Txn{ok(Append(1, 1), Append(1, 2)), ok(Append(1, 3))}, final(Read(1, 1, 3, 2))},
	{"one overwrites the other", RealTime, "",
		[]Txn{ok(Append(1, 1), Append(2, 1)), ok(Append(1, 2), Append(2, 2))}, final(Read(1, 1, 2), Read(2, 1, 2))},

	{"two transactions read from each other", RealTime, InformationCycle,
		[]Txn{ok(Append(1, 1), Read(2, 2)), ok(Append(2, 2), Read(1, 1))}, final(Read(1, 1), Read(2, 2))},
	{"one reads from the other and is overwritten", RealTime, InformationCycle,
		[]Txn{ok(Append(1, 1), Append(2, 2)), ok(Append(1, 2), Read(2, 2))}, final(Read(1, 2, 1), Read(2, 2))},
	{"one reads from the other", RealTime, "",
		[]Txn{ok(Append(1, 1), Read(2)), ok(Append(2, 2), Read(1, 1))}, final(Read(1, 1), Read(2, 2))},

	{"half of a transaction is read, by keys", RealTime, SingleCycle,
		[]Txn{ok(Append(1, 1), Append(2, 1)), ok(Read(1, 1), Read(2))}, final(Read(1, 1), Read(2, 1))},
	{"a key changes between two reads", RealTime, SingleCycle,
		[]Txn{ok(Append(1, 1)), ok(Read(1), Read(1, 1))}, final(Read(1, 1))},
	{"a key changes back between two reads", RealTime, SingleCycle,
		[]Txn{ok(Append(1, 1)), ok(Read(1, 1), Read(1))}, final(Read(1, 1))},
	{"two transactions update what they both read", RealTime, SingleCycle,
		[]Txn{ok(Read(1), Append(1, 1)), ok(Read(1), Append(1, 2))}, final(Read(1, 1, 2))},
	{"the second reads what the first updated", RealTime, "",
		[]Txn{ok(Read(1), Append(1, 1)), ok(Read(1, 1), Append(1, 2))}, final(Read(1, 1, 2))},
	{"all of a transaction is read", RealTime, "",
		[]Txn{ok(Append(1, 1), Append(2, 1)), ok(Read(1, 1), Read(2, 1)), ok(Read(1), Read(2))}, final(Read(1, 1), Read(2, 1))},
	{"a read sees half of a transaction that is unknown", RealTime, SingleCycle,
		[]Txn{unknown(Append(1, 1), Append(2, 1)), ok(Read(1, 1), Read(2))}, final(Read(1, 1), Read(2, 1))},

	{"each reads what the other changes", RealTime, AntiCycle,
		[]Txn{ok(Read(1), Append(2, 2)), ok(Read(2), Append(1, 1))}, final(Read(1, 1), Read(2, 2))},
	{"a reader sees a state that never was", RealTime, AntiCycle,
		[]Txn{ok(Read(1), Read(2), Append(2, 2)), ok(Append(1, 1)), ok(Read(1, 1), Read(2))}, final(Read(1, 1), Read(2, 2))},
	{"two readers see two appends in different orders", RealTime, AntiCycle,
		[]Txn{ok(Append(1, 1)), ok(Append(2, 2)), ok(Read(1, 1), Read(2)), ok(Read(1), Read(2, 2))}, final(Read(1, 1), Read(2, 2))},
	{"two readers see them in one order", RealTime, "",
		[]Txn{ok(Append(1, 1)), ok(Append(2, 2)), ok(Read(1, 1), Read(2)), ok(Read(1, 1), Read(2, 2))}, final(Read(1, 1), Read(2, 2))},
	{"one reads what the other changed", RealTime, "",
		[]Txn{ok(Read(1), Append(2, 2)), ok(Read(2, 2), Append(1, 1))}, final(Read(1, 1), Read(2, 2))},
	{"a read that is unknown is believed by nobody", RealTime, "",
		[]Txn{unknown(Read(1), Append(2, 2)), ok(Read(2), Append(1, 1))}, final(Read(1, 1), Read(2, 2))},
}

// timeCases are about order in time.
var timeCases = []verdict{
	{"a client does not see its own past", Sessions, SessionCycle,
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(1, 3, 4)}, final(Read(1, 1))},
	{"a client goes back in time", Sessions, SessionCycle,
		[]Txn{ok(Append(1, 1)).at(1, 1, 9), ok(Read(1)).at(2, 5, 6), ok(Read(1, 1)).at(2, 3, 4)}, final(Read(1, 1))},
	{"a client does not see its own past and need not", Serializable, "",
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(1, 3, 4)}, final(Read(1, 1))},
	{"a client does not see another's past and need not", Sessions, "",
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(2, 3, 4)}, final(Read(1, 1))},
	{"a client does not see what is unknown to it", Sessions, "",
		[]Txn{unknown(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(1, 3, 4)}, final(Read(1, 1))},
	{"a client's order goes on after what is unknown", Sessions, SessionCycle,
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), unknown(Append(2, 2)).at(1, 3, 0), ok(Read(1)).at(1, 5, 6)}, final(Read(1, 1), Read(2, 2))},

	{"the past is not seen", RealTime, RealTimeCycle,
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(2, 3, 4)}, final(Read(1, 1))},
	{"the past is not seen, long after", RealTime, RealTimeCycle,
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok().at(3, 3, 4), ok().at(3, 5, 6), ok().at(3, 7, 8), ok(Read(1)).at(2, 9, 10)}, final(Read(1, 1))},
	{"what is unknown comes after the past", RealTime, RealTimeCycle,
		[]Txn{ok(Read(1, 1)).at(1, 1, 2), unknown(Append(1, 1)).at(2, 3, 0)}, final(Read(1, 1))},
	{"two lists grow in an order against time", RealTime, RealTimeCycle,
		[]Txn{ok(Append(1, 1)).at(1, 3, 4), ok(Append(1, 2)).at(2, 1, 2)}, final(Read(1, 1, 2))},
	{"the past is not seen and need not", Sessions, "",
		[]Txn{ok(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(2, 3, 4)}, final(Read(1, 1))},
	{"the present is not seen", RealTime, "",
		[]Txn{ok(Append(1, 1)).at(1, 1, 5), ok(Read(1)).at(2, 3, 4)}, final(Read(1, 1))},
	{"the future is seen when it has begun", RealTime, "",
		[]Txn{ok(Append(1, 1)).at(1, 1, 5), ok(Read(1, 1)).at(2, 0, 2)}, final(Read(1, 1))},
	{"what is unknown may come late", RealTime, "",
		[]Txn{unknown(Append(1, 1)).at(1, 1, 2), ok(Read(1)).at(2, 3, 4), ok(Read(1, 1)).at(2, 5, 6)}, final(Read(1, 1))},
}
