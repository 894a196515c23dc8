package routing

import (
	"slices"

	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// decorate changes two kinds of calls: questions about nothing are false, and keywords that are known when the rules
// are read are folded then.
func decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	switch call.Function() {
	case "contains_any":
		if words, ok := constantKeywords(call); ok {
			return &keywordCall{call, words}, nil
		}
		return &lenient{call}, nil
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In,
		"contains", "startsWith", "endsWith", "matches":
		return &lenient{call}, nil
	}
	return i, nil
}

// lenient is a call that gives true or false, and is false if it fails and an argument is null: an attribute that the
// contact lacks is neither above nor below anything.
type lenient struct {
	interpreter.InterpretableCall
}

// Exec evaluates the call.
func (l *lenient) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	out := l.InterpretableCall.Exec(frame)
	if !types.IsError(out) {
		return out
	}
	for _, arg := range l.Args() {
		if arg.Exec(frame) == types.NullValue {
			return types.False
		}
	}
	return out
}

// Eval evaluates the call for callers of the older interface.
func (l *lenient) Eval(a interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(a, l.Exec)
}

// keywordCall is contains_any with a list of words that does not change. The visitor's text is folded once for all
// rules.
type keywordCall struct {
	interpreter.InterpretableCall
	words []string // folded
}

// Exec evaluates the call.
func (k *keywordCall) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	if readsText(k.Args()[0]) {
		if folded, ok := frame.ResolveName(foldedText); ok {
			return types.Bool(containsAny(folded.(string), k.words))
		}
	}
	switch v := k.Args()[0].Exec(frame).(type) {
	case types.String:
		return types.Bool(containsAny(fold(string(v)), k.words))
	case types.Null:
		return types.False
	default:
		return types.MaybeNoSuchOverloadErr(v)
	}
}

// Eval evaluates the call for callers of the older interface.
func (k *keywordCall) Eval(a interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(a, k.Exec)
}

// readsText reports whether an argument is the variable text itself.
func readsText(arg interpreter.InterpretableV2) bool {
	attribute, ok := arg.(interpreter.InterpretableAttribute)
	if !ok {
		return false
	}
	named, ok := attribute.Attr().(interpreter.NamespacedAttribute)
	return ok && len(named.Qualifiers()) == 0 && slices.Equal(named.CandidateVariableNames(), []string{"text"})
}

// constantKeywords folds the words of a call whose list is written in the condition.
func constantKeywords(call interpreter.InterpretableCall) (words []string, ok bool) {
	list, ok := call.Args()[1].(interpreter.InterpretableConst)
	if !ok {
		return nil, false
	}
	return keywordsOf(list.Value())
}

func keywordsOf(v ref.Val) (words []string, ok bool) {
	list, ok := v.(traits.Lister)
	if !ok {
		return nil, false
	}
	for it := list.Iterator(); it.HasNext() == types.True; {
		word, ok := it.Next().(types.String)
		if !ok {
			return nil, false
		}
		words = append(words, fold(string(word)))
	}
	return words, true
}

// containsAnyValue is contains_any for words that are known when it runs only.
func containsAnyValue(value, list ref.Val) ref.Val {
	s, isText := value.(types.String)
	words, isList := keywordsOf(list)
	if !isText || !isList {
		return types.MaybeNoSuchOverloadErr(value)
	}
	return types.Bool(containsAny(fold(string(s)), words))
}
