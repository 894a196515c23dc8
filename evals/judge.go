package evals

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"handrail/bot"
	"handrail/internal/llm"
)

//go:embed prompts/judge.tmpl
var judgePrompt embed.FS

// judgeSchema is the answer that a judge must give.
const judgeSchema = `{"type":"object","required":["reason","right"],"additionalProperties":false,` +
	`"properties":{"reason":{"type":"string"},"right":{"type":"boolean"}}}`

// judgeTokens bounds a verdict.
const judgeTokens = 300

// Judge is a [Scorer] that asks a model whether an answer is right, as the metric judged_right. It never fails a case:
// its word is an opinion. Verdicts are kept in a folder by the hash of all that they rest on, so that a question that was
// asked before costs nothing and gets the same verdict. It is safe for concurrent use.
type Judge struct {
	model llm.Model
	dir   string // "" keeps nothing
}

// NewJudge returns a judge that asks model and keeps its verdicts in dir, which it makes; "" keeps none.
func NewJudge(model llm.Model, dir string) *Judge { return &Judge{model: model, dir: dir} }

// opinion is a judge's answer.
type opinion struct {
	Reason string `json:"reason"`
	Right  bool   `json:"right"`
}

// exhibit is all that a verdict rests on.
type exhibit struct {
	Question, Reply string
	History         []string
	Facts           [][]string
	Passages        []string
}

// Score judges an answer that was written or quoted; other decisions are not a matter of opinion.
func (j *Judge) Score(ctx context.Context, c Case, r bot.Reply) (Score, error) {
	if r.Decision != bot.Answer || r.Reason == bot.ReasonFixedReply {
		return Score{}, nil
	}
	q := exhibit{Question: c.Question, History: c.History, Reply: r.Text, Facts: c.Facts}
	for _, x := range r.Citations {
		p, _ := citedPassage(r, x.N)
		q.Passages = append(q.Passages, p)
	}
	o, err := j.ask(ctx, q)
	if err != nil {
		return Score{}, err
	}
	return Score{Scores: map[string]float64{"judged_right": truth(o.Right)}}, nil
}

// ask returns the kept opinion, or a new one.
func (j *Judge) ask(ctx context.Context, q exhibit) (opinion, error) {
	request, err := judgeRequest(q)
	if err != nil {
		return opinion{}, err
	}
	key, err := json.Marshal([]any{j.model.Name(), request.Messages, judgeSchema})
	if err != nil {
		return opinion{}, fmt.Errorf("name a verdict: %w", err)
	}
	sum := sha256.Sum256(key)
	name := filepath.Join(j.dir, hex.EncodeToString(sum[:])+".json")
	if o, ok := j.kept(name); ok {
		return o, nil
	}
	answer, _, err := llm.Complete(ctx, j.model, request)
	if err != nil {
		return opinion{}, fmt.Errorf("ask the judge %s: %w", j.model.Name(), err)
	}
	var o opinion
	if err := json.Unmarshal([]byte(answer), &o); err != nil {
		return opinion{}, fmt.Errorf("read the verdict of %s: %w", j.model.Name(), err)
	}
	return o, j.keep(name, answer)
}

// kept reads a verdict. One that cannot be read, such as one cut off by a crash, is asked for again.
func (j *Judge) kept(name string) (o opinion, ok bool) {
	if j.dir == "" {
		return o, false
	}
	b, err := os.ReadFile(name)
	return o, err == nil && json.Unmarshal(b, &o) == nil
}

// keep writes a verdict under another name first, so that no reader meets half of one.
func (j *Judge) keep(name, answer string) error {
	if j.dir == "" {
		return nil
	}
	if err := os.MkdirAll(j.dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of verdicts: %w", err)
	}
	f, err := os.CreateTemp(j.dir, "verdict")
	if err != nil {
		return fmt.Errorf("keep a verdict: %w", err)
	}
	_, err = f.WriteString(answer)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return fmt.Errorf("keep a verdict: %w", err)
	}
	return nil
}

func judgeRequest(q exhibit) (llm.Request, error) {
	tmpl, err := template.ParseFS(judgePrompt, "prompts/judge.tmpl")
	if err != nil {
		return llm.Request{}, fmt.Errorf("parse the judge's prompt: %w", err)
	}
	var system, user strings.Builder
	if err := tmpl.ExecuteTemplate(&system, "system", q); err != nil {
		return llm.Request{}, fmt.Errorf("fill the judge's prompt: %w", err)
	}
	if err := tmpl.ExecuteTemplate(&user, "user", q); err != nil {
		return llm.Request{}, fmt.Errorf("fill the judge's prompt: %w", err)
	}
	return llm.Request{MaxTokens: judgeTokens, JSONSchema: []byte(judgeSchema), Messages: []llm.Message{
		{Role: llm.System, Content: system.String()}, {Role: llm.User, Content: user.String()}}}, nil
}
