package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/google/uuid"

	"handrail/api"
	"handrail/bot"
	"handrail/curation"
	"handrail/evals"
	"handrail/handoff"
	"handrail/ingest"
	"handrail/intent"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/events"
	"handrail/internal/llm"
	"handrail/internal/postgres"
	"handrail/internal/seal"
	"handrail/internal/webhook"
	"handrail/knowledge"
)

// embedTimeout bounds one request for embeddings. A question that waits longer is searched by its words alone.
const embedTimeout = 5 * time.Second

// stack is every part of one process, built from the bottom up.
type stack struct {
	settings   settings
	logger     *slog.Logger
	local      *postgres.Local // nil with a database of the user's own
	db         *postgres.DB
	bus        *events.Bus
	log        *chat.Log
	desk       *handoff.Desk
	hooks      *webhook.Hooks
	base       *knowledge.Base
	classifier *intent.Classifier
	bot        *bot.Bot
	curator    *curation.Curator
	evals      *evals.Store
	ingest     *ingest.Pipeline
	auth       *auth.Store
	workspace  uuid.UUID
}

// open builds the parts that every command needs. Nothing runs in the background yet, except the private database.
func open(ctx context.Context, s settings, logs io.Writer) (st *stack, err error) {
	st = &stack{settings: s, logger: newLogger(s, logs)}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.db, err = st.database(ctx); err != nil {
		return st, err
	}
	embedder, err := s.embedder()
	if err != nil {
		return st, err
	}
	model, err := s.model()
	if err != nil {
		return st, err
	}
	var tokens *llm.Tokens
	if model != nil {
		if tokens, err = llm.NewTokens(model.Name()); err != nil {
			return st, err
		}
	}
	if st.bus, err = events.Open(ctx, st.events()); err != nil {
		return st, err
	}
	networks, err := s.networks()
	if err != nil {
		return st, err
	}
	st.auth = auth.NewStore(st.db)
	st.base = knowledge.New(st.db, embedder)
	st.base.IndexMemory(s.Knowledge.IndexMB << 20)
	st.classifier = intent.NewClassifier(st.db).WithEmbedder(embedder)
	pdftotext, _ := exec.LookPath("pdftotext") // reads more PDFs, where it is installed
	st.ingest = ingest.New(st.base, ingest.Config{AllowNetworks: networks, Isolate: true, PDFToText: pdftotext})
	st.log = chat.NewLog(st.db, st.bus, chat.Config{})
	if st.hooks, err = st.newHooks(); err != nil {
		return st, err
	}
	st.desk = handoff.New(st.db, st.log, st.bus, handoff.Config{Hooks: st.hooks})
	st.bot = bot.New(bot.Config{DB: st.db, Log: st.log, Base: st.base, Classifier: st.classifier, Model: model, Tokens: tokens,
		Desk: st.desk, Settings: bot.Settings{Threshold: s.Bot.Threshold, Name: s.Bot.Name}, Logger: st.logger,
		Stream: st.stream})
	st.curator = st.newCurator()
	st.evals = evals.NewStore(evals.StoreConfig{DB: st.db, Bot: st.bot, Reviewed: st.reviewedCases, Logger: st.logger})
	st.workspace, err = st.auth.EnsureWorkspace(ctx, auth.DefaultWorkspace, "Default")
	return st, err
}

// events says where hints travel. A server without routes or NATS of its own finds the other nodes through the
// database; other commands end before anybody could find them.
func (st *stack) events() events.Config {
	n := st.settings.NATS
	c := events.Config{URL: n.URL, Listen: n.Listen, Routes: n.Routes, Token: n.Token}
	if st.settings.serving && n.URL == "" && len(n.Routes) == 0 && n.Token == "" {
		c.Directory = &events.Directory{DB: st.db, Node: node(), Advertise: n.Advertise, Logger: st.logger}
	}
	return c
}

// newHooks lets webhooks reach the private networks that are configured for them.
func (st *stack) newHooks() (*webhook.Hooks, error) {
	networks, err := prefixes("webhook.allow_networks", st.settings.Webhook.AllowNetworks)
	if err != nil {
		return nil, err
	}
	return webhook.New(st.db, webhook.Config{AllowNetworks: networks, Logger: st.logger})
}

// stream sends a piece of an answer to whichever node holds the visitor's socket.
func (st *stack) stream(conversation uuid.UUID, turn int64, offset int, text string) {
	if err := st.bus.Publish(api.DeltaSubject(conversation), api.Delta{Turn: turn, Offset: offset, Text: text}); err != nil {
		st.logger.Debug("a piece of an answer was not sent; the visitor will see the whole", "error", err)
	}
}

// database opens the database of DATABASE_URL, or a private cluster in the data folder.
func (st *stack) database(ctx context.Context) (*postgres.DB, error) {
	s := st.settings
	url := s.Database.URL
	if url == "" {
		if err := os.MkdirAll(s.Data, 0o755); err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "cannot make the data folder %s: choose another with --data-dir", s.Data)
		}
		var err error
		st.local, err = postgres.StartLocal(ctx, postgres.LocalConfig{Dir: s.Data, BinDir: s.Database.PGBin, Log: st.logger})
		if err != nil {
			return nil, err
		}
		url = st.local.URL()
	}
	return st.unlock(func(keys *seal.Ring) (*postgres.DB, error) {
		return postgres.Open(ctx, postgres.Config{URL: url, MaxConns: s.Database.MaxConns, AllowUnsafe: s.Database.AllowUnsafe,
			Keys: keys})
	})
}

// close stops what open started, in reverse order. It is safe on a half-built stack.
func (st *stack) close() {
	if st.bus != nil {
		st.bus.Close()
	}
	if st.db != nil {
		st.db.Close()
	}
	if st.local != nil {
		if err := st.local.Stop(); err != nil {
			st.logger.Error("the private database did not stop cleanly; it recovers at the next start", "error", err)
		}
	}
}

func (s settings) model() (llm.Model, error) {
	if s.LLM.BaseURL == "" {
		return nil, nil
	}
	return llm.NewOpenAI(llm.Config{BaseURL: s.LLM.BaseURL, APIKey: s.LLM.APIKey, Model: s.LLM.Model, Timeout: s.LLM.Timeout})
}

func (s settings) embedder() (llm.Embedder, error) {
	if s.Embed.BaseURL == "" {
		return nil, nil
	}
	return llm.NewOpenAIEmbedder(llm.EmbedConfig{BaseURL: s.Embed.BaseURL, APIKey: s.Embed.APIKey, Model: s.Embed.Model,
		Dimensions: s.Embed.Dimensions, Timeout: embedTimeout})
}

func newLogger(s settings, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// node names this process among all that share the database.
func node() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), strconv.FormatUint(uint64(uuid.New().ID()), 36))
}
