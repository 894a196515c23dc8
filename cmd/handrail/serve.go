package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"handrail/api"
	"handrail/bot"
	"handrail/ingest"
	"handrail/intent"
	"handrail/internal/errs"
	"handrail/web"
)

// shutdownTime is how long running requests may take to finish when the server stops.
const shutdownTime = 5 * time.Second

type serveCommand struct {
	Listen string `help:"host:port to listen on." placeholder:"127.0.0.1:8080"`
}

// Run serves until the process is told to stop.
func (cmd *serveCommand) Run(ctx context.Context, c *commands, io streams) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	if cmd.Listen != "" {
		s.Listen = cmd.Listen
	}
	s.serving = true
	l, err := listen(s.Listen)
	if err != nil {
		return err
	}
	st, err := open(ctx, s, io.err)
	if err != nil {
		_ = l.Close()
		return err
	}
	defer st.close()
	return st.serve(ctx, l, nil, nil, func() error {
		_, err := fmt.Fprintf(io.out, "Handrail %s is ready on http://%s (console: /console/, API: /docs)\n", version, l.Addr())
		return err
	})
}

// listen takes the port before anything slow starts, so that a taken port is reported at once.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, errs.Wrap(err, errs.Conflict, "port %s is taken: stop the program that uses it, or choose another port", addr)
	}
	return nil, errs.Wrap(err, errs.Invalid, "cannot listen on %s", addr)
}

// serve runs every background part and the server until ctx ends, then stops them in the order that loses nothing: no
// new requests, sockets told to go elsewhere, running turns left to other nodes.
func (st *stack) serve(ctx context.Context, l net.Listener, home http.Handler, suggestions map[string][]string, ready func() error) error {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	worker := bot.NewWorker(bot.WorkerConfig{Bot: st.bot, Log: st.log, Node: node(), Logger: st.logger})
	jobs, err := ingest.NewJobs(st.db, st.ingest, st.logger)
	if err != nil {
		return err
	}
	trainer := intent.NewTrainer(st.classifier, st.logger)
	server := api.New(api.Config{DB: st.db, Bus: st.bus, Log: st.log, Desk: st.desk, Hooks: st.hooks, Bot: st.bot, Base: st.base,
		Jobs: jobs, Curator: st.curator, Evals: st.evals, Classifier: st.classifier, Trainer: trainer, Auth: st.auth,
		Workspace: st.workspace, Version: version, Logger: st.logger, Metrics: metrics,
		Console: web.Console(), Widget: web.Widget(), Home: home, SecureCookies: st.settings.SecureCookies,
		AttachmentBytes: st.settings.Attachments.MaxMB << 20, SessionsPerMinute: st.settings.Widget.SessionsPerMinute,
		Settings: widgetTexts(st.settings.Bot.Name, suggestions)})

	// The parts outlive ctx by the time that shutting down takes.
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	st.log.Start(background)
	defer st.log.Stop()
	if err := st.hooks.Start(background); err != nil {
		return err
	}
	defer st.stopHooks(background)
	defer st.indexHistory(background)()
	st.desk.Start(background)
	defer st.desk.Stop()
	worker.Start(background)
	defer worker.Stop()
	wake, err := st.bus.Subscribe("turn.due", func(string, []byte) { worker.Wake() })
	if err != nil {
		return err
	}
	defer wake.Close()
	st.base.Start(background)
	defer st.base.Stop()
	st.curator.Start(background)
	defer st.curator.Stop()
	st.evals.Start(background)
	defer st.evals.Stop()
	ended, err := st.bus.Subscribe("desk.*", func(string, []byte) { st.curator.Wake() })
	if err != nil {
		return err
	}
	defer ended.Close()
	trainer.Start(background)
	defer st.stopTrainer(background, trainer)
	if err := jobs.Start(background); err != nil {
		return err
	}
	defer st.stopJobs(background, jobs)

	if err := server.Start(background); err != nil {
		return err
	}
	defer st.shutDown(background, server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	if err := ready(); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return nil
	}
}

// shutDown lets running requests finish and closes every socket.
func (st *stack) shutDown(ctx context.Context, server *api.Server) {
	deadline, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		st.logger.Warn("some requests did not finish in time", "error", err)
	}
}

// stopJobs leaves what does not finish in time to other nodes, or to the next start.
func (st *stack) stopJobs(ctx context.Context, jobs *ingest.Jobs) {
	deadline, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := jobs.Stop(deadline); err != nil {
		st.logger.Warn("a running ingest did not stop in time; another node takes it up", "error", err)
	}
}

// stopHooks leaves events that are not delivered in time to other nodes, or to the next start.
func (st *stack) stopHooks(ctx context.Context) {
	deadline, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := st.hooks.Stop(deadline); err != nil {
		st.logger.Warn("some webhooks did not stop in time; another node delivers what is left", "error", err)
	}
}

// stopTrainer leaves a training that does not stop in time to other nodes, or to the next start.
func (st *stack) stopTrainer(ctx context.Context, trainer *intent.Trainer) {
	deadline, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := trainer.Stop(deadline); err != nil {
		st.logger.Warn("a running training did not stop in time; another node takes it up", "error", err)
	}
}

// widgetTexts are what visitors read around the chat before anybody has said anything.
func widgetTexts(name string, suggestions map[string][]string) api.WidgetSettings {
	return api.WidgetSettings{
		Suggestions: suggestions,
		Title:       map[string]string{"en": name, "zh": name},
		Greeting:    map[string]string{"en": "Hello! What can I help you with?", "zh": "您好！请问有什么可以帮您？"},
		Disclosure: map[string]string{"en": "You are talking to an AI assistant. You can ask for a person at any time.",
			"zh": "正在为您服务的是 AI 助手，您可以随时要求转接人工客服。"},
	}
}
