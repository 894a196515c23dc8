// Package importtest keeps the architecture true: its test reads every Go file of the module and fails on an import that
// [Layers] does not allow, on a library outside the package that wraps it, on an environment variable read outside the
// command, on a package-level init function, and on a package without a comment.
//
//	cmd -> api -> bot, evals -> ingest, knowledge, intent, handoff -> internal/chat -> internal/events -> internal/postgres
package importtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Module is the import path of the module.
const Module = "handrail"

// Layers names, for every package that is not a command, the packages of the module that it may import. A package stands
// for those below it, and may import those. Tests may import more: see [testOnly].
var Layers = map[string][]string{
	"internal/errs":       nil,
	"internal/text":       nil,
	"internal/importtest": nil,
	"internal/postings":   nil,
	"internal/progress":   nil,
	"internal/client":     {"internal/errs"},
	"internal/seal":       {"internal/errs"},
	"sample":              nil,
	"web":                 nil,
	"internal/postgres":   {"internal/seal", "internal/errs"},
	"internal/llm":        {"internal/errs"},
	"internal/events":     {"internal/postgres", "internal/errs"},
	"internal/audit":      {"internal/postgres", "internal/errs"},
	"internal/auth":       {"internal/audit", "internal/postgres", "internal/errs"},
	"internal/report":     {"internal/audit", "internal/postgres", "internal/errs"},
	"internal/chat": {"internal/seal", "internal/text", "internal/events", "internal/audit", "internal/postgres",
		"internal/errs"},
	"internal/faults":  {"handoff", "internal"},
	"internal/webhook": {"internal/events", "internal/audit", "internal/postgres", "internal/errs"},
	"knowledge":        {"internal/postings", "internal/text", "internal/llm", "internal/audit", "internal/postgres", "internal/errs"},
	"intent": {"internal/progress", "internal/text", "internal/llm", "internal/audit", "internal/postgres",
		"internal/errs"},
	"handoff": {"internal/webhook", "internal/chat", "internal/seal", "internal/events", "internal/audit",
		"internal/postgres", "internal/text", "internal/errs"},
	"bot": {"intent", "knowledge", "internal/chat", "internal/seal", "internal/llm", "internal/text", "internal/audit",
		"internal/postgres", "internal/errs"},
	"ingest": {"knowledge", "internal/progress", "internal/llm", "internal/text", "internal/postgres", "internal/errs"},
	"evals": {"bot", "intent", "knowledge", "ingest", "internal/chat", "internal/seal", "internal/progress",
		"internal/llm", "internal/text", "internal/audit", "internal/postgres", "internal/errs"},
	"curation": {"bot", "knowledge", "internal/chat", "internal/seal", "internal/text", "internal/audit", "internal/postgres",
		"internal/errs"},
	"api": {"bot", "curation", "evals", "handoff", "ingest", "intent", "knowledge", "sample", "web", "internal"},
}

// Exclusive names the only packages that may import a library, tests included.
var Exclusive = map[string][]string{
	"github.com/pgvector/pgvector-go":      {"knowledge"},
	"github.com/go-chi":                    {"api"},
	"github.com/danielgtaylor/huma":        {"api"},
	"github.com/gorilla/websocket":         {"api", "internal/client", "cmd/handrail-load"},
	"cel.dev/cel-go":                       {"handoff/routing"},
	"github.com/tink-crypto/tink-go":       {"internal/seal"},
	"github.com/Shopify/toxiproxy":         {"internal/faults"},
	"github.com/sashabaranov/go-openai":    {"internal/llm"},
	"github.com/pkoukk/tiktoken-go":        {"internal/llm"},
	"github.com/pkoukk/tiktoken-go-loader": {"internal/llm"},
	"github.com/testcontainers":            {},
	"github.com/stretchr/testify/mock":     {},
	"github.com/nats-io/nats-server":       {"internal/events"},
	"github.com/nats-io/nats.go":           {"internal/events"},
	"github.com/riverqueue/river":          {"ingest", "internal/postgres", "internal/webhook"},
	"github.com/temoto/robotstxt":          {"ingest"},
	"github.com/fsnotify/fsnotify":         {"ingest"},
	"github.com/xuri/excelize":             {"ingest"},
	"github.com/ledongthuc/pdf":            {"ingest"},
	"golang.org/x/sys":                     {"ingest/sandbox"},
}

// environment lists who may read the environment: the command, and the helpers of the tests.
var environment = []string{"cmd", "internal/postgres/pgtest"}

// testOnly packages help tests and may be imported by test files and by each other only.
var testOnly = []string{"internal/postgres/pgtest", "internal/llm/llmtest", "internal/importtest"}

// Check reads the Go files of a module below fsys and returns one sentence for every breach, in order.
func Check(fsys fs.FS) ([]string, error) {
	c := checker{described: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		return c.file(fsys, name)
	})
	for dir, described := range c.described {
		if !described {
			c.add(dir, "the package has no comment that says what it is for")
		}
	}
	slices.Sort(c.breaches)
	return c.breaches, err
}

func skipped(dir string) bool {
	base := path.Base(dir)
	return base == "node_modules" || base == "testdata" || base != "." && strings.HasPrefix(base, ".")
}

type checker struct {
	breaches  []string
	described map[string]bool // by folder
}

func (c *checker) add(where, format string, args ...any) {
	c.breaches = append(c.breaches, where+": "+fmt.Sprintf(format, args...))
}

// file checks one file.
func (c *checker) file(fsys fs.FS, name string) error {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	if !test {
		c.described[dir] = c.described[dir] || f.Doc != nil
	}
	for _, spec := range f.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		c.imports(name, dir, target, test)
	}
	c.declarations(name, dir, f, test)
	return nil
}

// imports checks one import of one file.
func (c *checker) imports(name, dir, target string, test bool) {
	own, inModule := strings.CutPrefix(target, Module+"/")
	if inModule {
		c.ownImport(name, dir, own, test)
		return
	}
	for library, users := range Exclusive {
		if within(target, library) && !anyWithin(dir, users) {
			c.add(name, "imports %s, which only %s may", target, list(users))
		}
	}
}

// ownImport checks an import of another package of the module.
func (c *checker) ownImport(name, dir, target string, test bool) {
	helper := test || anyWithin(dir, testOnly)
	switch {
	case anyWithin(target, testOnly):
		if !helper {
			c.add(name, "imports %s, which is for tests", target)
		}
	case within(dir, "cmd"), within(target, dir), test && within(dir, "e2e"):
	case within(target, "cmd"):
		c.add(name, "imports the command %s", target)
	default:
		layer, known := layerOf(dir)
		if !known {
			c.add(dir, "is in no layer: add it to Layers with the packages that it may import")
		} else if !within(target, layer) && !anyWithin(target, Layers[layer]) {
			c.add(name, "imports %s, but %s may import only %s", target, layer, list(Layers[layer]))
		}
	}
}

// declarations checks for init functions and for reads of the environment.
func (c *checker) declarations(name, dir string, f *ast.File, test bool) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			c.add(name, "has an init function: what must happen at the start belongs in a constructor")
		}
	}
	if test || anyWithin(dir, environment) {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ"}, sel.Sel.Name) {
			c.add(name, "calls os.%s: only %s may read the environment; pass the value in a Config", sel.Sel.Name, list(environment))
		}
		return true
	})
}

// layerOf returns the package of Layers that dir is or lies below.
func layerOf(dir string) (string, bool) {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, ok := Layers[dir]; ok {
			return dir, true
		}
	}
	return "", false
}

// within reports whether a path is prefix or lies below it; a version suffix such as /v5 lies below too.
func within(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func anyWithin(p string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return within(p, prefix) })
}

func list(names []string) string {
	if len(names) == 0 {
		return "no package"
	}
	return strings.Join(names, ", ")
}
