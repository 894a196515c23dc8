package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"handrail/bot"
	"handrail/internal/errs"
)

// settings is the effective configuration. Each key can stand in the YAML file, and as an environment variable:
// llm.base_url is HANDRAIL_LLM_BASE_URL. DATABASE_URL and NATS_URL are read too, because hosting platforms set them.
type settings struct {
	Listen   string `koanf:"listen"` // host:port
	Data     string `koanf:"data"`   // folder
	Database struct {
		URL         string `koanf:"url"`    // "" = a private cluster in the data folder
		PGBin       string `koanf:"pg_bin"` // folder of initdb and postgres for the private cluster
		AllowUnsafe bool   `koanf:"allow_unsafe"`
		MaxConns    int32  `koanf:"max_conns"`
	} `koanf:"database"`
	NATS struct {
		URL       string   `koanf:"url"`       // "" = a server inside this process
		Listen    string   `koanf:"listen"`    // host:port for other nodes; "" = found through the database
		Advertise string   `koanf:"advertise"` // host:port where other nodes reach listen, if it differs
		Routes    []string `koanf:"routes"`
		Token     string   `koanf:"token"`
	} `koanf:"nats"`
	LLM struct {
		BaseURL string        `koanf:"base_url"`
		APIKey  string        `koanf:"api_key"`
		Model   string        `koanf:"model"`
		Timeout time.Duration `koanf:"timeout"`
	} `koanf:"llm"`
	Embed struct {
		BaseURL    string `koanf:"base_url"`
		APIKey     string `koanf:"api_key"`
		Model      string `koanf:"model"`
		Dimensions int    `koanf:"dimensions"`
	} `koanf:"embed"`
	Bot struct {
		Threshold float64 `koanf:"threshold"`
		Name      string  `koanf:"name"`
	} `koanf:"bot"`
	Ingest struct {
		AllowNetworks []string `koanf:"allow_networks"` // private prefixes that URLs may point to
	} `koanf:"ingest"`
	Webhook struct {
		AllowNetworks []string `koanf:"allow_networks"` // private prefixes that webhooks may point to
	} `koanf:"webhook"`
	Knowledge struct {
		IndexMB int64 `koanf:"index_mb"` // memory for the search indexes of all workspaces; 0 = scan the database
	} `koanf:"knowledge"`
	Attachments struct {
		MaxMB int64 `koanf:"max_mb"` // size of one file in a conversation
	} `koanf:"attachments"`
	MasterKey     string `koanf:"master_key"`      // operator keys, base64, the current one first
	MasterKeyFile string `koanf:"master_key_file"` // or a file of them; neither = master.key in the data folder
	Widget        struct {
		SessionsPerMinute int `koanf:"sessions_per_minute"` // that one address may open
	} `koanf:"widget"`
	SecureCookies bool   `koanf:"secure_cookies"`
	LogLevel      string `koanf:"log_level"`

	serving bool // this process is a node: others look for it
}

// defaults are the values of a fresh installation. Every key is listed, so that environment variables can be told from
// misspelt ones.
func defaults() map[string]any {
	return map[string]any{
		"listen": "127.0.0.1:8080", "data": defaultData(),
		"database.url": "", "database.pg_bin": "", "database.allow_unsafe": false, "database.max_conns": 16,
		"nats.url": "", "nats.listen": "", "nats.advertise": "", "nats.routes": []string{}, "nats.token": "",
		"llm.base_url": "", "llm.api_key": "", "llm.model": "", "llm.timeout": "20s",
		"embed.base_url": "", "embed.api_key": "", "embed.model": "", "embed.dimensions": 0,
		"bot.threshold": bot.DefaultThreshold, "bot.name": "Handrail",
		"ingest.allow_networks": []string{}, "webhook.allow_networks": []string{}, "knowledge.index_mb": 1024,
		"attachments.max_mb": 10, "master_key": "", "master_key_file": "", "widget.sessions_per_minute": 600,
		"secure_cookies": false, "log_level": "warn",
	}
}

// aliases are variables without the prefix, or older names, by the key they set.
func aliases() map[string]string {
	return map[string]string{
		"DATABASE_URL": "database.url", "NATS_URL": "nats.url", "HANDRAIL_PG_BIN": "database.pg_bin",
		"HANDRAIL_ALLOW_UNSAFE_DATABASE": "database.allow_unsafe", "HANDRAIL_CONFIG": "",
	}
}

// load reads defaults, then the file, then the environment, then the command line.
func (c *commands) load() (settings, error) {
	k := koanf.New(".")
	for key, value := range defaults() {
		if err := k.Set(key, value); err != nil {
			return settings{}, err
		}
	}
	if c.Config != "" {
		if err := k.Load(file.Provider(c.Config), yaml.Parser()); err != nil {
			return settings{}, errs.Wrap(err, errs.Invalid, "cannot read the configuration %s: %v", c.Config, err)
		}
		if err := knownKeys(k, c.Config); err != nil {
			return settings{}, err
		}
	}
	unknown, err := loadEnvironment(k)
	if err != nil {
		return settings{}, err
	}
	if len(unknown) > 0 {
		return settings{}, errs.New(errs.Invalid, "unknown environment variable %s: `handrail config` lists the keys", strings.Join(unknown, ", "))
	}
	if c.Data != "" {
		if err := k.Set("data", c.Data); err != nil {
			return settings{}, err
		}
	}
	var s settings
	if err := k.Unmarshal("", &s); err != nil {
		return settings{}, errs.Wrap(err, errs.Invalid, "the configuration has a value of the wrong kind: %v", err)
	}
	return s, s.check()
}

func loadEnvironment(k *koanf.Koanf) (unknown []string, err error) {
	byVariable := aliases()
	for key := range defaults() {
		byVariable["HANDRAIL_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	provider := env.Provider(".", env.Opt{TransformFunc: func(name, value string) (string, any) {
		key, known := byVariable[name]
		switch {
		case known && value != "":
			if _, list := defaults()[key].([]string); list {
				return key, strings.Split(value, ",")
			}
			return key, value
		case !known && strings.HasPrefix(name, "HANDRAIL_") && !strings.HasPrefix(name, "HANDRAIL_TEST_") && name != "HANDRAIL_BIN":
			unknown = append(unknown, name)
		}
		return "", nil
	}})
	return unknown, k.Load(provider, nil)
}

func knownKeys(k *koanf.Koanf, name string) error {
	for _, key := range k.Keys() {
		if _, ok := defaults()[key]; !ok {
			return errs.New(errs.Invalid, "%s: unknown key %q: `handrail config` lists the keys", name, key)
		}
	}
	return nil
}

func (s settings) check() error {
	switch {
	case s.Bot.Threshold <= 0 || s.Bot.Threshold > 1:
		return errs.New(errs.Invalid, "bot.threshold is %v: it is a probability, above 0 and at most 1", s.Bot.Threshold)
	case s.Widget.SessionsPerMinute < 1:
		return errs.New(errs.Invalid, "widget.sessions_per_minute is %d: it must be 1 or more", s.Widget.SessionsPerMinute)
	case s.Knowledge.IndexMB < 0:
		return errs.New(errs.Invalid, "knowledge.index_mb is %d: it is an amount of memory, 0 or more", s.Knowledge.IndexMB)
	case s.Attachments.MaxMB < 1 || s.Attachments.MaxMB > 100:
		return errs.New(errs.Invalid, "attachments.max_mb is %d: it is the size of a file, 1 to 100", s.Attachments.MaxMB)
	case s.MasterKey != "" && s.MasterKeyFile != "":
		return errs.New(errs.Invalid, "both HANDRAIL_MASTER_KEY and HANDRAIL_MASTER_KEY_FILE are set: keep one")
	case s.LLM.BaseURL != "" && s.LLM.Model == "":
		return errs.New(errs.Invalid, "HANDRAIL_LLM_BASE_URL is set, so HANDRAIL_LLM_MODEL must name a model")
	case s.Embed.BaseURL != "" && s.Embed.Model == "":
		return errs.New(errs.Invalid, "HANDRAIL_EMBED_BASE_URL is set, so HANDRAIL_EMBED_MODEL must name a model")
	case s.Embed.BaseURL != "" && s.Embed.Dimensions <= 0:
		return errs.New(errs.Invalid, "HANDRAIL_EMBED_DIMENSIONS must say how long the vectors of %s are, for example 1024", s.Embed.Model)
	}
	if _, err := prefixes("webhook.allow_networks", s.Webhook.AllowNetworks); err != nil {
		return err
	}
	_, err := s.networks()
	return err
}

func (s settings) networks() ([]netip.Prefix, error) {
	return prefixes("ingest.allow_networks", s.Ingest.AllowNetworks)
}

// prefixes reads the networks of a key.
func prefixes(key string, names []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, n := range names {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, key+": %q is not a prefix such as 10.0.0.0/8", n)
		}
		out = append(out, p)
	}
	return out, nil
}

// defaultData is where a private cluster may live: root's cluster runs as another user, who cannot look into root's
// home.
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/handrail"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "handrail")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ".handrail"
	}
	return filepath.Join(home, ".local", "share", "handrail")
}

type configCommand struct{}

// Run prints every key with its value.
func (configCommand) Run(c *commands, io streams) error {
	s, err := c.load()
	if err != nil {
		return err
	}
	for _, row := range [][2]any{
		{"listen", s.Listen}, {"data", s.Data},
		{"database.url", mask(s.Database.URL)}, {"database.pg_bin", s.Database.PGBin},
		{"database.allow_unsafe", s.Database.AllowUnsafe}, {"database.max_conns", s.Database.MaxConns},
		{"nats.url", mask(s.NATS.URL)}, {"nats.listen", s.NATS.Listen}, {"nats.advertise", s.NATS.Advertise}, {"nats.routes", s.NATS.Routes}, {"nats.token", mask(s.NATS.Token)},
		{"llm.base_url", s.LLM.BaseURL}, {"llm.api_key", mask(s.LLM.APIKey)}, {"llm.model", s.LLM.Model}, {"llm.timeout", s.LLM.Timeout},
		{"embed.base_url", s.Embed.BaseURL}, {"embed.api_key", mask(s.Embed.APIKey)}, {"embed.model", s.Embed.Model}, {"embed.dimensions", s.Embed.Dimensions},
		{"bot.threshold", s.Bot.Threshold}, {"bot.name", s.Bot.Name},
		{"ingest.allow_networks", s.Ingest.AllowNetworks}, {"webhook.allow_networks", s.Webhook.AllowNetworks}, {"knowledge.index_mb", s.Knowledge.IndexMB},
		{"attachments.max_mb", s.Attachments.MaxMB}, {"master_key", mask(s.MasterKey)}, {"master_key_file", s.MasterKeyFile},
		{"widget.sessions_per_minute", s.Widget.SessionsPerMinute}, {"secure_cookies", s.SecureCookies}, {"log_level", s.LogLevel},
	} {
		fmt.Fprintf(io.out, "%-24v %v\n", row[0], row[1])
	}
	return nil
}

// mask hides secrets; of an address it hides all but the fact that one is set.
func mask(s string) string {
	if s == "" {
		return ""
	}
	return "(set)"
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(io streams) error {
	_, err := fmt.Fprintln(io.out, "handrail", version)
	return err
}
