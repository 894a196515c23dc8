package intent

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"handrail/internal/errs"
)

// LoadCatalog reads a catalog from YAML. Errors are of kind [errs.Invalid] and name the line and what to do.
//
//	intents:
//	  - name: order_status
//	    description: Where an order is and when it arrives.
//	    policy: answer            # answer, handoff, reply or clarify; answer if absent
//	    threshold: 0.8            # optional
//	    group: orders             # optional
//	    label: {en: Track an order, zh: 查询订单}
//	    reply: {en: Hello!}       # needed by the policy reply
//	    examples:
//	      en:
//	        - Where is my parcel?
//	      zh:
//	        - 我的包裹到哪里了
//	out_of_scope:                 # optional
//	  en:
//	    - What is the capital of France?
//	entities:                     # optional: see [EntityConfig]
//	  products: [Nordic Mug]
func LoadCatalog(r io.Reader) (Catalog, error) {
	reader := newCatalogReader()
	cat, err := reader.read(r)
	if err != nil {
		return Catalog{}, err
	}
	for _, f := range emptyAndEqual(reader.examples) {
		if f.Severity == SeverityError {
			return Catalog{}, errs.New(errs.Invalid, "%s", f)
		}
	}
	return cat, nil
}

// readYAML reads a whole catalog.
func (r *reading) readYAML(content string) {
	reader := newCatalogReader()
	cat, err := reader.read(strings.NewReader(content))
	var at *lineError
	if errors.As(err, &at) {
		r.add(SeverityError, KindSyntax, at.line, "%s", at.message)
		return
	}
	if err != nil {
		r.add(SeverityError, KindSyntax, 0, "%s", errs.Public(err))
		return
	}
	r.catalog, r.lines, r.examples = cat, reader.intents, reader.examples
}

// catalogReader walks the nodes itself, because only nodes know their lines.
type catalogReader struct {
	intents  map[string]int // line of each intent seen
	examples []labelled
}

func newCatalogReader() *catalogReader { return &catalogReader{intents: map[string]int{}} }

func (r *catalogReader) read(from io.Reader) (Catalog, error) {
	var doc yaml.Node
	err := yaml.NewDecoder(from).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return Catalog{}, errs.New(errs.Invalid, "the intent catalog is empty: list its intents under \"intents:\"")
	}
	if err != nil {
		return Catalog{}, errs.New(errs.Invalid, "the intent catalog is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return r.catalog(doc.Content[0])
}

// field reads one value of a mapping.
type field func(n *yaml.Node) error

func (r *catalogReader) catalog(n *yaml.Node) (Catalog, error) {
	var c Catalog
	err := fields(n, "the catalog", map[string]field{
		"entities": readEntities(&c.Entities),
		"intents": func(n *yaml.Node) error {
			return items(n, "intents", func(n *yaml.Node) error {
				in, err := r.intent(n)
				c.Intents = append(c.Intents, in)
				return err
			})
		},
		"out_of_scope": func(n *yaml.Node) (err error) {
			c.OutOfScope, err = r.byLanguage(n, OutOfScope)
			return err
		},
	})
	if err == nil && len(c.Intents) == 0 {
		err = invalid(n, "the catalog has no intents: list them under \"intents:\"")
	}
	if err != nil {
		return Catalog{}, err
	}
	return c, nil
}

func (r *catalogReader) intent(n *yaml.Node) (Intent, error) {
	in := Intent{Policy: PolicyAnswer}
	var examples *yaml.Node // read last, because its errors name the intent
	err := fields(n, "an intent", map[string]field{
		"name":        scalar(&in.Name),
		"description": scalar(&in.Description),
		"policy":      scalar(&in.Policy),
		"threshold":   threshold(&in.Threshold),
		"group":       scalar(&in.Group),
		"label":       texts(&in.Label),
		"reply":       texts(&in.Reply),
		"examples":    func(n *yaml.Node) error { examples = n; return nil },
	})
	if err == nil {
		err = r.check(n, in)
	}
	if err == nil && examples != nil {
		in.Examples, err = r.byLanguage(examples, in.Name)
	}
	if err == nil && len(in.Examples) == 0 {
		err = invalid(n, "intent %q has no examples: add a few messages under \"examples:\"", in.Name)
	}
	return in, err
}

var intentName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (r *catalogReader) check(n *yaml.Node, in Intent) error {
	first, twice := r.intents[in.Name]
	r.intents[in.Name] = n.Line
	policies := []Policy{PolicyAnswer, PolicyHandoff, PolicyReply, PolicyClarify}
	switch {
	case in.Name == "":
		return invalid(n, "the intent has no name: add \"name:\"")
	case !intentName.MatchString(in.Name):
		return invalid(n, "intent name %q: use lower-case letters, digits and underscores", in.Name)
	case in.Name == OutOfScope:
		return invalid(n, "the name %q is reserved: put such examples under \"out_of_scope:\"", in.Name)
	case twice:
		return invalid(n, "intent %q is already defined in line %d: merge the two", in.Name, first)
	case !slices.Contains(policies, in.Policy):
		return invalid(n, "intent %q has the unknown policy %q: use answer, handoff, reply or clarify", in.Name, in.Policy)
	case in.Policy == PolicyReply && len(in.Reply) == 0:
		return invalid(n, "intent %q has the policy reply but no reply: add its text under \"reply:\"", in.Name)
	}
	return nil
}

// byLanguage reads lists of examples by language.
func (r *catalogReader) byLanguage(n *yaml.Node, intent string) (map[string][]string, error) {
	out := map[string][]string{}
	err := pairs(n, "examples of "+intent, func(lang string, n *yaml.Node) error {
		return items(n, "examples of "+intent, func(n *yaml.Node) error {
			var s string
			if err := scalar(&s)(n); err != nil {
				return err
			}
			out[lang] = append(out[lang], s)
			r.examples = append(r.examples, labelled{Example{Text: s, Intent: intent, Lang: lang}, n.Line})
			if len(r.examples) > maxExamples {
				return invalid(n, "there are more than %d examples: leave some out", maxExamples)
			}
			return nil
		})
	})
	return out, err
}

// fields calls the reader of every key of a mapping, and refuses keys without one.
func fields(n *yaml.Node, what string, known map[string]field) error {
	return pairs(n, what, func(key string, v *yaml.Node) error {
		read, ok := known[key]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return invalid(v, "%s has no field %q: use one of %s", what, key, strings.Join(names, ", "))
		}
		return read(v)
	})
}

func pairs(n *yaml.Node, what string, read func(key string, v *yaml.Node) error) error {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		return invalid(n, "%s must be a mapping of \"key: value\" lines", what)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if line, ok := seen[key.Value]; ok {
			return invalid(key, "%q stands twice, first in line %d: keep one of them", key.Value, line)
		}
		seen[key.Value] = key.Line
		if err := read(key.Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func items(n *yaml.Node, what string, read func(*yaml.Node) error) error {
	n = target(n)
	if n.Kind != yaml.SequenceNode {
		return invalid(n, "%s must be a list of \"- \" lines", what)
	}
	for _, item := range n.Content {
		if err := read(item); err != nil {
			return err
		}
	}
	return nil
}

func scalar[S ~string](to *S) field {
	return func(n *yaml.Node) error {
		n = target(n)
		if n.Kind != yaml.ScalarNode {
			return invalid(n, "a single text is expected here")
		}
		if strings.ContainsRune(n.Value, 0) {
			return invalid(n, "the text holds a zero character: remove it")
		}
		*to = S(n.Value)
		return nil
	}
}

func threshold(to *float64) field {
	return func(n *yaml.Node) error {
		if err := target(n).Decode(to); err != nil || !(*to > 0 && *to <= 1) {
			return invalid(n, "the threshold must be a number above 0 and up to 1")
		}
		return nil
	}
}

func texts(to *map[string]string) field {
	return func(n *yaml.Node) error {
		*to = map[string]string{}
		return pairs(n, "texts by language", func(lang string, n *yaml.Node) error {
			var s string
			err := scalar(&s)(n)
			(*to)[lang] = s
			return err
		})
	}
}

// target follows an alias to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func invalid(n *yaml.Node, format string, args ...any) error {
	return &lineError{line: n.Line, message: fmt.Sprintf(format, args...)}
}

// lineError is what is wrong with a line. It unwraps to an error of kind Invalid that names the line.
type lineError struct {
	line    int
	message string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

func (e *lineError) Unwrap() error { return errs.New(errs.Invalid, "%s", e.Error()) }
