package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// githubWorkflow is what a workflow of GitHub Actions must have for ours to do its work.
type githubWorkflow struct {
	Name        string
	On          map[string]any
	Permissions map[string]string
	Env         map[string]string
	Concurrency map[string]any
	Jobs        map[string]struct {
		RunsOn  string `yaml:"runs-on"`
		Timeout int    `yaml:"timeout-minutes"`
		Steps   []githubStep
	}
}

type githubStep struct {
	Name, If, Uses, Run string
	With                map[string]string
}

// gitlabJob is the same for GitLab.
type gitlabJob struct {
	Image, Stage, Timeout string
	Interruptible         bool
	Rules                 []map[string]string
	Variables             map[string]string
	Script                []string
	AfterScript           []string `yaml:"after_script"`
	Artifacts             struct {
		When     string
		ExposeAs string `yaml:"expose_as"`
		Paths    []string
		Reports  map[string]string
	}
}

// readStrict reads a file of deploy/ci and refuses what the type does not know, such as a misspelt key.
func readStrict[T any](t *testing.T, name string) (v T) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "deploy", "ci", name))
	require.NoError(t, err)
	defer f.Close()
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	require.NoError(t, dec.Decode(&v))
	return v
}

func TestGitHubWorkflow(t *testing.T) {
	t.Parallel()
	w := readStrict[githubWorkflow](t, "github-actions.yml")
	require.Contains(t, w.On, "pull_request")
	require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, "it needs to read, and no more")
	job, ok := w.Jobs["evals"]
	require.True(t, ok)
	require.NotZero(t, job.Timeout)
	var scripts []string
	uses := regexp.MustCompile(`^[\w-]+/[\w-]+@v\d+$`)
	for _, s := range job.Steps {
		require.True(t, (s.Uses == "") != (s.Run == ""), "%+v does one thing", s)
		if s.Uses != "" {
			require.Regexp(t, uses, s.Uses)
		} else {
			scripts = append(scripts, s.Run)
		}
	}
	checkScripts(t, scripts, w.Env)
	requireStep(t, job.Steps, "GITHUB_STEP_SUMMARY", "always()")
	requireStep(t, job.Steps, "actions/upload-artifact", "always()")
}

// requireStep requires a step that holds the text and runs under the condition.
func requireStep(t *testing.T, steps []githubStep, part, condition string) {
	t.Helper()
	require.True(t, slices.ContainsFunc(steps, func(s githubStep) bool {
		return strings.Contains(s.Run+s.Uses, part) && strings.Contains(s.If, condition)
	}), "no step does %s under %s", part, condition)
}

func TestGitLabPipeline(t *testing.T) {
	t.Parallel()
	job := readStrict[map[string]gitlabJob](t, "gitlab-ci.yml")["evals"]
	require.NotEmpty(t, job.Rules)
	checkScripts(t, job.Script, job.Variables)
	checkShell(t, job.AfterScript)
	require.Contains(t, strings.Join(job.AfterScript, "\n"), "cat report/report.md")
	require.Equal(t, "always", job.Artifacts.When)
	require.Equal(t, []string{"report/"}, job.Artifacts.Paths)
	require.Equal(t, "report/junit.xml", job.Artifacts.Reports["junit"])
	module, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))[1]
	require.Equal(t, "golang:"+version+"-trixie", job.Image, "the image has the Go that the module asks for")
}

// checkScripts checks the commands of a pipeline against the binary and the files of the repository.
func checkScripts(t *testing.T, scripts []string, variables map[string]string) {
	t.Helper()
	checkShell(t, scripts)
	all := strings.Join(scripts, "\n")
	var ran []string
	for _, line := range strings.Split(all, "\n") {
		if _, command, ok := strings.Cut(line, "bin/handrail "); ok && !strings.Contains(line, "go build") {
			ran = append(ran, checkCommand(t, strings.Fields(command)))
		}
	}
	require.Contains(t, ran, "eval run")
	require.Regexp(t, `eval run "\$SUITE" --gate --baseline "\$BASELINE" --out report`, all)
	for _, script := range regexp.MustCompile(`sh (scripts/\S+\.sh)`).FindAllStringSubmatch(all, -1) {
		require.FileExists(t, filepath.Join("..", "..", script[1]))
	}
	require.FileExists(t, filepath.Join("..", "..", variables["BASELINE"]))
	_, err := loadSuite(variables["SUITE"])
	require.NoError(t, err)
}

func checkShell(t *testing.T, scripts []string) {
	t.Helper()
	for _, s := range scripts {
		cmd := exec.CommandContext(t.Context(), "sh", "-n")
		cmd.Stdin = strings.NewReader(s)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", s, out)
	}
}

// checkCommand walks the model of the command line, and returns the command that the words name.
func checkCommand(t *testing.T, words []string) string {
	t.Helper()
	parser, err := kong.New(&commands{})
	require.NoError(t, err)
	at := parser.Model.Node
	var path []string
	known := map[string]bool{} // flag: takes a value
	learn := func() {
		for _, f := range at.Flags {
			known["--"+f.Name] = !f.IsBool()
		}
	}
	learn()
	positionals := 0
	for i := 0; i < len(words); i++ {
		if flag, _, inline := strings.Cut(words[i], "="); strings.HasPrefix(flag, "--") {
			value, ok := known[flag]
			require.True(t, ok, "handrail %s has no flag %s", strings.Join(path, " "), flag)
			if value && !inline {
				i++
			}
			continue
		}
		child := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == words[i] })
		if child < 0 {
			positionals++
			require.NotEmpty(t, at.Positional, "handrail %s has no command %s", strings.Join(path, " "), words[i])
			continue
		}
		at = at.Children[child]
		path = append(path, at.Name)
		learn()
	}
	require.Empty(t, at.Children, "handrail %s is not a whole command", strings.Join(path, " "))
	require.LessOrEqual(t, positionals, len(at.Positional))
	return strings.Join(path, " ")
}
