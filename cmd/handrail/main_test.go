package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/ingest"
	"handrail/internal/errs"
	"handrail/internal/llm/llmtest"
	"handrail/internal/postgres/pgtest"
)

// TestMain lets the tests' own binary serve as the children that read documents.
func TestMain(m *testing.M) {
	if status, child := ingest.Loader(os.Args); child {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// cli runs commands as a shell would, against a database of the test's own.
type cli struct {
	t    *testing.T
	data string
}

// newCLI sets environment variables, so its tests cannot run in parallel.
func newCLI(t *testing.T) cli {
	t.Helper()
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	t.Setenv("HANDRAIL_ALLOW_UNSAFE_DATABASE", "true")
	return cli{t, t.TempDir()}
}

func (c cli) run(args ...string) (stdout, stderr string, err error) {
	c.t.Helper()
	var out, errOut bytes.Buffer
	err = run(c.t.Context(), append(args, "--data-dir", c.data), streams{&out, &errOut})
	return out.String(), errOut.String(), err
}

// must runs a command that has to succeed.
func (c cli) must(args ...string) string {
	c.t.Helper()
	out, errOut, err := c.run(args...)
	require.NoError(c.t, err, errOut)
	return out
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
}

func helpCentre(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "returns.md", "# Returns\n\n## How long can I return an item?\n\nYou can return an item within 30 days of delivery.\n")
	write(t, dir, "fees.md", "# Shipping fees\n\nStandard shipping within Germany costs 4.90 EUR.\n")
	return dir
}

func TestIngestThenAsk(t *testing.T) {
	c := newCLI(t)
	dir := helpCentre(t)
	require.Contains(t, c.must("ingest", dir), "added 2, changed 0, unchanged 0")
	require.Contains(t, c.must("ingest", dir), "added 0, changed 0, unchanged 2")

	write(t, dir, "returns.md", "# Returns\n\n## How long can I return an item?\n\nYou can return an item within 45 days of delivery.\n")
	require.NoError(t, os.Remove(filepath.Join(dir, "fees.md")))
	require.Contains(t, c.must("ingest", dir, "--prune"), "added 0, changed 1, unchanged 0, removed 1")

	var a struct {
		Answer, Decision string
		Confidence       float64
		Citations        []struct{ Title, Heading, Source string }
	}
	require.NoError(t, json.Unmarshal([]byte(c.must("ask", "--json", "How long can I return an item?")), &a))
	require.Equal(t, "answer", a.Decision)
	require.Contains(t, a.Answer, "45 days")
	require.Equal(t, "returns.md", a.Citations[0].Source)
	require.Contains(t, c.must("ask", "How long can I return an item?"), "[1] Returns")
}

func TestIngestReportsFailures(t *testing.T) {
	c := newCLI(t)
	dir := helpCentre(t)
	write(t, dir, "broken.csv", "question,answer\nonly one column\n")
	out, _, err := c.run("ingest", dir)
	require.ErrorIs(t, err, silent(1))
	require.Contains(t, out, "failed  broken.csv")
	require.Contains(t, out, "line 2")
	require.Contains(t, out, "added 2")

	_, _, err = c.run("ingest", filepath.Join(dir, "nothing-here"))
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)

	site := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(site.Close)
	_, _, err = c.run("ingest", site.URL)
	require.Error(t, err, "a loopback address is refused")
	t.Setenv("HANDRAIL_INGEST_ALLOW_NETWORKS", "127.0.0.0/8")
	out, _, err = c.run("ingest", site.URL)
	require.Error(t, err)
	require.Contains(t, out+explain(err), "404")
}

func TestAskWithAModel(t *testing.T) {
	c := newCLI(t)
	c.must("ingest", helpCentre(t))
	model := llmtest.Start(t)
	config := model.Config()
	t.Setenv("HANDRAIL_LLM_BASE_URL", config.BaseURL)
	t.Setenv("HANDRAIL_LLM_API_KEY", config.APIKey)
	t.Setenv("HANDRAIL_LLM_MODEL", config.Model)
	embed := model.EmbedConfig()
	t.Setenv("HANDRAIL_EMBED_BASE_URL", embed.BaseURL)
	t.Setenv("HANDRAIL_EMBED_API_KEY", embed.APIKey)
	t.Setenv("HANDRAIL_EMBED_MODEL", embed.Model)
	t.Setenv("HANDRAIL_EMBED_DIMENSIONS", "256")
	c.must("embed")

	var a struct {
		Answer, Decision, Model string
		Citations               []struct{ Source string }
	}
	require.NoError(t, json.Unmarshal([]byte(c.must("ask", "--json", "How long can I return an item?")), &a))
	require.Equal(t, "answer", a.Decision, a.Answer)
	require.Equal(t, config.Model, a.Model)
	require.Contains(t, a.Answer, "30 days")
	require.Equal(t, "returns.md", a.Citations[0].Source)

	t.Setenv("HANDRAIL_LLM_API_KEY", "wrong")
	_, stderr, err := c.run("ask", "How long can I return an item?")
	require.NoError(t, err)
	require.Contains(t, stderr, "HANDRAIL_LLM_API_KEY")
	require.NotContains(t, stderr, "wrong\"")
}

func TestConfigurationErrorsSayWhatToDo(t *testing.T) {
	c := newCLI(t)
	for name, env := range map[string][2]string{
		"HANDRAIL_LLM_MODEL":        {"HANDRAIL_LLM_BASE_URL", "http://127.0.0.1:9/v1"},
		"above 0 and at most 1":     {"HANDRAIL_BOT_THRESHOLD", "80"},
		"HANDRAIL_LISTNE":           {"HANDRAIL_LISTNE", "x"},
		"is not a prefix such as":   {"HANDRAIL_INGEST_ALLOW_NETWORKS", "localhost"},
		"HANDRAIL_EMBED_DIMENSIONS": {"HANDRAIL_EMBED_BASE_URL", "http://127.0.0.1:9/v1"},
	} {
		t.Run(env[0], func(t *testing.T) {
			t.Setenv(env[0], env[1])
			if env[0] == "HANDRAIL_EMBED_BASE_URL" {
				t.Setenv("HANDRAIL_EMBED_MODEL", "m")
			}
			_, _, err := c.run("config")
			require.True(t, errs.Is(err, errs.Invalid), "%v", err)
			require.Contains(t, err.Error(), name)
		})
	}
	t.Setenv("HANDRAIL_LLM_API_KEY", "sk-very-secret")
	require.NotContains(t, c.must("config"), "sk-very-secret")
}

func TestADatabaseThatIsDown(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	var out bytes.Buffer
	err := run(t.Context(), []string{"ask", "hello", "--data-dir", t.TempDir()}, streams{&out, &out})
	require.True(t, errs.Is(err, errs.Unavailable), "%v", err)
	require.Contains(t, explain(err), "check that PostgreSQL is running")
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	l, err := listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	_, err = listen(l.Addr().String())
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
	require.Contains(t, explain(err), "taken")
}

func TestEvalGate(t *testing.T) {
	c := newCLI(t)
	c.must("ingest", helpCentre(t))
	dir := t.TempDir()
	write(t, dir, "suite.yaml", `
name: small
cases:
  - {id: returns, question: "How long can I return an item?", decision: answer, tags: [answerable], sources: [returns.md]}
  - {id: person, question: "I want to talk to a human", decision: handoff, tags: [person]}
`)
	suite, baseline := filepath.Join(dir, "suite.yaml"), filepath.Join(dir, "baseline.json")
	c.must("eval", "run", suite, "--baseline", baseline, "--save-baseline")
	c.must("eval", "run", suite, "--baseline", baseline, "--gate", "--out", filepath.Join(dir, "out"))
	require.FileExists(t, filepath.Join(dir, "out", "junit.xml"))

	empty := helpCentre(t)
	require.NoError(t, os.Remove(filepath.Join(empty, "returns.md")))
	c.must("ingest", empty, "--prune")
	_, stderr, err := c.run("eval", "run", suite, "--baseline", baseline, "--gate")
	require.ErrorIs(t, err, silent(1), "a removed document is a regression")
	require.Contains(t, stderr, "case returns passed before")
}

func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := run(context.Background(), []string{"sevre"}, streams{&out, &out})
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
}

func TestADatabaseThatDoesNotExist(t *testing.T) {
	u, err := url.Parse(pgtest.URL(t))
	require.NoError(t, err)
	u.Path = "/nonesuch"
	t.Setenv("DATABASE_URL", u.String())
	var out bytes.Buffer
	err = run(t.Context(), []string{"ask", "hello", "--data-dir", t.TempDir()}, streams{&out, &out})
	require.True(t, errs.Is(err, errs.Unavailable), "%v", err)
	require.Contains(t, explain(err), "does not exist")
}
