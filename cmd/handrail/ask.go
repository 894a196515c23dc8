package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"handrail/api"
	"handrail/bot"
)

type askCommand struct {
	Question []string `arg:"" help:"The question."`
	Lang     string   `help:"Language to fall back on when the question is too short to tell." default:"en"`
	JSON     bool     `help:"Print the whole answer as JSON."`
}

// Run asks the bot as a visitor would, without a conversation.
func (cmd *askCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error { return cmd.ask(ctx, st, io) })
}

func (cmd *askCommand) ask(ctx context.Context, st *stack, io streams) error {
	turn := bot.Turn{Workspace: st.workspace, Text: strings.Join(cmd.Question, " "), Lang: cmd.Lang}
	streamed := false
	if !cmd.JSON {
		turn.Stream = func(_ int, text string) {
			streamed = true
			fmt.Fprint(io.out, text)
		}
	}
	reply, err := st.bot.Respond(ctx, turn)
	if err != nil {
		return err
	}
	if reply.Failure != nil {
		fmt.Fprintln(io.err, "handrail:", explain(reply.Failure))
	}
	if cmd.JSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return enc.Encode(api.AnswerOf(reply))
	}
	return printAnswer(io.out, reply, streamed)
}

func printAnswer(w io.Writer, r bot.Reply, streamed bool) error {
	switch {
	case !streamed:
		fmt.Fprintln(w, r.Text)
	case r.Decision != bot.Answer: // what was streamed is withdrawn
		fmt.Fprintf(w, "\n\n%s\n", r.Text)
	default:
		fmt.Fprintln(w)
	}
	for _, choice := range r.Choices {
		fmt.Fprintf(w, "  - %s\n", choice.Label)
	}
	if len(r.Citations) > 0 {
		fmt.Fprintln(w)
	}
	for _, cite := range r.Citations {
		where := cite.URL
		if where == "" {
			where = cite.Source
		}
		title := cite.Title
		if cite.Heading != "" {
			title += " > " + cite.Heading
		}
		fmt.Fprintf(w, "[%d] %s\n    %s\n", cite.N, title, where)
	}
	intent := r.Intent.Name
	if intent == "" {
		intent = "-"
	}
	_, err := fmt.Fprintf(w, "\ndecision    %s (%s)\nconfidence  %.2f (threshold %.2f)\nintent      %s (%.2f)\n",
		r.Decision, r.Reason, r.Confidence, r.Threshold, intent, r.Intent.Probability)
	return err
}
