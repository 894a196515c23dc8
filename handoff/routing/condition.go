package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// Limits of one condition. A unit of cost is about one step of the evaluation.
const (
	maxCondition = 20_000    // characters
	maxCost      = 1_000_000 // estimated when it is read
	freeCost     = 20_000    // up to which it runs without being counted: its end is certain
)

// condition is a compiled condition. It is safe for concurrent use.
type condition struct {
	program cel.Program
	unknown []string // attributes of the contact that it asks for, as the program names them
	counted bool     // its cost is counted while it runs
	always  bool     // it is true whatever the facts are
}

// compiler turns texts into conditions. All rules share its declarations.
type compiler struct {
	env *cel.Env
}

// newCompiler declares what conditions may use.
func newCompiler() (*compiler, error) {
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true), // confidence < 1 compares a fraction with a whole number
		cel.ParserExpressionSizeLimit(maxCondition),
		cel.ParserRecursionLimit(100),
		cel.Function("contains_any", cel.Overload("contains_any_string_list",
			[]*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(containsAnyValue))),
	}
	for _, v := range variables() {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("declare the variables of conditions: %w", err)
	}
	return &compiler{env: env}, nil
}

// declare makes attributes of all free names in the parsed conditions.
func (c *compiler) declare(parsed []*cel.Ast) error {
	names := map[string]bool{}
	for _, p := range parsed {
		if p != nil {
			freeNames(p.NativeRep().Expr(), nil, names)
		}
	}
	var options []cel.EnvOption
	for name := range names {
		if !isVariable(name) && !isPrefix(name) {
			options = append(options, cel.Variable(name, cel.DynType))
		}
	}
	env, err := c.env.Extend(options...)
	if err != nil {
		return fmt.Errorf("declare the attributes of contacts: %w", err)
	}
	c.env = env
	return nil
}

// parse reads the syntax.
func (c *compiler) parse(text string) (*cel.Ast, []Problem) {
	parsed, issues := c.env.Parse(text)
	if issues.Err() != nil {
		return nil, syntaxProblems(text, issues)
	}
	names := map[string]bool{}
	freeNames(parsed.NativeRep().Expr(), nil, names)
	return parsed, misspelt(names)
}

// check finds errors of type, and what costs too much.
func (c *compiler) check(parsed *cel.Ast) (condition, []Problem) {
	checked, issues := c.env.Check(parsed)
	if issues.Err() != nil {
		return condition{}, typeProblems(issues)
	}
	if out := checked.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return condition{}, []Problem{{Message: fmt.Sprintf(
			"it is a value of type %s, and must be true or false: compare it, as in language == 'zh'", cel.FormatCELType(out))}}
	}
	estimate, err := c.env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		return condition{}, []Problem{{Message: fmt.Sprintf(
			"it may take too long: up to %d steps, and %d are allowed; ask for fewer things at once, without loops in loops",
			estimate.Max, maxCost)}}
	}
	return c.plan(checked, estimate.Max)
}

// plan makes the program. Counting costs more time than most conditions, so that only those are counted whose steps
// depend much on the facts: an attribute may hold a longer list than the estimate took for granted.
func (c *compiler) plan(checked *cel.Ast, steps uint64) (k condition, _ []Problem) {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(decorate)}
	if k.counted = steps > freeCost || loops(checked.NativeRep().Expr()); k.counted {
		options = append(options, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(100))
	}
	var err error
	if k.program, err = c.env.Program(checked, options...); err != nil {
		return k, []Problem{{Message: "it cannot be evaluated: " + err.Error()}}
	}
	names := map[string]bool{}
	freeNames(checked.NativeRep().Expr(), nil, names)
	for name := range names {
		if !isVariable(name) {
			k.unknown = append(k.unknown, name)
		}
	}
	return k, k.constant(len(names) == 0)
}

// loops reports whether an expression goes through a list.
func loops(e ast.Expr) (yes bool) {
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) { yes = yes || e.Kind() == ast.ComprehensionKind }))
	return yes
}

// constant finds out whether a condition without names is always or never true.
func (k *condition) constant(nameless bool) []Problem {
	if !nameless {
		return nil
	}
	out, _, err := k.program.Eval(interpreter.EmptyActivation())
	if err != nil || out != types.True {
		return []Problem{{Message: "it is never true: remove the rule, or ask for something"}}
	}
	k.always = true
	return nil
}

// holds evaluates the condition. What fails because the contact lacks an attribute is false and no failure.
func (k *condition) holds(ctx context.Context, f *facts, frame *interpreter.ExecutionFrame) (bool, error) {
	var out any
	var err error
	switch {
	case k.always:
		return true, nil
	case k.counted:
		out, _, err = k.program.ContextEval(ctx, f)
	default:
		out, _, err = k.program.Eval(frame)
	}
	if err == nil {
		return out == types.True, nil
	}
	if k.lacks(f) && ctx.Err() == nil && !costly(err) {
		return false, nil
	}
	return false, failure(err)
}

// lacks reports whether the contact has not all attributes that the condition asks for.
func (k *condition) lacks(f *facts) bool {
	for _, name := range k.unknown {
		if v, _ := f.ResolveName(name); v == types.NullValue {
			return true
		}
	}
	return false
}

func costly(err error) bool {
	var cancelled interpreter.EvalCancelledError
	return errors.As(err, &cancelled)
}

// failure says why a condition failed, without the values: they are of the visitor.
func failure(err error) error {
	var cancelled interpreter.EvalCancelledError
	text, _, _ := strings.Cut(err.Error(), ":")
	switch {
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return fmt.Errorf("it took more than %d steps", maxCost)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errors.New("there was no time for it")
	case text == "no such overload":
		return errors.New("an attribute of the contact is of another type than the condition expects")
	case text == "no such key":
		return errors.New("an attribute of the contact has no such field")
	}
	return errors.New("its values do not fit")
}

// freeNames collects the names in an expression that no loop of it binds. Names below the contact, the conversation and
// the page are taken with their prefix, as they are declared.
func freeNames(e ast.Expr, bound []string, names map[string]bool) {
	switch e.Kind() {
	case ast.IdentKind:
		if name := e.AsIdent(); !slices.Contains(bound, name) && !isType(name) {
			names[name] = true
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if o := s.Operand(); o.Kind() == ast.IdentKind && isPrefix(o.AsIdent()) && !slices.Contains(bound, o.AsIdent()) {
			names[o.AsIdent()+"."+s.FieldName()] = true
			return
		}
		freeNames(s.Operand(), bound, names)
	case ast.CallKind:
		if call := e.AsCall(); call.IsMemberFunction() {
			freeNames(call.Target(), bound, names)
		}
		for _, arg := range e.AsCall().Args() {
			freeNames(arg, bound, names)
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			freeNames(element, bound, names)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			freeNames(entry.AsMapEntry().Key(), bound, names)
			freeNames(entry.AsMapEntry().Value(), bound, names)
		}
	case ast.ComprehensionKind:
		freeNamesOfLoop(e.AsComprehension(), bound, names)
	}
}

func freeNamesOfLoop(loop ast.ComprehensionExpr, bound []string, names map[string]bool) {
	freeNames(loop.IterRange(), bound, names)
	freeNames(loop.AccuInit(), bound, names)
	inner := append(bound[:len(bound):len(bound)], loop.IterVar(), loop.IterVar2(), loop.AccuVar())
	for _, e := range []ast.Expr{loop.LoopCondition(), loop.LoopStep(), loop.Result()} {
		freeNames(e, inner, names)
	}
}

// sizes bounds what the estimate of the cost does not know: texts as long as messages may be, lists of entities and of
// attributes as they occur.
type sizes struct{}

// EstimateSize answers for variables; the rest follows from them.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	most := uint64(1000)
	switch {
	case path[0] == "text":
		most = 8000
	case path[0] == "entities" && len(path) == 1:
		most = 50
	}
	s := cost.RangedSizeEstimate(0, most)
	return &s
}

// EstimateCallCost knows the one function that is not CEL's.
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if function != "contains_any" {
		return nil
	}
	return cost.NewCallEstimate(cost.RangedCostEstimate(1, maxKeywords), nil)
}
