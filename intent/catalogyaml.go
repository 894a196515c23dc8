package intent

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// catalogFile and intentFile give a catalog the names and the order that [LoadCatalog] documents.
type catalogFile struct {
	Intents    []intentFile        `yaml:"intents"`
	OutOfScope map[string][]string `yaml:"out_of_scope,omitempty"`
}

type intentFile struct {
	Name        string              `yaml:"name"`
	Description string              `yaml:"description,omitempty"`
	Policy      Policy              `yaml:"policy,omitempty"`
	Threshold   float64             `yaml:"threshold,omitempty"`
	Label       map[string]string   `yaml:"label,omitempty"`
	Reply       map[string]string   `yaml:"reply,omitempty"`
	Group       string              `yaml:"group,omitempty"`
	Examples    map[string][]string `yaml:"examples"`
}

// YAML writes the catalog so that [LoadCatalog] reads it back. A catalog without intents is "".
func (c Catalog) YAML() (string, error) {
	if len(c.Intents) == 0 {
		return "", nil
	}
	file := catalogFile{OutOfScope: c.OutOfScope}
	for _, in := range c.Intents {
		file.Intents = append(file.Intents, intentFile(in))
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(file); err != nil {
		return "", fmt.Errorf("write the catalog as YAML: %w", err)
	}
	return out.String(), nil
}
